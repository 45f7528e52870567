import * as z from 'zod';
import type { Kind, Violation } from '../singer/report.ts';
import { RULES } from './failure-rules.ts';

/** Why something failed, in the order in which it is asked: the first that fits is it. */
export const FailureClass = z.enum([
  'SANDBOX',
  'INSTALL',
  'CONFIG',
  'AUTH',
  'RATE_LIMIT',
  'UPSTREAM',
  'API_CHANGE',
  'SCHEMA_CHANGE',
  'DATA_QUALITY',
  'CODE_ERROR',
  'UNKNOWN',
]);
export type FailureClass = z.infer<typeof FailureClass>;

export interface Failure {
  class: FailureClass;
  /** Which rule matched: `http-401`. */
  rule: string;
  /** The line that it matched. */
  line: string;
}

/** What the code under test is not to blame for: it says nothing about the code. */
const OUTSIDE: FailureClass[] = ['SANDBOX', 'CONFIG', 'AUTH', 'RATE_LIMIT', 'UPSTREAM'];

export function isOutside({ class: failure }: Failure): boolean {
  return OUTSIDE.includes(failure);
}

/** What to do about each. */
export const ADVICE: Record<FailureClass, string> = {
  SANDBOX:
    'It was stopped from outside: run it again; if it stays so, give it more time or name the hosts it needs.',
  INSTALL: 'Mend its dependencies or the Python versions that it allows.',
  CONFIG: 'Give it a complete config; its code is not at fault.',
  AUTH: 'Somebody has to renew or widen its credentials. It is not tried again by itself.',
  RATE_LIMIT: 'Try again later, with fewer records.',
  UPSTREAM: "Try again later: the other side did not answer as it should, which is not this code's fault.",
  API_CHANGE: 'The API is not what the code expects: change the code.',
  SCHEMA_CHANGE: 'The data does not fit the declared schema: change the schema, or mend the record.',
  DATA_QUALITY: 'The data breaks a promise (keys, order, acceptance): look at the records named.',
  CODE_ERROR: 'Mend the code at the place named.',
  UNKNOWN: 'Read the log: no rule knows this failure.',
};

/** Everything there is to tell why a command failed. */
export interface Trouble {
  code: number | null;
  /** Why it was stopped, if it was. */
  stopped?: string;
  signal?: string;
  stderr: string;
  isInstall?: boolean;
  /** Text of `hg-tap-exception-*.json`, if it left one. */
  crash?: string;
  /** HTTP statuses in the order in which they were answered. */
  statuses?: number[];
  /** Names of settings: a missing one is the config's fault. */
  settings?: string[];
  /** No config was given: whatever key is missing may be one of it. */
  hasNoConfig?: boolean;
  /** Its own modules: a missing one is the code's fault. */
  modules?: string[];
}

/** Why a command failed: crash report, then the last HTTP status, then the last traceback, then what it logged last. */
export function failureOf(trouble: Trouble): Failure {
  const { code, stopped, signal, stderr, crash = '', statuses = [] } = trouble;
  if (stopped) return { class: 'SANDBOX', rule: 'stopped', line: stopped };
  if (signal || code === 137) return { class: 'SANDBOX', rule: 'killed', line: signal ?? 'exit 137' };
  const texts = [crash, lastTraceback(stderr)];
  const matched =
    texts.map((text) => match(text, trouble)).find((found) => found?.class && !isVague(found)) ??
    ofStatus(statuses.at(-1)) ??
    texts.map((text) => match(text, trouble)).find(Boolean) ??
    match(loggedLast(stderr), trouble);
  if (trouble.isInstall && matched?.class !== 'SANDBOX' && matched?.class !== 'UPSTREAM')
    return { rule: 'install', line: lastLine(stderr), ...matched, class: 'INSTALL' };
  const found = matched ?? { class: 'UNKNOWN', rule: 'none', line: lastLine(crash || stderr) };
  return trouble.hasNoConfig && asksForConfig(found)
    ? { ...found, class: 'CONFIG', rule: 'no-config' }
    : found;
}

/** What a plugin says that was given a config which means nothing. */
function asksForConfig({ rule, line }: Failure): boolean {
  const isSaid =
    /config|setting|credential|required|missing|provide|must be|need|invalid|token|password|api.?key|authenticat|authori[sz]/i;
  const isCode = /^(?:[\w.]+\.)?(?:Type|Attribute|Name|Syntax|Import|UnboundLocal|Recursion)Error\b/;
  const isTold = /NoneType/.test(line) || (isSaid.test(line) && !isCode.test(line));
  return ['traceback', 'none', 'not-implemented'].includes(rule) && isTold;
}

