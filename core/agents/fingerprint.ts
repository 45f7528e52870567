import { createHash } from 'node:crypto';

/** What differs from call to call without meaning anything, and what stands for it. The order matters. */
const NOISE: [RegExp, string][] = [
  [/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?/g, '<time>'],
  [/\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b/g, '<time>'],
  [/(?:\/private)?\/(?:tmp|var\/folders|var\/tmp)\/[\w./+-]+/g, '<path>'],
  [/(?<![\w.:/>])\/(?:[\w.+-]+\/)+(?=[\w.+-])/g, '<path>'],
  [/\b\d+(?:\.\d+)? ?(?:ms|µs|us|s|sec|seconds?)\b/g, '<duration>'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '<id>'],
  [/\b(?:0x[0-9a-f]+|(?=[a-f]*\d)[0-9a-f]{8,})\b/gi, '<id>'],
  [/\b(pid|process)(?: |=|: ?)\d+\b/gi, '$1 <id>'],
  [/:\d{4,5}\b|\bport \d+\b/gi, ':<port>'],
  [/\s+/g, ' '],
];

/** A text without times, durations, ids, ports, the folders of absolute paths, and spacing. */
export function normalise(text: string): string {
  return NOISE.reduce((plain, [shape, name]) => plain.replace(shape, name), text).trim();
}

/** The same for texts that say the same; being an id itself, it must not become part of a text. */
export function fingerprint(...texts: string[]): string {
  return createHash('sha256').update(texts.map(normalise).join('\0')).digest('hex').slice(0, 32);
}

const ERROR_LINE =
  /^(?:E\s+)?[\w.]*(?:Error|Exception|Exit|Failure|Interrupt)\b|^\s*(?:FAILED|ERROR|FAIL:|ERROR:)|\b(?:error|fatal|cannot|denied|not found|no such)\b/i;
const FRAME = /^\s*(?:File "[^"]+", line \d+.*|at .+:\d+:\d+\)?)$/gm;

/**
 * What went wrong, whatever was called: every line that names an error, and the innermost frame. Undefined when no line
 * does; then only the call itself can tell one failure from another.
 */
export function errorFingerprint(result: string): string | undefined {
  const lines = result.split('\n').filter((line) => ERROR_LINE.test(line) && !/^exit \d+$/.test(line));
  if (lines.length === 0) return undefined;
  const distinct = [...new Set(lines.map(normalise))].sort();
  return fingerprint(...distinct, result.match(FRAME)?.at(-1) ?? '');
}
