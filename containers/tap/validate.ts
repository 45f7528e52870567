import { Worker } from 'node:worker_threads';
import { SingerReport } from '#core/singer/report.ts';

export interface Captured {
  path: string;
  secrets: string[];
  replicationKeys: [stream: string, key: string][];
  /** The run was told to stop early, or was stopped. */
  isLimited: boolean;
}

const LIMIT = 600_000;
const MEMORY_MB = 1_024;

/**
 * Validates what a tap wrote, apart from our own thread: a schema may hold a pattern that takes forever, and is a
 * stranger's. Undefined when it took too long or too much.
 */
export function validated(captured: Captured, limit = LIMIT): Promise<SingerReport | undefined> {
  const worker = new Worker(new URL('./validating.ts', import.meta.url), {
    workerData: captured,
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
    env: {},
  });
  return new Promise((resolve) => {
    const timer = setTimeout(() => void worker.terminate(), limit);
    worker.once('message', (report: unknown) => resolve(SingerReport.parse(report)));
    worker.once('error', () => resolve(undefined));
    worker.once('exit', () => {
      clearTimeout(timer);
      resolve(undefined);
    });
  });
}
