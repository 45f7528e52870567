import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { CommandError, EXIT } from './terminal.ts';

/** Whether there is somebody to ask: with `--json` a program reads, even at a terminal. */
export function canAsk(json: boolean): boolean {
  return !json && Boolean(process.stdin.isTTY && process.stdout.isTTY);
}

/** What the person at the terminal answers. Throws when they leave instead, with Ctrl-C or Ctrl-D. */
export function ask(question: string): Promise<string> {
  return asked(question, process.stdout);
}

/** The same for what nobody may read over a shoulder: nothing of it is shown. */
export function askSecret(question: string): Promise<string> {
  return asked(question, new Writable({ write: (_chunk, _encoding, done) => done() }));
}

async function asked(question: string, output: NodeJS.WritableStream): Promise<string> {
  const prompt = createInterface({ input: process.stdin, output, terminal: true });
  const isShown = output === process.stdout;
  // Only now does the terminal itself show nothing any more.
  if (!isShown) process.stdout.write(question);
  const left = new AbortController();
  prompt.once('SIGINT', () => left.abort());
  prompt.once('close', () => left.abort());
  try {
    const answer = await prompt.question(isShown ? question : '', { signal: left.signal });
    if (!isShown) process.stdout.write('\n');
    return answer.trim();
  } catch {
    process.stdout.write('\n');
    throw new CommandError('Left without an answer: nothing was done.', EXIT.interrupted);
  } finally {
    prompt.close();
  }
}
