import { createReadStream } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { lineReader } from '#core/singer/lines.ts';
import { singerValidator } from '#core/singer/validator.ts';
import { redactor } from '#core/taps/redact.ts';
import type { Captured } from './validate.ts';

const { path, secrets, replicationKeys, isLimited } = workerData as Captured;
const validator = singerValidator({
  replicationKeys: new Map(replicationKeys),
  isLimited,
  redact: redactor(secrets),
});
const reader = lineReader(validator.line);
for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 18 })) reader.push(chunk);
reader.end();
parentPort?.postMessage(validator.end());
