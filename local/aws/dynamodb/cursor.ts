import type { AwsError } from '../service.ts';
import { invalid } from './invalid.ts';
import { reservedWords } from './reserved-words.ts';
import type { Scope } from './scope.ts';
import type { AttributeValue } from './value.ts';

/** Where an attribute is: its top-level name, then member names and list indexes. */
export type Path = [string, ...(string | number)[]];

/** Reads an expression token by token, resolving names and values from its scope. */
export interface Cursor {
  /** The next token's text; empty at the end. */
  readonly peek: string;
  /** The text of the token `ahead` tokens on. */
  ahead(ahead: number): string;
  next(): string;
  /** Takes the next token if it is `text` (keywords in any case). */
  take(text: string): boolean;
  expect(text: string): void;
  path(): Path;
  value(): AttributeValue;
  /** The refusal of the next token. */
  syntaxError(): AwsError;
  /** A refusal that opens with the expression's parameter name. */
  error(message: string): AwsError;
}

interface Token {
  text: string;
  start: number;
  end: number;
}

const TOKEN = /\s+|[#:][A-Za-z0-9_]+|[A-Za-z][A-Za-z0-9_]*|\d+|<>|<=|>=|[=<>()[\].,+-]|(.)/gsy;
const WORD = /^[A-Za-z]/;

/** Opens an expression; `kind` is the parameter's name as error messages have it. */
export function cursorOver(kind: string, expression: string, scope: Scope): Cursor {
  const tokens = tokenise(expression);
  let at = 0;
  const error = (message: string) => invalid(`Invalid ${kind}: ${message}`);
  if (tokens.length === 0) throw error('The expression can not be empty;');

  function syntaxError(): AwsError {
    const token = tokens[at];
    const near = expression.slice(tokens[Math.max(0, at - 1)]?.start, (tokens[at + 1] ?? token)?.end);
    return error(`Syntax error; token: "${token?.text ?? '<EOF>'}", near: "${near}"`);
  }

  const cursor: Cursor = {
    get peek() {
      return tokens[at]?.text ?? '';
    },
    ahead: (ahead) => tokens[at + ahead]?.text ?? '',
    next: () => tokens[at++]?.text ?? '',
    take: (text) => {
      if (cursor.peek.toUpperCase() !== text) return false;
      at += 1;
      return true;
    },
    expect: (text) => {
      if (!cursor.take(text)) throw syntaxError();
    },
    path: () => {
      const path: Path = [name()];
      while (cursor.peek === '.' || cursor.peek === '[') path.push(cursor.next() === '.' ? name() : index());
      return path;
    },
    value: () => scope.value(cursor.next(), kind),
    syntaxError,
    error,
  };
  refuseStray();
  return cursor;

  function refuseStray(): void {
    const stray = tokens.findIndex(
      ({ text }) => !/^[#:A-Za-z0-9<>=()[\].,+-]/.test(text) || /^[#:]$/.test(text),
    );
    if (stray < 0) return;
    at = stray;
    throw syntaxError();
  }

  function name(): string {
    if (cursor.peek.startsWith('#')) return scope.name(cursor.next(), kind);
    if (!WORD.test(cursor.peek)) throw syntaxError();
    const word = cursor.next();
    if (!reservedWords.has(word.toUpperCase())) return word;
    throw error(`Attribute name is a reserved keyword; reserved keyword: ${word}`);
  }

  function index(): number {
    if (!/^\d/.test(cursor.peek)) throw syntaxError();
    const position = Number(cursor.next());
    cursor.expect(']');
    return position;
  }
}

function tokenise(expression: string): Token[] {
  const tokens: Token[] = [];
  for (const { 0: text, index: start } of expression.matchAll(TOKEN)) {
    if (text.trim()) tokens.push({ text, start, end: start + text.length });
  }
  return tokens;
}
