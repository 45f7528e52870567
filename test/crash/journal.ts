import { appendFileSync, readFileSync } from 'node:fs';

/** What somebody outside the local AWS has seen: a client, a function at work, a container. */
export interface Line {
  what: 'boot' | 'try' | 'acknowledged' | 'begin' | 'end' | 'failed';
  name: string;
  value?: unknown;
}

/** Adds a line that no kill takes back. */
export function note(file: string, line: Line): void {
  appendFileSync(file, `${JSON.stringify(line)}\n`);
}

export function lines(file: string): Line[] {
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

export function count(all: Line[], what: Line['what'], name: string): number {
  return all.filter((line) => line.what === what && line.name === name).length;
}
