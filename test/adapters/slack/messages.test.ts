import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escaped, fitted } from '#adapters/slack/blocks.ts';
import { requestMessage } from '#adapters/slack/messages.ts';
import { authsFor } from '#core/approvals/approval.ts';
import type { PlanPayload } from '#core/approvals/plan.ts';
import type { Question } from '#core/approvals/question.ts';
import { canonical } from '#core/canonical.ts';
import { visible } from '#core/visible.ts';
import { ANNA, NOW, payload, question } from '../../support/approvals.ts';
import { refuseMessage } from '../../support/slack/block-kit.ts';

const ID = 'act_00000000000000000000000000';

function told(change: Partial<PlanPayload> = {}, asked: Partial<Question> = {}) {
  const text = canonical(payload(change));
  const { next } = question({ id: ID, ...asked }).step;
  return { approval: next, payload: text, revision: 1, url: `https://approve.acme.example/a/${ID}` };
}

const ticket = (change: Partial<PlanPayload['ticket']>) => ({ ticket: { ...payload().ticket, ...change } });
const claims = (summary: string) => ({ diagnosis: { ...payload().diagnosis, summary } });

// biome-ignore lint/suspicious/noExplicitAny: blocks are looked at as JSON
type Json = any;

function textsOf(value: Json): Json[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('text' in value && 'type' in value && typeof value.text === 'string') return [value];
  return Object.values(value).flatMap(textsOf);
}

const buttonsOf = ({ blocks }: { blocks: Json[] }) =>
  blocks.flatMap(({ elements = [] }) => elements.map(({ action_id: id }: Json) => id));

describe('a request in Slack', () => {
  it('says what will happen, why it waits, what it costs, and until when', () => {
    const message = requestMessage(told());
    const words = textsOf(message.blocks)
      .map(({ text }) => text)
      .join('\n');

    expect(refuseMessage({ ...message })).toBeUndefined();
    for (const part of [
      'acme/tap-orders',
      'Rule change_code, risk medium',
      '$5.00',
      '2026-11-21 11:00 UTC',
    ]) {
      expect(words).toContain(part);
    }
    expect(buttonsOf(message)).toEqual(['approve', 'decline', 'open']);
  });

  it('of high risk has no button that decides', () => {
    const message = requestMessage(told({}, { risk: 'high', auths: authsFor('high') }));

    expect(buttonsOf(message)).toEqual(['open']);
  });

  it('that others have agreed to says so', () => {
    const given = told({}, { quorum: 2 });
    const votes = [{ by: ANNA, channel: 'web' as const, auth: 'session' as const, at: NOW.toISOString() }];
    const message = requestMessage({ ...given, approval: { ...given.approval, votes } });

    expect(JSON.stringify(message.blocks)).toContain('1 of 2 agree so far: anna@acme.example');
  });

  it('that was changed since has no button that decides', () => {
    const given = told();
    const message = requestMessage({ ...given, approval: { ...given.approval, revision: 2 } });

    expect(buttonsOf(message)).toEqual(['open']);
    expect(JSON.stringify(message.blocks)).toContain('a newer message');
  });

  it.each([
    ['APPROVED', { verdict: 'approve', reason: '' }, 'Approved by anna@acme.example on 2026-11-21 10:00 UTC'],
    [
      'DECLINED',
      { verdict: 'decline', reason: 'No <b>' },
      'Declined by anna@acme.example on 2026-11-21 10:00 UTC: No &lt;b&gt;',
    ],
    ['EXPIRED', undefined, 'Nobody decided by 2026-11-21 11:00 UTC'],
    ['CANCELLED', undefined, 'The run that asked ended'],
    ['INVALIDATED', undefined, 'It was invalidated on'],
  ] as const)('that is %s says who and when, and has nothing left to press', (status, decided, words) => {
    const given = told();
    const decision = decided && {
      ...decided,
      ...{ id: 'dec_1', by: ANNA, channel: 'web' as const, auth: 'session' as const },
    };
    const approval = {
      ...given.approval,
      status,
      decidedAt: NOW.toISOString(),
      ...(decision && { decision }),
    };
    const message = requestMessage({ ...given, approval });

    expect(refuseMessage({ ...message })).toBeUndefined();
    expect(JSON.stringify(message)).toContain(words);
    expect(buttonsOf(message)).toEqual(['open']);
  });
});

describe('T29: lies in the loop', () => {
  it('the header and the facts are the payload’s, whatever the agent says of it', () => {
    const lie = 'Only fixes a typo in acme/docs. Approved by ben@acme.example';
    const { blocks } = requestMessage(told(claims(lie))) as { blocks: Json[] };
    const at = blocks.findIndex(({ text }) => text?.text.includes('Only fixes a typo'));

    expect(blocks[0]).toMatchObject({
      type: 'header',
      text: { text: 'Change code in acme/tap-orders for ETL-142' },
    });
    expect(blocks.filter(({ text }) => text?.text.includes('Only fixes a typo'))).toHaveLength(1);
    expect(blocks[at].text.text).toMatch(/^The agent says \(not verified\):\n/);
    expect(at).toBe(blocks.length - 2);
  });

  it('a kind that nobody described says that it cannot be summarised', () => {
    const given = told({}, { type: 'mail.everybody' });
    const { blocks } = requestMessage({ ...given, payload: '{"to":"all@acme.example"}' }) as {
      blocks: Json[];
    };

    expect(blocks[0].text.text).toContain('cannot be summarised');
    expect(textsOf(blocks).map(({ text }) => text)).toContainEqual(
      expect.stringContaining('Everything you approve:\n{\n "to": "all@acme.example"\n}'),
    );
  });
});

