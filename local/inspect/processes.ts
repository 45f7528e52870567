import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Asked, type Inside, named, type Row, time } from './inside.ts';

const LOG_SHOWN = 100_000;
const LAST_SHOWN = 300;

/** Every function with what was counted since the start and the end of its log; one function's log. */
export function functions({ services, store }: Inside, { name }: Asked): Row | Row[] {
  const counts = services.functions.counts();
  const logOf = (one: string) => join(store.folder, 'logs', 'functions', `${one}.log`);
  if (name) {
    const all = counts.map((count) => count.name);
    return { log: end(logOf(named(all, name)), LOG_SHOWN) };
  }
  return counts.map((count) => ({
    ...count,
    lastLine: end(logOf(count.name), 10 * LAST_SHOWN)
      .trim()
      .split('\n')
      .at(-1)
      ?.slice(0, LAST_SHOWN),
  }));
}

/** Containers, newest first; what one has written. */
export function tasks({ store }: Inside, { name, limit }: Asked): Row | Row[] {
  if (name) {
    const ids = store
      .sql('SELECT arn FROM ecs_task')
      .all()
      .map(({ arn }) => idOf(arn));
    return written(join(store.folder, 'tasks', named(ids, name)));
  }
  return store
    .sql('SELECT arn, task FROM ecs_task ORDER BY created DESC LIMIT ?')
    .all(limit)
    .map(({ arn, task }) => {
      const { lastStatus, stoppedReason, createdAt, stoppedAt, containers } = JSON.parse(String(task));
      const [container] = containers ?? [];
      return {
        id: idOf(arn),
        container: container?.name,
        status: lastStatus,
        exitCode: container?.exitCode,
        stoppedReason,
        created: time(createdAt),
        stopped: time(stoppedAt),
      };
    });
}

function idOf(arn: unknown): string {
  return String(arn).split('/').at(-1) as string;
}

function written(folder: string): Row {
  const errors = end(join(folder, 'stderr.log'), LOG_SHOWN);
  const log = end(join(folder, 'stdout.log'), LOG_SHOWN);
  return { log: errors ? `${log}\nOn standard error:\n${errors}` : log };
}

/** The last bytes of a file; nothing where there is none yet. */
function end(file: string, bytes: number): string {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0) return '';
  const start = Math.max(0, size - bytes);
  const buffer = Buffer.alloc(size - start);
  const descriptor = openSync(file, 'r');
  readSync(descriptor, buffer, 0, buffer.length, start);
  closeSync(descriptor);
  return buffer.toString();
}
