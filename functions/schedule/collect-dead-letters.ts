import * as z from 'zod/mini';
import { drain } from '#adapters/aws/dead-queue.ts';
import { dynamoDeadLetters } from '#adapters/dynamodb/dead-letters.ts';
import { emit } from '#adapters/emf.ts';
import { log } from '#adapters/log.ts';
import { deadLetterOf } from '#core/dead-letters.ts';
import { parseJson } from '#core/parse.ts';
import { schedule } from '../schedule.ts';

/** `QUEUES` is JSON: the URL of each dead-letter queue, by the construct whose messages die there. */
export const Env = z.object({ DEAD_LETTERS_TABLE: z.string(), QUEUES: z.string() });
export type Env = z.infer<typeof Env>;

/** Every five minutes: files what died, with why, where it can be listed and replayed. A message is removed after it was filed; filed twice, it is one. */
export const handler = schedule(Env, async ({ DEAD_LETTERS_TABLE, QUEUES }) => {
  const deadLetters = dynamoDeadLetters(DEAD_LETTERS_TABLE);
  const queues = Object.entries(parseJson(z.record(z.string(), z.string()), QUEUES));
  return async (now) => {
    for (const [queue, url] of queues) {
      let filed = 0;
      await drain({ url, queue }, async (message) => {
        const reason = await deadLetters.lastFailure(message.messageId);
        const letter = deadLetterOf(message, reason, now.toISOString());
        if (!(await deadLetters.file(letter))) return;
        log.error('a message is a dead letter', { org: letter.org, id: letter.id, queue });
        filed += 1;
      });
      if (filed > 0) emit([{ name: 'dead_letters', unit: 'Count', value: filed }], { queue }, now);
    }
  };
});