/** What somebody may write into a ticket, a branch or a plan to look like something else in Slack. */
const CORPUS = [
  '<https://evil.example|Approve>',
  '<!channel> <!here> <!everyone>',
  '<@U0ANNA> <#C0GENERAL>',
  '@channel @here',
  '<!date^1392734382^{date}|now>',
  '*bold* _it_ ~no~ `code` ```block```',
  ':white_check_mark: Approved',
  '&lt;script&gt; &amp;amp;',
  '<script>alert(1)</script>',
  '</textarea><img src=x onerror=alert(1)>',
  'javascript:alert(1) http://evil.example',
  '\u202Egpj.exe \u2066x\u2069',
  'zero\u200Bwidth\u00ADsoft\uFEFFbom',
  'next\nCost: $0.00\r\nRule: none',
  '\u0000\u001B[2K\u0007bell',
  'а homoglyph: аcme/tap-оrders',
  '{{7*7}} #{7*7}',
  '"quotes" \'and\' \\ backslashes',
];

describe('T44: injection', () => {
  const everywhere = (vector: string) => ({
    ticket: { ...payload().ticket, externalId: vector, title: vector, reporter: vector, body: vector },
    repository: { fullName: 'acme/tap-orders', base: vector },
    diagnosis: { ...payload().diagnosis, summary: vector, files: [vector], plan: [vector] },
  });

  it('every field that a stranger fills is shown as it is, in plain text', async () => {
    const messages = CORPUS.map((vector) => requestMessage(told(everywhere(vector))));
    const [whole] = messages;
    const parts = messages.map(({ text, blocks }) => ({ text, header: blocks[0], claim: blocks.at(-2) }));
    const lines = [whole, ...parts].map((part) => JSON.stringify(part)).join('\n');
    const stable = lines.replace(/(?<=Fingerprint: )[0-9a-f]{8}|(?<=\|1\|)[0-9a-f]{16}/g, 'hash');

    await expect(`${stable}\n`).toMatchFileSnapshot('corpus.jsonl');
  });

  it.each(CORPUS)('%j becomes no link, no mention, no mark and no other line', (vector) => {
    const message = requestMessage(told(everywhere(vector)));
    const texts = textsOf(message.blocks);
    const lines = texts.flatMap(({ text }) => text.split('\n'));

    expect(refuseMessage({ ...message })).toBeUndefined();
    expect(texts.filter(({ type, emoji }) => type !== 'plain_text' || emoji !== false)).toEqual([]);
    expect(texts.filter(({ text }) => /[<>]|&(?!(amp|lt|gt);)/.test(text))).toEqual([]);
    expect(message.text).not.toMatch(/[<>]|&(?!(amp|lt|gt);)/);
    expect(lines.filter((line) => line.startsWith('Cost:'))).toHaveLength(1);
    expect(texts.filter(({ text }) => visible(text) !== text)).toEqual([]);
  });
});

it('T44: a rule, a limit or a fact of several lines stays on one', () => {
  const over = [{ fact: 'cost_usd', value: '9\nCost: $0.00', limit: '5' }];
  const texts = textsOf(requestMessage(told({}, { rule: 'a\nCost: $0.00', over })).blocks);
  const lines = texts.flatMap(({ text }) => text.split('\n'));

  expect(lines.filter((line) => line.startsWith('Cost:'))).toHaveLength(1);
});

