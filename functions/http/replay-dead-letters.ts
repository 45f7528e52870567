import * as z from 'zod/mini';
import { sendAgain } from '#adapters/aws/queue.ts';
import { clock as machineClock } from '#adapters/clock.ts';
import { dynamoDeadLetters } from '#adapters/dynamodb/dead-letters.ts';
import type { DeadLetter, DeadLetters } from '#core/dead-letters.ts';
import { Fault } from '#core/fault.ts';
import { parseJson } from '#core/parse.ts';
import type { Clock } from '#core/ports.ts';
import { deadLettersSeenBy } from '../dead-letter-list.ts';
import { http, type Route } from '../http.ts';
import { PrincipalEnv, type PrincipalOf, principalsFrom } from '../principal.ts';

/** `QUEUES` is JSON: the URL of each queue that a message can be sent to again, by its construct. */
export const Env = PrincipalEnv.extend({
  DEAD_LETTERS_TABLE: z.string(),
  FIRST_ORG: z.string(),
  QUEUES: z.string(),
});
export type Env = z.infer<typeof Env>;

interface Needs {
  principalOf: PrincipalOf;
  deadLetters: DeadLetters;
  /** By the construct that messages wait at. */
  queues: Record<string, string>;
  send: typeof sendAgain;
  clock: Clock;
  firstOrg: string;
}

/** Without an id in the path: all that are dead, so many at once; `cursor` goes on where the last answer ended. */
const Body = z.strictObject({
  of: z.optional(z.literal('platform')),
  queue: z.optional(z.string().check(z.maxLength(100))),
  cursor: z.optional(z.string().check(z.maxLength(500))),
});

const AT_ONCE = 50;

/**
 * POST /api/dead-letters/{id}/replay and /api/dead-letters/replay, by a lead: messages are sent again to where they came from.
 * Safe twice: what was replayed is not sent again before it has died again, and a message that comes twice is done once.
 */
export function replayDeadLetters(needs: Needs): Route {
  return async (request) => {
    const principal = await needs.principalOf(request);
    const { of, queue, cursor } = parseJson(Body, request.text || '{}');
    const org = deadLettersSeenBy(principal, { of, firstOrg: needs.firstOrg });
    const { deadLetters } = needs;
    const replay = (letter: DeadLetter) => again(letter, principal.id, needs);
    if (request.params.id) {
      const letter = await deadLetters.find(org, request.params.id);
      if (!letter) throw new Fault('NotFound', `There is no dead letter ${request.params.id}`);
      return { status: 200, body: { replayed: [await replay(letter)] } };
    }
    const page = await deadLetters.list(org, { status: 'dead', queue, cursor, limit: AT_ONCE });
    const replayed = await Promise.all(page.deadLetters.map(replay));
    return { status: 200, body: { replayed, cursor: page.cursor } };
  };
}

async function again(letter: DeadLetter, by: string, { deadLetters, queues, send, clock }: Needs) {
  const { id, queue, status } = letter;
  if (status === 'replayed') return { id, queue, did: 'replayed before' };
  const url = queues[queue];
  if (!url) return { id, queue, did: `cannot be replayed: ${OF_A_STREAM}` };
  await send(url, letter);
  await deadLetters.markReplayed(letter, by, clock.now().toISOString());
  return { id, queue, did: 'replayed' };
}

const OF_A_STREAM =
  'it names a batch of a table stream, not a message; docs/operating.md says for each what puts it right';

export const handler = http(Env, async (env) =>
  replayDeadLetters({
    principalOf: await principalsFrom(env),
    deadLetters: dynamoDeadLetters(env.DEAD_LETTERS_TABLE),
    queues: parseJson(z.record(z.string(), z.string()), env.QUEUES),
    send: sendAgain,
    clock: machineClock,
    firstOrg: env.FIRST_ORG,
  }),
);
