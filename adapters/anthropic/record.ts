import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Middleware } from '@anthropic-ai/sdk/client';
import { type Cassette, redacted, unfitToKeep } from '#core/agents/cassette.ts';

export interface Recording {
  folder: string;
  /** Begins the names of its files. */
  name: string;
  /** Values that must not be in any file. */
  secrets: string[];
  now: Date;
  /** Until it is to be recorded anew. */
  days: number;
}

export interface Recorder {
  middleware: Middleware;
  /** Waits until everything is written; answers the files, and why others were not written. */
  done(): Promise<{ files: string[]; refused: string[] }>;
}

const DAY = 86_400_000;

/** Keeps every exchange that comes to an end, without what must not be seen. */
export function recorder({ folder, name, secrets, now, days }: Recording): Recorder {
  const files: string[] = [];
  const refused: string[] = [];
  const writing: Promise<void>[] = [];
  const keep = async (number: number, asked: string, response: Response) => {
    const file = `${name}-${String(number).padStart(2, '0')}.json`;
    const request = JSON.parse(redacted(asked, secrets));
    const cassette: Cassette = {
      recordedAt: now.toISOString(),
      expiresAt: new Date(now.getTime() + days * DAY).toISOString(),
      ...{ model: request.model, request },
      response: {
        status: response.status,
        type: response.headers.get('content-type') ?? '',
        body: redacted(await response.text(), secrets),
      },
    };
    const why = unfitToKeep(cassette, secrets);
    if (why) return void refused.push(`${file}: ${why}`);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, file), `${JSON.stringify(cassette, null, 2)}\n`);
    files.push(file);
  };
  const middleware: Middleware = async (request, next, { options }) => {
    const response = await next(request);
    const number = writing.length + 1;
    const kept = keep(number, JSON.stringify(options?.body), response.clone());
    writing.push(kept.catch((error) => void refused.push(`${name}-${number}: ${error.message}`)));
    return response;
  };
  return {
    middleware,
    done: async () => {
      await Promise.all(writing);
      return { files: files.sort(), refused };
    },
  };
}
