import { createHash } from 'node:crypto';

export interface Seen {
  tool: string;
  input: unknown;
  result: string;
}

/** `nudge`: tell the model that it goes round in circles. `stop`: it was told, and did it again. */
export type Verdict = 'go' | 'nudge' | 'stop';

/** How many of the last calls are compared: further back, a repeat is a coincidence. */
const WINDOW = 20;
const STRIKES = 3;

/** Notices the same call with the same result three times in its last twenty. */
export function strikes(): (seen: Seen) => Verdict {
  const recent: string[] = [];
  let nudged = false;
  return (seen) => {
    const mark = fingerprint(seen);
    recent.push(mark);
    if (recent.length > WINDOW) recent.shift();
    if (recent.filter((one) => one === mark).length < STRIKES) return 'go';
    if (nudged) return 'stop';
    nudged = true;
    return 'nudge';
  };
}

/** What differs from call to call without meaning anything (times, durations, ids, folders, ports) does not count. */
function fingerprint({ tool, input, result }: Seen): string {
  const text = `${tool}\0${JSON.stringify(input)}\0${result}`
    .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.\d]*Z?/g, 'TIME')
    .replace(/\b\d+\.\d+ ?s\b/g, 'SECONDS')
    .replace(/\b[0-9a-f]{8,}\b/g, 'ID')
    .replace(/\/tmp\/[\w./-]+/g, 'PATH')
    .replace(/:\d{4,5}\b/g, ':PORT')
    .replace(/\s+/g, ' ');
  return createHash('sha256').update(text).digest('hex');
}
