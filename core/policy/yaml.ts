import { Composer, CST, type Document, isMap, isScalar, isSeq, Lexer, Parser, visit } from 'yaml';
import type { Path } from './problem.ts';

/** A place in a text, counted from 1. */
export interface Place {
  line: number;
  column: number;
}

/** Text as data, and where in the text each part of it stands. */
export interface Source {
  value: unknown;
  /** Nothing when the text is YAML of the plain kind; its value is nothing otherwise. */
  faults: (Place & { message: string })[];
  /** The place of a value or of its key; of the nearest part around it when it is not there. */
  at(path: Path, isKey?: boolean): Place;
}

const MAX_BYTES = 65_536;
const MAX_DEPTH = 50;
const MAX_FAULTS = 100;
const START = { line: 1, column: 1 };

/**
 * YAML 1.2 of the plain kind: what is read is what is written. No anchors, aliases, tags, merges or directives, no key
 * twice; small and flat, found out before anything is built.
 */
export function readYaml(text: string): Source {
  if (Buffer.byteLength(text) > MAX_BYTES) return refused({ ...START, message: 'is larger than 64 KB' });
  const placed = ({ offset, message }: Fault) => ({ ...place(text, offset), message });
  const document = compose(text);
  if ('message' in document) return refused(placed(document));
  const errors = [...document.errors, ...document.warnings];
  const unread = errors.map(({ pos, message }) => ({ offset: pos[0], message }));
  const faults = [...unread, ...unplain(document)].slice(0, MAX_FAULTS).map(placed);
  return {
    value: faults.length > 0 ? undefined : document.toJS(),
    faults,
    at: (path, isKey = false) => place(text, offsetOf(document.contents, path, { isKey, offset: 0 })),
  };
}

function place(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: before.length - before.lastIndexOf('\n') };
}

function refused(fault: Source['faults'][number]): Source {
  return { value: undefined, faults: [fault], at: () => START };
}

/** Kinds of tokens that make a text mean something else than it looks like. */
const REFUSED_TOKENS: Partial<Record<string, string>> = {
  anchor: 'names a part (&); leave it out',
  alias: 'refers to another part (*); write it out',
  tag: 'has a tag (!); leave it out',
  'directive-line': 'has a directive (%); leave it out',
};

/** The one document in a text, or why it is not read: found out while it is taken apart, before it is put together. */
function compose(text: string): Document.Parsed | Fault {
  const parser = new Parser();
  const composer = new Composer({ version: '1.2', schema: 'core', uniqueKeys: false, merge: false });
  const documents: Document.Parsed[] = [];
  const take = (tokens: Iterable<CST.Token>) => {
    for (const token of tokens) documents.push(...(composer.next(token) as Iterable<Document.Parsed>));
  };
  for (const lexeme of new Lexer().lex(text)) {
    const message = REFUSED_TOKENS[CST.tokenType(lexeme) ?? ''];
    if (message) return { offset: parser.offset, message };
    take(parser.next(lexeme));
    if (parser.stack.length > MAX_DEPTH)
      return { offset: parser.offset, message: `is nested more than ${MAX_DEPTH} deep` };
  }
  take(parser.end());
  documents.push(...(composer.end(true, text.length) as Iterable<Document.Parsed>));
  return documents.length === 1
    ? (documents[0] as Document.Parsed)
    : { offset: 0, message: 'holds several documents (---); write one' };
}

/** Something wrong at a place of a text. */
interface Fault {
  offset: number;
  message: string;
}

/** Keys that are there twice or are no plain words, and numbers that would be read as others. */
function unplain(document: Document.Parsed): Fault[] {
  const found: Fault[] = [];
  visit(document, {
    Map: (_, { items }) => {
      found.push(...oddKeys(items.map(({ key }) => key)));
    },
    Scalar: (_, node) => {
      const message = 'is no exact number; write it smaller, or in quotes';
      if (isInexact(node.value)) found.push({ offset: startOf(node) ?? 0, message });
    },
  });
  return found;
}

function isInexact(value: unknown): boolean {
  if (typeof value !== 'number') return false;
  return !Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value));
}

const REFUSED_KEYS = ['__proto__', 'constructor', 'prototype'];

function oddKeys(keys: readonly unknown[]): Fault[] {
  const seen = new Set<unknown>();
  return keys.flatMap((node) => {
    const key = isScalar(node) ? node.value : undefined;
    const message = oddKey(key) ?? (seen.has(key) && `the key ${key} is there twice`);
    seen.add(key);
    return message ? [{ offset: startOf(node) ?? 0, message }] : [];
  });
}

function oddKey(key: unknown): string | undefined {
  if (typeof key !== 'string') return 'is a key that is no word; put it in quotes';
  if (key === '<<') return 'merges another part; write it out';
  return REFUSED_KEYS.includes(key) ? `${key} is no key` : undefined;
}

function startOf(node: unknown): number | undefined {
  return (node as { range?: [number, number, number] } | null)?.range?.[0];
}

function offsetOf(node: unknown, path: Path, { isKey, offset }: { isKey: boolean; offset: number }): number {
  const [step, ...rest] = path;
  const start = startOf(node) ?? offset;
  if (step === undefined) return start;
  if (isSeq(node)) return offsetOf(node.items[step as number], rest, { isKey, offset: start });
  const pair = isMap(node) ? node.items.find(({ key }) => isScalar(key) && key.value === step) : undefined;
  const key = startOf(pair?.key) ?? start;
  return rest.length === 0 && isKey ? key : offsetOf(pair?.value, rest, { isKey, offset: key });
}
