import * as z from 'zod';
import { Fault } from '../fault.ts';
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

/** `name = "package.module:object"`, however the file that says so is written. */
const SCRIPT = /([A-Za-z][\w.-]*)["']?\s*=[\s"'\\]*[A-Za-z_][\w.]*:[A-Za-z_][\w.]*/g;

/** Names of the commands that a project says it installs. */
export function scriptsIn(packaging: string): string[] {
  const found = [...packaging.matchAll(SCRIPT)].map(([, name = '']) => name.replace(/^.*\bscripts\./, ''));
  return [...new Set(found)];
}

/** The command of several that runs the integration. */
export function scriptOf(scripts: string[]): string | undefined {
  const order = [/^(?:tap|target)[-_]/, /(?:^|[-_])(?:tap|target)(?:[-_]|$)/, /tap|target/];
  return order.map((shape) => scripts.find((name) => shape.test(name))).find(Boolean) ?? scripts[0];
}

/** Which kind of integration it is and what it is made with. */
export function factsOf({ paths, packaging, code, sample, called }: Files, told?: IntegrationKind): Facts {
  const script = scriptOf(scriptsIn(packaging));
  const modules = [
    ...new Set(paths.filter((path) => /^(?:src\/)?\w+\/__init__\.py$/.test(path)).map(moduleOf)),
  ];
  const name = NAME.exec(packaging)?.[1] ?? script ?? modules[0] ?? called;
  const sdk = sdkOf(packaging, code);
  const kind = told ?? kindOf(paths, [script ?? '', ...modules], sdk);
  if (!kind)
    throw new Fault(
      'Invalid',
      `${name} is no tap, target or ETL script: it installs no tap or target command, and has no etl.py. If it is one, say --kind`,
    );
  return {
    ...{ name, kind, modules, sdk, ...(script !== undefined && { script }) },
    required: requiredIn(code),
    sample: sampleIn(sample),
    hasSmokeTests: paths.some((path) => path.startsWith('__smoke-tests__/')),
  };
}

const NAME = /^(?:\s*|.*\bsetup\(\s*)["']?name["']?\s*[=:]\s*["']([\w.-]+)["']/m;

/** By what it installs and what its packages are called: a name alone may be that of anything. */
function kindOf(paths: string[], names: string[], sdk: Facts['sdk']): IntegrationKind | undefined {
  const is = (kind: string) =>
    names.some((name) => RegExp(`^${kind}[-_]`).test(name)) ||
    (sdk !== 'none' && names.some((name) => RegExp(`(?:^|[-_])${kind}(?:[-_]|$)`).test(name)));
  if (is('tap')) return 'tap';
  if (is('target')) return 'target';
  return paths.includes('etl.py') ? 'etl' : undefined;
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

/** Settings that a plugin says it cannot start without. */
export function missingSettings(stderr: string): string[] {
  const [, list = ''] = /Config is missing required keys: \[([^\]]*)\]/.exec(stderr) ?? [];
  const named = [
    ...list.matchAll(/["']([^"']+)["']/g),
    ...stderr.matchAll(/'([\w.-]+)' is a required property/g),
  ];
  return [...new Set(named.map(([, name = '']) => name))];
}

/** A config that names everything and means nothing, for what asks nobody. */
export function dummyConfig({
  required,
  sample,
}: Pick<Facts, 'required' | 'sample'>): Record<string, unknown> {
  return { ...Object.fromEntries(required.map((name) => [name, dummy(name)])), ...sample };
}

const Settings = z.object({
  required: z.array(z.string()).default([]),
  properties: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
});

/** Values that a plugin's own schema allows for the settings that it requires; they mean nothing. */
export function settingsOf(schema: unknown): Record<string, unknown> {
  const { success, data } = Settings.safeParse(schema);
  if (!success) return {};
  return Object.fromEntries(data.required.map((name) => [name, allowed(name, data.properties[name] ?? {})]));
}

function allowed(
  name: string,
  { type, enum: options, default: standard, format }: Record<string, unknown>,
): unknown {
  if (standard !== undefined) return standard;
  if (Array.isArray(options)) return options[0];
  const types = [type].flat();
  if (types.includes('string') || type === undefined)
    return format === 'date-time' ? dummy('date') : dummy(name);
  return { integer: 1, number: 1, boolean: false, array: [], object: {} }[String(types[0])] ?? dummy(name);
}

function dummy(name: string): unknown {
  if (/date|since|_at$/.test(name)) return '2026-01-01T00:00:00Z';
  if (/url|domain|host|endpoint/.test(name)) return 'https://signalbox.invalid';
  return /(?:^|_)(?:ids?|number|size|limit|port|count)$/.test(name) ? '1' : 'dummy';
}
