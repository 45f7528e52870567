import { beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '#core/fault.ts';
import { keyOf } from '#core/taps/check.ts';
import { shapeOf } from '#core/taps/shape.ts';
import type { Ticket } from '#core/tickets/ticket.ts';
import { listTaps } from '#functions/task/list-taps.ts';
import { recordCheck } from '#functions/task/record-check.ts';

const TAP = { org: 'acme', projectId: 'orders', repository: 'acme/tap-orders' };
const [ONE, TWO, THREE, FOUR] = ['1', '2', '3', '4'].map((digit) => digit.repeat(40)) as [
  string,
  string,
  string,
  string,
];

let files: Map<string, string>;
let tickets: Map<string, Ticket>;
/** Writes that still succeed; the process dies at the next. */
let left: number;
beforeEach(() => {
  files = new Map();
  tickets = new Map();
  left = Number.POSITIVE_INFINITY;
});

function write(change: () => void): void {
  if (left-- <= 0) throw new Error('killed');
  change();
}

const record = recordCheck({
  clock: { now: () => new Date('2026-11-23T05:00:00Z') },
  artifacts: {
    put: async (key, body) => write(() => files.set(key, String(body))),
    text: async (key) => {
      const text = files.get(key);
      if (text === undefined) throw new Fault('NotFound', key);
      return text;
    },
  },
  tickets: {
    accept: async (ticket) => {
      const known = tickets.get(ticket.id);
      if (!known) write(() => tickets.set(ticket.id, ticket));
      return { ticket: known ?? ticket, created: !known };
    },
  },
});

/** A week's check that found a field of this type at a commit. */
function check(week: string, commit: string, type: string) {
  const shape = shapeOf({ streams: [{ tap_stream_id: 'orders', schema: { properties: { id: { type } } } }] });
  files.set(keyOf.discovered(TAP, commit), JSON.stringify({ commit, shape }));
  return record({ ...TAP, check: week, looked: { state: 'discovered', commit } });
}

const lastRecord = () => JSON.parse(files.get('checks/acme/acme/tap-orders.json') ?? 'null');
const baseline = () => JSON.parse(files.get('catalogs/acme/acme/tap-orders.json') ?? 'null');

describe('a recorded check', () => {
  it('keeps the first catalog, and files a ticket for a change of it', async () => {
    expect(await check('w1', ONE, 'string')).toEqual({ state: 'first' });
    expect(await check('w2', TWO, 'string')).toEqual({ state: 'same' });
    expect(baseline().commit).toBe(TWO);
    const { state, ticketId } = await check('w3', THREE, 'integer');

    expect(state).toBe('drift');
    const ticket = tickets.get(ticketId ?? '');
    expect(ticket?.externalId).toMatch(/^drift:acme\/tap-orders:[0-9a-f]{16}$/);
    expect(ticket?.body).toContain('- breaking, TYPE_CHANGED: orders.id: string → integer');
    expect(ticket?.body).toContain(
      'Code drift: its code has changed too, from commit 222222222222 to 333333333333.',
    );
    expect(lastRecord()).toMatchObject({ check: 'w3', state, ticketId, commit: THREE });
    expect(await check('w4', THREE, 'integer')).toEqual({ state: 'same' });
    expect(tickets.size).toBe(1);
  });

  it('says that the code is the same when it is', async () => {
    await check('w1', ONE, 'string');
    const { ticketId = '' } = await check('w2', ONE, 'integer');

    expect(tickets.get(ticketId)?.body).toContain('Its code has not: both are of commit 111111111111');
  });

  it('takes the same change at a later time for another drift', async () => {
    await check('w1', ONE, 'string');
    await check('w2', TWO, 'integer');
    await check('w3', THREE, 'string');
    await check('w4', FOUR, 'integer');

    expect(tickets.size).toBe(3);
  });

  it('learns nothing from a tap that could not be looked at, and notes why', async () => {
    await check('w1', ONE, 'string');
    const looked = { state: 'inconclusive' as const, reason: 'Invalid: It does not install' };

    expect(await record({ ...TAP, check: 'w2', looked })).toEqual({ state: 'inconclusive' });
    expect(lastRecord()).toMatchObject({ check: 'w2', state: 'inconclusive', reason: looked.reason });
    expect(baseline().commit).toBe(ONE);
  });

  it.each([0, 1, 2, 3])('ends the same when it dies after %i writes and is called again', async (writes) => {
    await check('w1', ONE, 'string');
    left = writes;
    const first = await check('w2', TWO, 'integer').catch(() => undefined);
    expect(first === undefined).toBe(writes < 3);
    left = Number.POSITIVE_INFINITY;
    const again = await check('w2', TWO, 'integer');

    expect(again).toEqual({ state: 'drift', ticketId: expect.stringMatching(/^tk_/) });
    expect(tickets.size).toBe(1);
    expect(lastRecord()).toMatchObject({ check: 'w2', ...again });
    expect(baseline().commit).toBe(TWO);
  });
});

describe('the list of taps', () => {
  it('names each tap of each organization once, and nothing else', async () => {
    const repository = (fullName: string, kind: 'tap' | 'etl') => ({
      fullName,
      kind,
      cloneUrl: 'https://forge.example/x.git',
      apiUrl: 'https://forge.example/api',
      defaultBranch: 'main',
      aliases: [],
    });
    const project = (org: string, id: string, ...repositories: ReturnType<typeof repository>[]) => ({
      org,
      id,
      name: id,
      repositories,
      approvers: ['lead@acme.example'],
      selfApproval: false,
    });
    const projects = [
      project('zeta', 'p', repository('acme/tap-orders', 'tap')),
      project('acme', 'q', repository('acme/tap-orders', 'tap'), repository('acme/etl', 'etl')),
      project('acme', 'p', repository('acme/tap-orders', 'tap')),
    ];

    expect(await listTaps(async () => projects)()).toEqual({
      taps: [
        { org: 'acme', projectId: 'p', repository: 'acme/tap-orders' },
        { org: 'zeta', projectId: 'p', repository: 'acme/tap-orders' },
      ],
    });
  });
});
