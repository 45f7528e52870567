import { Fault } from '../fault.ts';

/** New values by JSON pointer; what may be changed is always a field of the payload itself. */
export type Changes = Readonly<Record<string, unknown>>;

/** The fields of a payload that may be changed, each with its value as people are given it. */
export function fieldsOf(text: string, modifiable: readonly string[]): { path: string; value: string }[] {
  const payload = JSON.parse(text);
  return modifiable
    .map((path) => ({ path, value: payload[path.slice(1)] }))
    .filter(({ value }) => value !== undefined)
    .map(({ path, value }) => ({ path, value: asTyped(value) }));
}

/** What was typed for each field, where it is not what is there: texts as they are, anything else as JSON. */
export function changesOf(
  payload: Readonly<Record<string, unknown>>,
  typed: Readonly<Record<string, string>>,
): Changes {
  const changes = Object.entries(typed)
    .map(([path, text]): [string, unknown, string] => [path, payload[path.slice(1)], text])
    .filter(([, before, text]) => asTyped(before) !== text.replaceAll('\r\n', '\n'))
    .map(([path, before, text]) => [
      path,
      typeof before === 'string' ? text.replaceAll('\r\n', '\n') : read(path, text),
    ]);
  return Object.fromEntries(changes);
}

function asTyped(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function read(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Fault('Invalid', `${path} is not JSON: ${(cause as Error).message}`, { cause });
  }
}
