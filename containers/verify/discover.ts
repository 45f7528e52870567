import { join } from 'node:path';
import { catalogProblems, complaints } from '#core/taps/catalog.ts';
import type { Hands } from '../hands.ts';
import type { Environment } from './environment.ts';

const LIMIT = 120_000;
const SAMPLES = 'config.sample.json config.example.json sample_config.json config-sample.json'.split(' ');

/** Names of the commands that a project installs. */
export function scripts(pyproject: string): string[] {
  const section = /^\[(?:project|tool\.poetry)\.scripts\]\s*\n((?:(?!\[).*\n?)*)/m.exec(pyproject)?.[1] ?? '';
  return [...section.matchAll(/^\s*["']?([\w.-]+)["']?\s*=/gm)].map(([, name = '']) => name);
}

/** What is wrong with the catalog that a tap discovers; nothing when it is sound. No credentials are given. */
export async function discover(
  hands: Hands,
  { repository, out, bin }: Environment,
  name: string,
  signal?: AbortSignal,
): Promise<Discovered> {
  const pick = `for f in ${SAMPLES.join(' ')}; do [ -f "$f" ] && exec cat "$f"; done; echo '{}'`;
  const config = join(out, 'config.json');
  const argv = [
    'sh',
    '-c',
    `(${pick}) > "$1" && exec "$2" --config "$1" --discover`,
    'sh',
    config,
    join(bin, name),
  ];
  const { code, stdout, stderr, output, seconds, timedOut } = await hands.run({
    argv,
    cwd: repository,
    limit: LIMIT,
    signal,
  });
  if (timedOut) return { problems: ['it did not end in time'], seconds };
  if (code !== 0) return { problems: [`exit ${code}: ${output.slice(-1_000)}`], seconds };
  return { problems: catalogProblems(stdout), seconds, catalog: stdout, complaints: complaints(stderr) };
}

export interface Discovered {
  problems: string[];
  seconds: number;
  /** As the tap printed it, if it ended well. */
  catalog?: string;
  /** Errors that it logged although it ended well: streams may be missing from the catalog. */
  complaints?: string[];
}
