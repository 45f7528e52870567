import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { secretsManager } from '#adapters/aws/clients.ts';
import { type LocalAws, localAws } from '../support/aws.ts';
import { HOTGLUE, jiraPayloads, type Payload, SLACK_COMMANDS } from './payloads.ts';
import { keepSecrets, NOW, pass, post, textOf } from './post.ts';

/** Of each source that signs, something that opens the door; the API has keys of its own instead. */
const SIGNED = [
  { source: 'github', event: 'ping', body: { zen: 'Speak like a human.' } },
  jiraPayloads(NOW.getTime()).at(-1),
  { source: 'erp', body: { event: 'invoice.paid' } },
  HOTGLUE.at(-1),
  { source: 'slack-event', body: { type: 'url_verification', challenge: 'c' } },
  SLACK_COMMANDS[0],
] as Payload[];
const [OLD, NEW, OTHER] = [
  'the old secret of them',
  'the new secret of them',
  'the secret of others',
] as const;

let aws: LocalAws;
let org: string;
let count = 0;
/** Names of secrets, each time that one is read. */
const reads: string[] = [];

beforeAll(async () => {
  aws = await localAws();
  secretsManager().middlewareStack.add(
    (next, { commandName }) =>
      (given) => {
        if (commandName === 'GetSecretValueCommand')
          reads.push(String((given.input as { SecretId?: string }).SecretId));
        return next(given);
      },
    { step: 'initialize' },
  );
});
afterAll(() => aws.stop());
beforeEach(() => {
  count += 1;
  org = `signing-${count}`;
});

describe.each(SIGNED.map((payload) => [payload.source, payload] as const))('%s', (source, payload) => {
  const sent = async (key: string) => {
    const { event } = payload;
    return (await post({ org, source, id: `d-${count}`, event, text: textOf(payload), key })).statusCode;
  };
  const flood = (key: string) => Promise.all(Array.from({ length: 20 }, () => sent(key)));
  const readsOfOurs = () => reads.filter((name) => name.includes(org)).length;

  it('takes both live secrets, and no other', async () => {
    await keepSecrets(org, [NEW, OLD]);

    expect(await sent(NEW)).toBeLessThan(300);
    expect(await sent(OLD)).toBeLessThan(300);
    expect(await sent(OTHER)).toBe(401);
  });

  it('reads its secret again on a mismatch, at most once each half minute, however many do not fit', async () => {
    await keepSecrets(org, [NEW]);
    expect(new Set(await flood(OTHER))).toEqual(new Set([401]));
    expect(readsOfOurs()).toBe(1);

    pass(30_000);
    expect(new Set(await flood(OTHER))).toEqual(new Set([401]));
    expect(readsOfOurs()).toBe(2);
  });

  it.each([[['']], [['', OLD]], [[]], [['short']]])(
    'never checks an HMAC with an empty key: secrets %j open to nobody',
    async (secrets) => {
      await keepSecrets(org, secrets);

      expect([401, 503]).toContain(await sent(''));
      expect([401, 503]).toContain(await sent(OLD));
    },
  );
});
