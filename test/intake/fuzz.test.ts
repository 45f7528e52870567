import { DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type LocalAws, localAws } from '../support/aws.ts';
import {
  ERP,
  GITHUB,
  HOTGLUE,
  jiraPayloads,
  type Payload,
  REST,
  SLACK_COMMANDS,
  SLACK_EVENTS,
} from './payloads.ts';
import { apiKey, connect, KEY, NOW, post, type Sent, signed, textOf } from './post.ts';

const COUNT = process.env.SIGNALBOX_FULL ? 100_000 : 1_500;
const AT_ONCE = 16;
const DOORS = ['erp', 'github', 'hotglue', 'jira', 'rest', 'slack-command', 'slack-event'];

let aws: LocalAws;
const logged: string[] = [];
beforeAll(async () => {
  aws = await localAws();
  await connect('acme');
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    logged.push(String(text));
    return true;
  });
});
afterAll(async () => {
  vi.restoreAllMocks();
  await aws.stop();
});

/** The same numbers in every run: mulberry32. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
type Dice = ReturnType<typeof dice>;

const ODD: unknown[] = [
  ...[
    null,
    true,
    0,
    -1,
    1e308,
    5e-324,
    2 ** 53,
    '',
    ' ',
    '\u0000',
    '\ud800',
    '\u202e@signalbox',
    'x'.repeat(70_000),
  ],
  ...[
    [],
    {},
    [[]],
    [null],
    { __proto__: null },
    { toString: 1 },
    'javascript:alert(1)',
    '2026-13-45T99:99:99Z',
  ],
  ...['275760-09-13T00:00:00Z', '#', 'a#b#c', '../../x', '9'.repeat(400), '\n\r\t', '𐐷'.repeat(400)],
];

/** One place in it is another thing now, or gone, or there twice. */
function bent(value: unknown, roll: Dice, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || depth > 8 || roll(6) === 0) return ODD[roll(ODD.length)];
  const keys = Object.keys(value);
  const key = keys[roll(Math.max(1, keys.length))];
  if (key === undefined) return ODD[roll(ODD.length)];
  const copy: Record<string, unknown> = Array.isArray(value) ? ([...value] as never) : { ...value };
  if (roll(8) === 0) delete copy[key];
  else copy[key] = bent(copy[key], roll, depth + 1);
  return copy;
}

function broken(text: string, roll: Dice): string {
  const at = roll(text.length);
  const cuts = [
    text.slice(0, at),
    text.slice(at),
    `${text}${text}`,
    `[${text}]`,
    `${text.slice(0, at)}\ufffd${text.slice(at)}`,
  ];
  return cuts[roll(cuts.length)] ?? '';
}

const HEADERS = [
  '',
  ' ',
  'sha256=',
  `sha256=${'0'.repeat(64)}`,
  'v1,',
  'x'.repeat(5_000),
  'a,b',
  '\u00e9',
  '-1',
  '1e99',
];

/** A delivery that has gone wrong somewhere; mostly it is signed as it is, so that it gets past the door. */
function mutant(payload: Payload, number: number, roll: Dice): Sent {
  const { source, event } = payload;
  let body = payload.body;
  for (let times = roll(3); times >= 0; times -= 1) body = bent(body, roll);
  const whole = textOf({ source, body });
  const text = roll(10) === 0 ? broken(whole, roll) : whole;
  const sent = {
    org: roll(50) === 0 ? 'nobody' : 'acme',
    source,
    id: `d-${roll(10) === 0 ? 1 : number}`,
    event,
    text,
  };
  if (roll(5) > 0) return sent;
  const names = Object.keys(signed(sent));
  const header = names[roll(names.length)] ?? '';
  return { ...sent, headers: { [header]: HEADERS[roll(HEADERS.length)] ?? '' } };
}

async function rows(TableName: string): Promise<Record<string, { S?: string }>[]> {
  const all = [];
  for await (const { Items = [] } of paginateScan({ client: new DynamoDBClient() }, { TableName }))
    all.push(...Items);
  return all as never;
}

/** Tickets without the delivery they came by, and marks without theirs. */
async function halves(): Promise<string[]> {
  const kept = await rows('Deliveries');
  const raw = kept.filter(({ sk }) => sk?.S?.startsWith('id#'));
  const made = new Set(
    raw.filter(({ outcome }) => outcome?.S === 'ticket').map(({ ticketId }) => ticketId?.S),
  );
  const bodies = new Set(raw.map(({ pk, bodyHash }) => `${pk?.S} ${bodyHash?.S}`));
  const tickets = await rows('Tickets');
  const orphans = kept.filter(
    ({ pk, sk, bodyHash }) => sk?.S?.startsWith('body#') && !bodies.has(`${pk?.S} ${bodyHash?.S}`),
  );
  return [
    ...tickets.filter(({ id }) => !made.has(id?.S)).map(({ id }) => `ticket ${id?.S} without a delivery`),
    ...[...made].filter((id) => !tickets.some((one) => one.id?.S === id)).map((id) => `no ticket ${id}`),
    ...orphans.map(({ sk }) => `mark ${sk?.S} without a delivery`),
  ];
}

it('answers no mutated delivery with 500, writes none by half, and logs no secret', {
  timeout: 7_200_000,
}, async () => {
  const roll = dice(20_261_121);
  const pools = [
    GITHUB.filter(({ event }) => /^(issue|pull)/.test(event ?? '')),
    ...[jiraPayloads(NOW.getTime()), ERP, HOTGLUE, REST, SLACK_EVENTS, SLACK_COMMANDS],
  ];
  const next = (number: number): Sent => {
    const pool = roll(3) === 0 ? GITHUB : (pools[roll(pools.length)] as Payload[]);
    const payload = pool[roll(pool.length)] as Payload;
    const sent = mutant(payload, number, roll);
    return roll(40) === 0 ? { ...sent, text: textOf(payload) } : sent;
  };
  const statuses = new Map<number, number>();
  const doors = new Map<string, number>();
  const failed: string[] = [];
  let number = 0;
  const lane = async () => {
    while (number < COUNT) {
      number += 1;
      const sent = next(number);
      const { statusCode, body } = await post(sent);
      if (statusCode < 300) doors.set(sent.source, (doors.get(sent.source) ?? 0) + 1);
      statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
      if (statusCode >= 500)
        failed.push(`${sent.source} ${sent.event}: ${body} ${logged.at(-1)} ${sent.text.slice(0, 500)}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  const half = await halves();
  vi.restoreAllMocks();
  process.stdout.write(
    `fuzz: ${number} deliveries, answers ${JSON.stringify(Object.fromEntries(statuses))}, taken ${JSON.stringify(Object.fromEntries(doors))}\n`,
  );

  expect(failed).toEqual([]);
  expect(half).toEqual([]);
  expect(
    logged.filter(
      (line) =>
        [KEY, apiKey].some((one) => line.includes(one)) ||
        /(sha256|v0)=[0-9a-f]{64}|v1,[A-Za-z0-9+/]{43}=|sbx_[0-9a-f]{16}_/.test(line),
    ),
  ).toEqual([]);
  expect([...doors.keys()].toSorted()).toEqual(DOORS);
  expect([...statuses.keys()].toSorted()).toEqual(expect.arrayContaining([202, 204, 400, 401]));
});
