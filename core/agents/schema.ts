import * as z from 'zod';

type Node = { [key: string]: unknown };

/** Formats that structured output enforces; any other would be refused. */
const FORMATS = ['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'uri', 'ipv4', 'ipv6', 'uuid'];

/** Limits that the provider does not enforce: told in words, and checked by zod afterwards. */
const LIMITS = [
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'pattern',
  'minItems',
  'maxItems',
  'uniqueItems',
];

const DROPPED = ['$schema', 'default', 'title', ...LIMITS];

/**
 * A schema in the subset that structured output takes. Throws on what would change meaning without a word: records
 * (they come out as always empty), recursion, and values of any type.
 */
export function jsonSchema(schema: z.ZodType): object {
  return node(z.toJSONSchema(schema, { target: 'draft-2020-12', reused: 'inline' }) as Node, '$');
}

function node(given: Node, path: string): Node {
  refuseUnsafe(given, path);
  const kept = Object.fromEntries(Object.entries(given).filter(([key]) => !DROPPED.includes(key)));
  const options = (given.anyOf ?? given.oneOf) as Node[] | undefined;
  delete kept.oneOf;
  if (typeof given.format === 'string' && !FORMATS.includes(given.format)) delete kept.format;
  const description = described(given);
  return {
    ...kept,
    ...(description && { description }),
    ...(options && { anyOf: options.map((one, index) => node(one, `${path}|${index}`)) }),
    ...(given.items !== undefined && { items: node(given.items as Node, `${path}[]`) }),
    ...(given.properties !== undefined && {
      properties: eachProperty(given.properties as Record<string, Node>, path),
      additionalProperties: false,
    }),
  };
}

function eachProperty(properties: Record<string, Node>, path: string): Node {
  return Object.fromEntries(
    Object.entries(properties).map(([name, one]) => [name, node(one, `${path}.${name}`)]),
  );
}

function refuseUnsafe(given: Node, path: string): void {
  if (given.$ref) throw new Error(`${path}: recursion cannot be answered in; use a flat list with ids`);
  if (given.propertyNames || typeof given.additionalProperties === 'object') {
    throw new Error(`${path}: a record would always come out empty; use a list of {key, value}`);
  }
  if (given.type === undefined && !given.anyOf && !given.oneOf && !given.enum && given.const === undefined) {
    throw new Error(`${path}: a value of any type cannot be asked for`);
  }
}

function described(given: Node): string {
  const limits = LIMITS.filter((name) => given[name] !== undefined && !isEveryInteger(given, name)).map(
    (name) => `${name} ${JSON.stringify(given[name])}`,
  );
  return [given.description, limits.join(', ')].filter(Boolean).join('; ');
}

/** zod writes the safe-integer range on every integer; it says nothing. */
function isEveryInteger(given: Node, name: string): boolean {
  return Math.abs(Number(given[name])) === Number.MAX_SAFE_INTEGER;
}
