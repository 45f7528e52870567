import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One execution as AWS Step Functions ran it. */
export interface Recording {
  id: string;
  type: 'STANDARD' | 'EXPRESS';
  queryLanguage: 'JSONata' | 'JSONPath';
  mainFeature: string;
  features: string[];
  requires: string[];
  definition: { States: Record<string, unknown> };
  input: unknown;
  lambdas: Record<string, Lambda>;
  /** Child machines by the ARN that the input names. */
  stateMachines?: Record<string, object>;
  s3?: Record<string, Record<string, string>>;
  dynamodbTables?: { table_name: string; partition_key: string }[];
  workers?: { kind: string; queueUrl?: string }[];
  maskedPaths?: { replacement: string }[];
  historyOrder?: string;
  expected: {
    status: string;
    output: unknown;
    error: string | null;
    cause: unknown;
    history: Event[] | null;
  };
}

export type Lambda =
  | { kind: 'echo' }
  | { kind: 'constant'; value: unknown }
  | { kind: 'raise'; errorType: string; message: string; recordedCause?: unknown }
  | { kind: 'sleep'; seconds: number; then: unknown };

export interface Event {
  id: number | number[];
  previousEventId: number;
  type: string;
  [details: string]: unknown;
}

/** The recordings below $TEST_DATA, or none. */
export function recordings(): Recording[] {
  const file = join(process.env.TEST_DATA ?? '', 'asl-recorded', 'records.jsonl');
  if (!process.env.TEST_DATA || !existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** A part in angle brackets, or the masked account, stands for any text. */
const PLACEHOLDER = /<[A-Za-z][^<>]*>|1{12}/;
const MASKS = ['timestamp', 'date', '<date>'];
/** What AWS tells about its own HTTP exchange. */
const IGNORED = ['SdkHttpMetadata', 'SdkResponseMetadata', 'stackTrace', 'requestId', 'trace'];

/** Where `found` first differs from what was recorded; undefined when it does not. */
export function difference(recorded: unknown, found: unknown, masks: string[], at = '$'): string | undefined {
  if (recorded === found) return undefined;
  if (typeof recorded === 'string') return textDifference(recorded, found, masks, at);
  const value = typeof found === 'string' && typeof recorded === 'object' ? (jsonIn(found) ?? found) : found;
  if (!isTree(recorded) || !isTree(value) || Array.isArray(recorded) !== Array.isArray(value))
    return `${at}: ${JSON.stringify(recorded)} ≠ ${JSON.stringify(found)}`;
  return memberDifference(recorded, value, masks, at);
}

type Tree = Record<string, unknown>;

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null;
}

function memberDifference(recorded: Tree, found: Tree, masks: string[], at: string): string | undefined {
  for (const key of new Set([...Object.keys(recorded), ...Object.keys(found)])) {
    if (IGNORED.includes(key)) continue;
    if (!(key in recorded) || !(key in found))
      return `${at}.${key}: only ${key in found ? 'found' : 'recorded'}`;
    const inner = difference(recorded[key], found[key], masks, `${at}.${key}`);
    if (inner) return inner;
  }
  return undefined;
}

function textDifference(recorded: string, found: unknown, masks: string[], at: string): string | undefined {
  if (MASKS.includes(recorded) || masks.includes(recorded)) return undefined;
  if (typeof found === 'string') {
    const pattern = recorded
      .split(PLACEHOLDER)
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('[\\s\\S]*?');
    if (PLACEHOLDER.test(recorded) && new RegExp(`^${pattern}$`).test(found)) return undefined;
    const [one, other] = [jsonIn(recorded), jsonIn(found)];
    if (one !== undefined && other !== undefined) return difference(one, other, masks, at);
  }
  return `${at}: ${JSON.stringify(recorded)} ≠ ${JSON.stringify(found)}`;
}

function jsonIn(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Where two histories differ. Where the recording sorted what happened inside a Parallel (and lost the event that ended
 * it: its number is missing), and inside a Map, whose iterations interleave as they like, only the sets are compared.
 */
export function historyDifference(recording: Recording, found: Event[]): string | undefined {
  const masks = (recording.maskedPaths ?? []).map(({ replacement }) => replacement);
  const recorded = recording.expected.history ?? [];
  const exact = difference(recorded, found, masks);
  if (!exact || !isUnordered(recording)) return exact;
  const left = found.filter(
    ({ type }) => !(recording.historyOrder && /^ParallelState(Failed|Succeeded)$/.test(type)),
  );
  for (const event of recorded) {
    const index = left.findIndex((one) => !difference(bare(event), bare(one), masks));
    if (index < 0) return `${event.type} is missing`;
    left.splice(index, 1);
  }
  return left[0] && `${left[0].type} is too much`;
}

function isUnordered({ historyOrder, features }: Recording): boolean {
  return historyOrder !== undefined || features.includes('map-inline');
}

function bare({ id, previousEventId, ...rest }: Event): object {
  return rest;
}