/** The line of an installer's output that says why, rather than that, it failed. */
export function installCause(output: string): string {
  const isVague =
    /^\s*(?:hint|note)\b|See above|subprocess-exited|metadata-generation-failed|exit code|Encountered error|Failed (?:to build|building)|Getting requirements/i;
  const lines = output.split('\n').filter((line) => !isVague.test(line));
  return (
    lines.findLast((line) => /(?:Error|\berror|\bcause)\b.{0,80}: ?\S/i.test(line))?.trim() ??
    lastLine(output)
  ).slice(0, 500);
}

/** A mere Python error says less than the status that came before it. */
function isVague({ rule }: Failure): boolean {
  return rule === 'traceback';
}

function ofStatus(status = 0): Failure | undefined {
  const words = `the last answer was HTTP ${status}`;
  return status >= 400 ? match(`error ${status} ${words}`, { code: 1, stderr: '' }, words) : undefined;
}

function match(text: string, trouble: Trouble, said?: string): Failure | undefined {
  // Lines of source code say what might fail, not what did.
  const isCode = trouble.isInstall ? /^\s*File "/ : /^\s{2,}|^\s*File "/;
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !isCode.test(line));
  const missing = lines.find((line) => isMissingSetting(line, trouble));
  if (missing) return { class: 'CONFIG', rule: 'config-key', line: missing };
  for (const [rule, failure, pattern] of RULES) {
    const line = lines.findLast((one) => pattern.test(one));
    if (line === undefined) continue;
    const isOwn = rule === 'dependency-missing' && isOwnModule(line, trouble.modules);
    return isOwn
      ? { class: 'CODE_ERROR', rule: 'own-module', line }
      : { class: failure, rule, line: (said ?? line).slice(0, 500) };
  }
  return undefined;
}

function isMissingSetting(line: string, { settings = [], hasNoConfig = false }: Trouble): boolean {
  const [, key] = /^KeyError: ['"](.+)['"]$/.exec(line) ?? [];
  return key !== undefined && (hasNoConfig || settings.includes(key));
}

function isOwnModule(line: string, modules: string[] = []): boolean {
  const [, name = ''] = /No module named ['"]([\w]+)/.exec(line) ?? [];
  return modules.includes(name);
}

/** The last traceback with those that it followed from. */
function lastTraceback(stderr: string): string {
  const parts = stderr.split(/^(?=.*Traceback \(most recent call last\))/m);
  if (parts.length < 2) return '';
  let from = parts.length - 1;
  while (from > 1 && /(?:direct cause of|During handling of)[^\n]*\n\s*$/.test(parts[from - 1] ?? '')) from--;
  return parts.slice(from).join('');
}

const LAST_LINES = 40;

function loggedLast(stderr: string): string {
  return stderr.split('\n').slice(-LAST_LINES).join('\n');
}

function lastLine(text: string): string {
  return (text.trimEnd().split('\n').at(-1) ?? '').slice(0, 500);
}

const OF_KIND: Partial<Record<Kind, FailureClass>> = {
  'wrong-type': 'SCHEMA_CHANGE',
  'wrong-format': 'SCHEMA_CHANGE',
  'missing-property': 'SCHEMA_CHANGE',
  'undeclared-property': 'SCHEMA_CHANGE',
  'undeclared-field': 'SCHEMA_CHANGE',
  constraint: 'SCHEMA_CHANGE',
  nan: 'DATA_QUALITY',
  'key-missing': 'DATA_QUALITY',
  'key-repeated': 'DATA_QUALITY',
  'bookmark-backwards': 'DATA_QUALITY',
};

/** Whose fault a violation is. What nobody's data explains is the code's. */
export function failureIn(violations: Violation[]): Failure | undefined {
  const found = violations.map((one) => ({ one, of: OF_KIND[one.kind] ?? 'CODE_ERROR' }));
  const order = FailureClass.options;
  const [first] = found.sort((a, b) => order.indexOf(a.of) - order.indexOf(b.of));
  if (!first) return undefined;
  const { kind, stream, path, firstLine, text } = first.one;
  const where = [stream, path].filter(Boolean).join('.');
  return { class: first.of, rule: kind, line: `line ${firstLine}, ${where ? `${where}: ` : ''}${text}` };
}
