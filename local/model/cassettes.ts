import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Cassette, redacted } from '#core/agents/cassette.ts';
import { refusal } from './refusal.ts';

/** What was really answered to such a request, if it is on a cassette of the folder. Throws when that is too old to be believed. */
export function replayed(folder: string, body: unknown, now: number): Cassette['response'] | undefined {
  const request = JSON.parse(redacted(JSON.stringify(body)));
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  for (const file of files.sort()) {
    const cassette = read(join(folder, file), file);
    if (!isDeepStrictEqual(cassette.request, request)) continue;
    if (Date.parse(cassette.expiresAt) > now) return cassette.response;
    const { model, recordedAt } = cassette;
    throw refusal(
      400,
      `${file} is what ${model} said on ${recordedAt.slice(0, 10)}, which is too long ago: npx signalbox models record`,
    );
  }
  return undefined;
}

function read(path: string, name: string): Cassette {
  const { success, data, error } = Cassette.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (success) return data;
  throw refusal(400, `${name} is no cassette: ${error.issues[0]?.message}`);
}
