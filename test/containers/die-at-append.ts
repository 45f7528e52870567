import { open } from 'node:fs/promises';

/** Preloaded into an agent: kills it with SIGKILL before or after the n-th append to its journal, which alone is synced to disk. */
const [step, moment] = (process.env.DIE_AT ?? '').split(' ');
const handle = await open('/dev/null');
const file = Object.getPrototypeOf(handle) as { datasync(): Promise<void> };
await handle.close();
const { datasync } = file;
let count = 0;

file.datasync = async function sync(this: unknown) {
  const isHere = ++count === Number(step);
  if (isHere && moment === 'before') process.kill(process.pid, 'SIGKILL');
  await datasync.call(this);
  if (isHere) process.kill(process.pid, 'SIGKILL');
};
