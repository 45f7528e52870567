import { open } from 'node:fs/promises';

/** Preloaded into an agent: kills it with SIGKILL before or after the n-th append to its journal, the only file it appends to. */
const [step, moment] = (process.env.DIE_AT ?? '').split(' ');
const handle = await open('/dev/null');
const file = Object.getPrototypeOf(handle) as { appendFile(text: string): Promise<void> };
await handle.close();
const { appendFile } = file;
let count = 0;

file.appendFile = async function append(this: unknown, text: string) {
  const isHere = ++count === Number(step);
  if (isHere && moment === 'before') process.kill(process.pid, 'SIGKILL');
  await appendFile.call(this, text);
  if (isHere) process.kill(process.pid, 'SIGKILL');
};
