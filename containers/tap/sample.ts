import { isError, type SingerReport } from '#core/singer/report.ts';
import { type Failure, failureIn } from '#core/taps/failure.ts';
import type { Coerced } from '#core/taps/sampled.ts';
import { type Catalog, nameOf, replicationKeys } from '#core/taps/selection.ts';
import type { Call, Ran, Room } from './room.ts';
import { validated } from './validate.ts';

/** What a limited run of a tap showed. */
export interface Sample {
  ran: Ran;
  report: SingerReport;
  /** By stream, fields that the API sent and the schema lacks: in records, or as the SDK logs what it left out. */
  undeclared: Record<string, string[]>;
  /** What the SDK made true or false of something else. */
  coerced: Coerced[];
  /** Selected streams without a record. */
  empty: string[];
  isLimited: boolean;
}

export interface SampleOptions {
  script: string;
  catalog: Catalog;
  state?: unknown;
  /** Records of each stream, where the SDK can be told. */
  records?: number;
  isHotglue: boolean;
  /** One record of each stream, as singer-sdk does it. */
  isTest?: boolean;
  limit?: number;
  most?: number;
}

const LIMIT = 600_000;
const RECORDS = 50;
/** Of a tap that cannot be told to stop early. */
const MOST_BYTES = 64_000_000;

/** Runs a tap's selected streams for a few records and reads everything that it writes. */
export async function sample(room: Room, options: SampleOptions): Promise<Sample> {
  const { script, catalog, state, isHotglue, isTest = false, records = RECORDS } = options;
  const names = catalog.streams.map((stream) => stream.stream ?? nameOf(stream));
  const call: Call = {
    program: script,
    args: [
      '--config',
      'config.json',
      '--catalog',
      'catalog.json',
      ...(state === undefined ? [] : ['--state', 'state.json']),
      ...(isTest ? ['--test'] : []),
    ],
    files: { 'catalog.json': JSON.stringify(catalog), 'state.json': JSON.stringify(state ?? {}) },
    limit: options.limit ?? LIMIT,
    most: options.most ?? MOST_BYTES,
    ...(isHotglue && {
      config: { _hg_max_records_limit: Object.fromEntries(names.map((name) => [name, records])) },
    }),
  };
  const ran = await room.run(call);
  const isLimited = isHotglue || isTest || isCut({ ran });
  const captured = {
    path: ran.path,
    secrets: room.secrets(),
    replicationKeys: replicationKeys(catalog),
    isLimited,
  };
  const report = await validated(captured);
  if (!report)
    throw new Error('what it wrote could not be checked in time: a pattern in a schema may take forever');
  return {
    ...{ ran, report, isLimited },
    undeclared: undeclaredIn(report, ran.stderr),
    coerced: coercedIn(ran),
    empty: names.filter((name) => !report.streams[name]?.records),
  };
}

/** Whether it was stopped because it went on and on: by then it may have shown enough. */
export function isCut({ ran }: Pick<Sample, 'ran'>): boolean {
  return ran.stopped === 'most' || ran.stopped === 'limit';
}

/** What is wrong with a sample whose run ended well; waived streams may be empty. */
export function faultOf(
  { report, empty, coerced, undeclared }: Sample,
  waived: string[],
): { failure: Failure; isError: boolean } | undefined {
  const missing = empty.filter((name) => !waived.includes(name));
  const errors = report.violations.filter(isError);
  const hard =
    (missing.length > 0 && zero(missing)) ||
    failureIn(errors) ||
    (coerced.length > 0 && fact('SCHEMA_CHANGE', 'coerced-boolean', coerced.map(coercionTold).join(', ')));
  if (hard) return { failure: hard, isError: true };
  const more = Object.entries(undeclared).map(([stream, fields]) => `${stream}: ${fields.join(', ')}`);
  const soft =
    (more.length > 0 && fact('SCHEMA_CHANGE', 'undeclared-field', more.join('; '))) ||
    failureIn(report.violations);
  return soft ? { failure: soft, isError: false } : undefined;
}

/** Each once. */
function coercedIn({ trace }: Ran): Coerced[] {
  const all = trace.flatMap((one) =>
    'coerced' in one ? { stream: one.coerced, path: one.name, was: one.was } : [],
  );
  return [...new Map(all.map((one) => [coercionTold(one), one])).values()];
}

export function coercionTold({ stream, path, was }: Coerced): string {
  return `${stream}.${path} (${was})`;
}

function zero(streams: string[]): Failure {
  return fact('API_CHANGE', 'volume-zero', `no record of ${streams.join(', ')}`);
}

function fact(of: Failure['class'], rule: string, line: string): Failure {
  return { class: of, rule, line: line.slice(0, 500) };
}

/** Always logged, with an empty tuple when there is nothing to tell. */
const LEFT_OUT =
  /Properties \(([^)]+)\) were present in the '([^']+)' stream but not found in catalog schema/g;

function undeclaredIn({ streams }: SingerReport, stderr: string): Record<string, string[]> {
  const found = new Map<string, Set<string>>();
  const note = (stream: string, field: string) =>
    found.set(stream, (found.get(stream) ?? new Set()).add(field));
  for (const [name, { undeclared }] of Object.entries(streams))
    for (const path of Object.keys(undeclared)) note(name, path);
  for (const [, fields = '', stream = ''] of stderr.matchAll(LEFT_OUT))
    for (const [, field = ''] of fields.matchAll(/['"]([^'"]+)['"]/g)) note(stream, field);
  return Object.fromEntries([...found].map(([name, fields]) => [name, [...fields].sort()]));
}
