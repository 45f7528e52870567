import { createHash, randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { AwsError } from '../../aws/service.ts';

type Resolve = (path: string) => unknown;

/** Calls `States.Name(arguments)`: arguments are paths, JSON literals with single quotes, or further calls. */
export function callIntrinsic(text: string, field: string, resolve: Resolve): unknown {
  const [value, rest] = read(text.trim(), field, resolve);
  if (rest.trim() !== '') throw wrong(`'${text}' is no intrinsic function`);
  return value;
}

function read(text: string, field: string, resolve: Resolve): [value: unknown, rest: string] {
  const call = /^(States\.\w+)\s*\(/.exec(text);
  if (call) return readCall(call[1] as string, text.slice(call[0].length), { field, resolve });
  const quoted = /^'((?:\\.|[^'\\])*)'/.exec(text);
  if (quoted)
    return [
      (quoted[1] as string).replace(/\\(['\\{}])/g, (_, c) => (c === "'" || c === '\\' ? c : `\\${c}`)),
      text.slice(quoted[0].length),
    ];
  const bare = /^(?:\[[^\]]*\]|[^,()\s[\]]|\[)+/.exec(text)?.[0];
  if (!bare) throw wrong(`'${text}' is no argument`);
  const value = bare.startsWith('$') ? resolve(bare) : JSON.parse(bare);
  return [value, text.slice(bare.length)];
}

function readCall(
  name: string,
  text: string,
  { field, resolve }: { field: string; resolve: Resolve },
): [value: unknown, rest: string] {
  const args: unknown[] = [];
  let rest = text.trimStart();
  while (!rest.startsWith(')')) {
    const [value, after] = read(rest.replace(/^,\s*/, ''), field, resolve);
    args.push(value);
    rest = after.trimStart();
    if (rest === '') throw wrong(`'${name}' is not closed`);
  }
  const intrinsic = intrinsics[name];
  if (!intrinsic) throw wrong(`${name} is not implemented by the local AWS`);
  return [intrinsic(...args), rest.slice(1)];
}

export const hashes: Record<string, string> = {
  MD5: 'md5',
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};

// biome-ignore lint/suspicious/noExplicitAny: each function takes what its own arguments are
const intrinsics: Record<string, (...args: any[]) => unknown> = {
  'States.Array': (...items) => items,
  'States.ArrayContains': (list: unknown[], item) => list.some((one) => isDeepStrictEqual(one, item)),
  'States.ArrayGetItem': (list: unknown[], index: number) => list[index],
  'States.ArrayLength': (list: unknown[]) => list.length,
  'States.ArrayPartition': (list: unknown[], size: number) =>
    Array.from({ length: Math.ceil(list.length / size) }, (_, at) => list.slice(at * size, (at + 1) * size)),
  'States.ArrayRange': (first: number, last: number, step: number) => {
    const length = Math.floor((last - first) / step) + 1;
    if (!(length <= 1000)) throw wrong('States.ArrayRange may have at most 1000 items');
    return Array.from({ length: Math.max(0, length) }, (_, at) => first + at * step);
  },
  'States.ArrayUnique': (list: unknown[]) =>
    list.filter((one, at) => list.findIndex((other) => isDeepStrictEqual(one, other)) === at),
  'States.Base64Decode': (text: string) => Buffer.from(text, 'base64').toString(),
  'States.Base64Encode': (text: string) => Buffer.from(text).toString('base64'),
  'States.Format': (template: string, ...values: unknown[]) =>
    template.replace(/\\([{}])|\{\}/g, (_, escaped) => escaped ?? asJava(values.shift())),
  'States.Hash': (value: unknown, algorithm: string) =>
    createHash(hashes[algorithm] as string)
      .update(inText(value))
      .digest('hex'),
  'States.JsonMerge': (one: object, other: object) => ({ ...one, ...other }),
  'States.JsonToString': (value) => JSON.stringify(value),
  'States.MathAdd': (one: number, other: number) => Math.round(one) + Math.round(other),
  'States.MathRandom': (from: number, to: number) => Math.floor(from + Math.random() * (to - from)),
  'States.StringSplit': (text: string, separators: string) =>
    text.split(new RegExp(`[${separators.replace(/[\\\]^-]/g, '\\$&')}]`)).filter((part) => part !== ''),
  'States.StringToJson': (text: string) => (text.trim() === '' ? null : JSON.parse(text)),
  'States.UUID': () => randomUUID(),
};

/** AWS formats objects and lists as Java prints its maps. */
function asJava(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(asJava).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return inText(value);
  return `{${Object.entries(value)
    .map(([key, one]) => `${key}=${asJava(one)}`)
    .join(', ')}}`;
}

function inText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function wrong(message: string): AwsError {
  return new AwsError('States.IntrinsicFailure', message, 400, { isInState: true });
}
