import { setTimeout as wait } from 'node:timers/promises';
import { type KeptSecrets, keptSecrets } from '#adapters/aws/kept-secrets.ts';
import { Fault } from '#core/fault.ts';
import { type Client, client } from '../client.ts';
import { DEFAULT_AWS } from '../inspect.ts';
import { CommandError, EXIT, type Terminal, terminal } from '../terminal.ts';
import { type Answers, answers } from './answers.ts';

/** One thing that was looked at or done, and what to do where it did not work. */
export interface Check {
  what: string;
  ok: boolean;
  detail: string;
}

/** Where something is connected, and by whom. */
export interface Place {
  api: Client;
  org: string;
  secrets: KeptSecrets;
  answers: Answers;
  out: Terminal;
  /** What the person has to do now; for a program, a line of JSON on standard error. */
  guide(text: string): void;
}

const LOCAL = ['localhost', '127.0.0.1', '[::1]'];
const ORG = /^[a-z0-9][a-z0-9-]{0,63}$/;

/**
 * A product on this machine has its secrets in its own AWS; any other in the account that the operator's credentials are
 * for. The product itself has no way to write them.
 */
export function placeOf({
  url,
  json,
  org,
  aws,
}: {
  url: string;
  json: boolean;
  org: string;
  aws?: string;
}): Place {
  if (!ORG.test(org)) throw new CommandError(`--org ${org}: small letters, digits and hyphens`, EXIT.usage);
  const api = client(url);
  if (aws || LOCAL.includes(new URL(api.url).hostname))
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: aws || process.env.SIGNALBOX_AWS_URL || DEFAULT_AWS,
      ...{ AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' },
    });
  const out = terminal(json);
  const guide = (todo: string) =>
    json ? void process.stderr.write(`${JSON.stringify({ todo })}\n`) : out.say(todo);
  return { api, org, secrets: keptSecrets(), answers: answers(json), out, guide };
}

/** What `work` came to: a fault of the other side is a check that failed, with its words. */
export async function checked(what: string, work: () => Promise<string>): Promise<Check> {
  try {
    return { what, ok: true, detail: await work() };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { what, ok: false, detail: error.message };
  }
}

/** Looks again until there is something, for as long as is worth it. */
export async function until<T>(
  look: () => Promise<T | undefined>,
  { forMs, everyMs }: { forMs: number; everyMs: number },
): Promise<T | undefined> {
  const end = Date.now() + forMs;
  for (;;) {
    const found = await look();
    if (found !== undefined || Date.now() > end) return found;
    await wait(everyMs);
  }
}
