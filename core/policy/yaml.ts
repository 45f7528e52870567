import {
  Composer,
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  Parser,
  visit,
} from 'yaml';
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
const PLACE_1 = { line: 1, column: 1 };

/**
 * YAML 1.2 of the plain kind: what is read is what is written. No anchors, aliases, tags, merges or directives, no key
 * twice; small and flat, found out before anything is built.
 */
export function readYaml(text: string): Source {
  const refused = (message: string): Source => ({
    value: undefined,
    faults: [{ ...PLACE_1, message }],
    at: () => PLACE_1,
  });
  if (Buffer.byteLength(text) > MAX_BYTES) return refused('is larger than 64 KB');
  const lines = new LineCounter();
  const document = compose(text, lines);
  if (typeof document === 'string') return refused(document);
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const faults = [
    ...document.errors.map(({ pos, message }) => ({ offset: pos[0], message })),
    ...document.warnings.map(({ pos, message }) => ({ offset: pos[0], message })),
    ...unplain(document),
  ].map(({ offset, message }) => ({ ...place(offset), message }));
  return {
    value: faults.length > 0 ? undefined : document.toJS(),
    faults,
    at: (path, isKey = false) => place(offsetOf(document.contents, path, { isKey, offset: 0 })),
  };
}

/** The one document in a text, or why it is not read. Depth is watched while it is taken apart, before it is put together. */
function compose(text: string, lines: LineCounter): Document.Parsed | string {
  const parser = new Parser(lines.addNewLine);
  const composer = new Composer({ version: '1.2', schema: 'core', uniqueKeys: false, merge: false });
  const documents: Document.Parsed[] = [];
  lines.addNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) {
      if (token.type === 'directive') return 'has a directive (a line that begins with %); leave it out';
      documents.push(...(composer.next(token) as Iterable<Document.Parsed>));
    }
    if (parser.stack.length > MAX_DEPTH) return `is nested more than ${MAX_DEPTH} deep`;
  }
  for (const token of parser.end()) documents.push(...(composer.next(token) as Iterable<Document.Parsed>));
  documents.push(...(composer.end(true, text.length) as Iterable<Document.Parsed>));
  return documents.length === 1
    ? (documents[0] as Document.Parsed)
    : 'holds several documents (---); write one';
}

interface Unplain {
  offset: number;
  message: string;
}

/** Everything that makes a text mean something else than it looks like. */
function unplain(document: Document.Parsed): Unplain[] {
  const found: Unplain[] = [];
  visit(document, (_, node) => {
    const offset = startOf(node) ?? 0;
    found.push(...odd(node).map((message) => ({ offset, message })));
    if (isMap(node)) found.push(...oddKeys(node.items.map(({ key }) => key)));
  });
  return found;
}

function odd(node: unknown): string[] {
  if (isAlias(node)) return [`refers to another part (*${node.source}); write it out`];
  if (!isCollection(node) && !isScalar(node)) return [];
  return [
    node.anchor && `has a name (&${node.anchor}); leave it out`,
    node.tag && `has a tag (${node.tag}); leave it out`,
    isScalar(node) && isInexact(node.value) && 'is no exact number; write it smaller, or in quotes',
  ].filter((one) => typeof one === 'string');
}

function isInexact(value: unknown): boolean {
  if (typeof value !== 'number') return false;
  return !Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value));
}

const REFUSED_KEYS = ['__proto__', 'constructor', 'prototype'];

function oddKeys(keys: readonly unknown[]): Unplain[] {
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
