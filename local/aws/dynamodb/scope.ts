import { invalid } from './invalid.ts';
import { type AttributeValue, readValue } from './value.ts';

/** The names and values that a request's expressions share. */
export interface Scope {
  name(token: string, kind: string): string;
  value(token: string, kind: string): AttributeValue;
  /** Refuses names and values that no expression has used; call it once all are read. */
  done(): void;
}

interface ScopeInput {
  ExpressionAttributeNames?: Record<string, string>;
  ExpressionAttributeValues?: Record<string, unknown>;
}

/** Opens the scope of a request; `expressions` holds the request's expressions under their parameters' names. */
export function scopeOf(input: ScopeInput, expressions: Record<string, string | undefined>): Scope {
  const names = entries('ExpressionAttributeNames', input, expressions) as Map<string, string>;
  const values = entries('ExpressionAttributeValues', input, expressions);
  const unused = { names: new Set(names.keys()), values: new Set(values.keys()) };
  const read = new Map([...values].map(([token, value]) => [token, readValue(value)]));
  return {
    name: (token, kind) => {
      unused.names.delete(token);
      return names.get(token) ?? undefinedName(token, kind);
    },
    value: (token, kind) => {
      unused.values.delete(token);
      return read.get(token) ?? undefinedValue(token, kind);
    },
    done: () => {
      refuseUnused('ExpressionAttributeNames', unused.names);
      refuseUnused('ExpressionAttributeValues', unused.values);
    },
  };
}

function entries(
  member: keyof ScopeInput,
  input: ScopeInput,
  expressions: Record<string, string | undefined>,
): Map<string, unknown> {
  const given = input[member];
  if (!given) return new Map();
  if (Object.values(expressions).every((expression) => expression === undefined)) {
    const [first = ''] = Object.keys(expressions);
    const which = member === 'ExpressionAttributeValues' && first ? `: ${first} is null` : '';
    throw invalid(`${member} can only be specified when using expressions${which}`);
  }
  const all = new Map(Object.entries(given));
  if (all.size === 0) throw invalid(`${member} must not be empty`);
  const syntax = member === 'ExpressionAttributeNames' ? /^#[A-Za-z0-9_]+$/ : /^:[A-Za-z0-9_]+$/;
  const bad = [...all.keys()].find((key) => !syntax.test(key));
  if (bad !== undefined) throw invalid(`${member} contains invalid key: Syntax error; key: "${bad}"`);
  return all;
}

function undefinedName(token: string, kind: string): never {
  throw invalid(
    `Invalid ${kind}: An expression attribute name used in the document path is not defined; attribute name: ${token}`,
  );
}

function undefinedValue(token: string, kind: string): never {
  throw invalid(
    `Invalid ${kind}: An expression attribute value used in expression is not defined; attribute value: ${token}`,
  );
}

function refuseUnused(member: string, unused: Set<string>): void {
  if (unused.size > 0) {
    throw invalid(`Value provided in ${member} unused in expressions: keys: {${[...unused].join(', ')}}`);
  }
}
