import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/** Preloaded into an agent: kills it with SIGKILL before or after the n-th append to its journal, the only file it appends to. */
const [step, moment] = (process.env.DIE_AT ?? '').split(' ');
const { appendFileSync } = fs;
let count = 0;

fs.appendFileSync = (...all: Parameters<typeof appendFileSync>) => {
  const isHere = ++count === Number(step);
  if (isHere && moment === 'before') process.kill(process.pid, 'SIGKILL');
  appendFileSync(...all);
  if (isHere) process.kill(process.pid, 'SIGKILL');
};
syncBuiltinESMExports();
