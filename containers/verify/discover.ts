import { join } from 'node:path';
import { catalogProblems, complaints } from '#core/taps/catalog.ts';
import { dummyConfig, type Facts } from '#core/taps/facts.ts';
import type { Hands } from '../hands.ts';
import type { Environment } from './environment.ts';

const LIMIT = 120_000;

/** What is wrong with the catalog that a tap discovers; nothing when it is sound. Its config means nothing. */
export async function discover(
  hands: Hands,
  { repository, out, bin }: Environment,
  facts: Facts,
  signal?: AbortSignal,
): Promise<Discovered> {
  const config = join(out, 'config.json');
  const write = 'printf %s "$CONFIG" > "$1" && exec "$2" --config "$1" --discover';
  const argv = ['sh', '-c', write, 'sh', config, join(bin, facts.script ?? '')];
  const env = { CONFIG: JSON.stringify(dummyConfig(facts)) };
  const { code, stdout, stderr, output, seconds, timedOut } = await hands.run({
    argv,
    cwd: repository,
    env,
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
