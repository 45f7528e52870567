import { createInterface } from 'node:readline/promises';
import { CommandError, EXIT } from './terminal.ts';

/** Whether there is somebody to ask: with `--json` a program reads, even at a terminal. */
export function canAsk(json: boolean): boolean {
  return !json && Boolean(process.stdin.isTTY && process.stdout.isTTY);
}

/** What the person at the terminal answers. Throws when they leave instead, with Ctrl-C or Ctrl-D. */
export async function ask(question: string): Promise<string> {
  const prompt = createInterface({ input: process.stdin, output: process.stdout });
  const left = new AbortController();
  prompt.once('SIGINT', () => left.abort());
  prompt.once('close', () => left.abort());
  try {
    return (await prompt.question(question, { signal: left.signal })).trim();
  } catch {
    process.stdout.write('\n');
    throw new CommandError('Left without an answer: nothing was done.', EXIT.interrupted);
  } finally {
    prompt.close();
  }
}
