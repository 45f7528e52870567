import { setTimeout as sleep } from 'node:timers/promises';
import { answering } from '#containers/answering.ts';

/** A task that goes wrong in the way that it is told to; see heartbeat.test.ts. */
const [, , mode = ''] = process.argv;

const asked = { name: `hangs-${mode}`, token: mode, beatSeconds: '0.3', stuckSeconds: 0.6 };
await answering(asked, async ({ progress, signal }) => {
  if (mode === 'idles') progress();
  if (mode === 'stutters') setInterval(() => block(400), 20);
  process.once('message', () => block(3_000));
  for (;;) {
    if (mode !== 'idles') progress();
    await sleep(50, undefined, { signal });
  }
});
process.exit();

function block(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