describe('what is too long', () => {
  it.each([
    ['a headline', ticket({ externalId: 'ETL '.repeat(100) })],
    ['a title', ticket({ title: 't&'.repeat(1_000) })],
    ['an agent’s claim', claims('x<'.repeat(1_900))],
  ])('%s is taken by Slack', (_, change) => {
    expect(refuseMessage({ ...requestMessage(told(change)) })).toBeUndefined();
  });

  it('a headline longer than a header is there whole below it', () => {
    const message = requestMessage(told(ticket({ externalId: `ETL ${'long '.repeat(60)}end` })));

    expect(JSON.stringify(message.blocks)).toContain('long end');
    expect(buttonsOf(message)).toContain('approve');
  });

  it.each([
    ['one fact that fits into no section', { files: ['f'.repeat(4_000)] }],
    [
      'many that fit into no message',
      { files: Array.from({ length: 40 }, (_, at) => `${at}/`.padEnd(180, 'd')) },
    ],
    ['one of characters that are escaped', { files: ['<&>'.repeat(900)] }],
    [
      'a plan of the agent’s that is too long',
      { plan: Array.from({ length: 20 }, () => 'step '.repeat(90)) },
    ],
  ])('is never approved unseen: %s', (_, change) => {
    const message = requestMessage(told({ diagnosis: { ...payload().diagnosis, ...change } }));

    expect(refuseMessage({ ...message })).toBeUndefined();
    expect(buttonsOf(message)).toEqual(['decline', 'open']);
    expect(JSON.stringify(message.blocks)).toContain('Not everything that decides fits here');
    expect(JSON.stringify(message.blocks)).toContain('more characters, on the page');
  });

  it.each([
    ['a kind that nobody described', 'mail.everybody', {}],
    [
      'a mail, whose headline names three of them',
      'email.send',
      { subject: 's', body: 'b', cc: [], bcc: [] },
    ],
  ])('is never approved unseen: everything in the payload of %s', (_, type, rest) => {
    const given = told({}, { type });
    const to = Array.from({ length: 300 }, (_, at) => `person${at}@acme.example`);
    const short = requestMessage({ ...given, payload: canonical({ ...rest, to: to.slice(0, 20) }) });
    const long = requestMessage({ ...given, payload: canonical({ ...rest, to }) });

    expect(buttonsOf(short)).toEqual(['approve', 'decline', 'open']);
    expect(JSON.stringify(short.blocks)).toContain('person19@acme.example');
    expect(refuseMessage({ ...long })).toBeUndefined();
    expect(buttonsOf(long)).toEqual(['decline', 'open']);
  });

  it('T29: a mail to everybody that says it is to Bob names everybody in the header', () => {
    const given = told({}, { type: 'email.send', claim: 'Just a note to Bob' });
    const mail = { to: ['all@acme.example'], cc: [], bcc: [], subject: 'A note to Bob', body: 'Hi Bob' };
    const { blocks } = requestMessage({ ...given, payload: canonical(mail) }) as { blocks: Json[] };

    expect(blocks[0].text.text).toBe('Send a mail to all@acme.example: A note to Bob');
    expect(blocks.at(-2).text.text).toBe('The agent says (not verified):\n│ Just a note to Bob');
  });

  it('is cut between characters, with how much is left', () => {
    const cut = fitted('👩‍🚀<'.repeat(200), 150);

    expect(cut).toMatch(/… \(\d+ more characters, on the page\)$/);
    expect(cut.replace(/… .*/, '').isWellFormed()).toBe(true);
    expect(fitted('short', 150)).toBe('short');
  });
});

/** Anything that may stand in a payload: what looks like markup, what hides, astral planes, very long. */
const anything = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }).filter((text) => text.isWellFormed()),
  fc.constantFrom(...CORPUS),
  fc.string({ unit: fc.constantFrom('&', '<', '>', '\n', '\u202E', '👩‍🚀', 'x'), maxLength: 4_000 }),
);

it('T44: whatever a payload holds, Slack takes the message, nothing in it is markup, and what can be approved is whole', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ maxLength: 20 }), anything, { maxKeys: 8 }), (fields) => {
      const given = told({}, { type: 'mail.everybody' });
      const message = requestMessage({ ...given, payload: canonical(fields) });
      const texts = textsOf(message.blocks).map(({ text }) => text as string);
      const words = texts.join('\n');

      expect(refuseMessage({ ...message })).toBeUndefined();
      expect(texts.filter((text) => /[<>]|&(?!(amp|lt|gt);)/.test(text) || !text.isWellFormed())).toEqual([]);
      if (!buttonsOf(message).includes('approve')) return;
      for (const value of Object.values(fields))
        expect(words).toContain(escaped(visible(JSON.stringify(value))));
    }),
    { numRuns: process.env.SIGNALBOX_FULL ? 5_000 : 300 },
  );
});

describe('the double', () => {
  const text = (length: number) => ({ type: 'plain_text', text: 'x'.repeat(length) });
  const button = { type: 'button', action_id: 'a', text: text(3) };

  it.each([
    ['a header of 151', [{ type: 'header', text: text(151) }]],
    ['a section of 3,001', [{ type: 'section', text: text(3_001) }]],
    ['an empty section', [{ type: 'section', text: text(0) }]],
    ['51 blocks', Array(51).fill({ type: 'section', text: text(1) })],
    ['26 buttons', [{ type: 'actions', elements: Array(26).fill(button) }]],
    ['a button of 76', [{ type: 'actions', elements: [{ ...button, text: text(76) }] }]],
    ['a value of 2,001', [{ type: 'actions', elements: [{ ...button, value: 'x'.repeat(2_001) }] }]],
    ['a member that it does not know', [{ type: 'section', text: text(1), colour: 'red' }]],
    ['a block that it does not know', [{ type: 'table' }]],
    ['too much in sum', Array(5).fill({ type: 'section', text: text(2_900) })],
  ])('refuses %s, as Slack does', (_, blocks) => {
    expect(refuseMessage({ text: 'x', blocks })?.error).toMatch(/^(invalid_blocks|msg_blocks_too_long)$/);
  });

  it('says where, as Slack does', () => {
    expect(refuseMessage({ text: 'x', blocks: [{ type: 'header', text: text(151) }] })).toMatchObject({
      response_metadata: { messages: [expect.stringContaining('[json-pointer:/blocks/0/text/text]')] },
    });
  });
});
