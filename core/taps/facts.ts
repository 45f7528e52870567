import type { IntegrationKind } from './step.ts';

/** What a project's files tell of it without running anything. */
export interface Facts {
  name: string;
  kind: IntegrationKind;
  /** Its console script. */
  script?: string;
  sdk: 'hotglue' | 'singer-sdk' | 'singer-python' | 'none';
  /** Settings that it says it cannot do without. */
  required: string[];
  /** A config that it keeps as an example. */
  sample: Record<string, unknown>;
  hasSmokeTests: boolean;
  /** Its own modules. */
  modules: string[];
}

export interface Files {
  paths: string[];
  /** Of `pyproject.toml`, `setup.py`, `setup.cfg` and `requirements.txt`, as far as they are there. */
  packaging: string;
  /** Of the Python files outside tests. */
  code: string;
  /** Text of a config that it keeps as an example. */
  sample: string;
  /** What it is called where nothing in it says so. */
  called: string;
}

/** Names of the commands that a project installs. */
export function scriptsIn(packaging: string): string[] {
  const section = /^\[(?:project|tool\.poetry)\.scripts\]\s*\n((?:(?!\[).*\n?)*)/m.exec(packaging)?.[1] ?? '';
  const toml = [...section.matchAll(/^\s*["']?([\w.-]+)["']?\s*=/gm)];
  const setup =
    /console_scripts["'\]]?\s*[:=]\s*(?:\[([^\]]*)\]|\n((?:\s+.*\n?)*)|["']{3}([\s\S]*?)["']{3})/.exec(
      packaging,
    );
  const classic = [...(setup?.slice(1).join('\n') ?? '').matchAll(/([\w.-]+)\s*=\s*[\w.]+:/g)];
  return [...new Set([...toml, ...classic].map(([, name = '']) => name))];
}

/** Which kind of integration it is and what it is made with. */
export function factsOf({ paths, packaging, code, sample, called }: Files, told?: IntegrationKind): Facts {
  const scripts = scriptsIn(packaging);
  const script =
    scripts.find((name) => /^(?:tap|target)[-_]/.test(name)) ??
    scripts.find((name) => /tap|target/.test(name)) ??
    scripts[0];
  const modules = [
    ...new Set(paths.filter((path) => /^(?:src\/)?\w+\/__init__\.py$/.test(path)).map(moduleOf)),
  ];
  const kind = told ?? kindOf(paths, script ?? modules.join(' '));
  const name = /^\s*name\s*=\s*["']([\w.-]+)["']/m.exec(packaging)?.[1] ?? script ?? modules[0] ?? called;
  return {
    ...{ name, kind, modules, ...(script !== undefined && { script }) },
    sdk: sdkOf(packaging, code),
    required: requiredIn(code),
    sample: sampleIn(sample),
    hasSmokeTests: paths.some((path) => path.startsWith('__smoke-tests__/')),
  };
}

function kindOf(paths: string[], name: string): IntegrationKind {
  if (/target/.test(name) && !/^tap/.test(name)) return 'target';
  return paths.includes('etl.py') && !/\btap/.test(name) ? 'etl' : 'tap';
}

function moduleOf(path: string): string {
  return path.replace(/^src\//, '').split('/')[0] ?? '';
}

function sdkOf(packaging: string, code: string): Facts['sdk'] {
  const text = `${packaging}\n${code}`;
  if (/hotglue[-_]singer[-_]sdk|target[-_]hotglue/.test(text)) return 'hotglue';
  if (/singer[-_]sdk/.test(text)) return 'singer-sdk';
  return /singer-python|^\s*import singer\b|from singer\b/m.test(text) ? 'singer-python' : 'none';
}

function requiredIn(code: string): string[] {
  const list = /REQUIRED_CONFIG(?:_KEYS)?\s*(?::[^=\n]*)?=\s*[[({]([^\])}]*)[\])}]/.exec(code)?.[1] ?? '';
  return [...list.matchAll(/["']([\w.-]+)["']/g)].map(([, name = '']) => name);
}

export const SAMPLES = [
  'config.sample.json',
  'config.example.json',
  'sample_config.json',
  'config-sample.json',
];

function sampleIn(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

/** A config that names everything and means nothing, for what asks nobody. */
export function dummyConfig({
  required,
  sample,
}: Pick<Facts, 'required' | 'sample'>): Record<string, unknown> {
  return { ...Object.fromEntries(required.map((name) => [name, dummy(name)])), ...sample };
}

function dummy(name: string): unknown {
  if (/date|since|_at$/.test(name)) return '2026-01-01T00:00:00Z';
  if (/url|domain|host|endpoint/.test(name)) return 'https://signalbox.invalid';
  return /(?:^|_)(?:ids?|number|size|limit|port|count)$/.test(name) ? '1' : 'dummy';
}
