import { beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '#core/fault.ts';
import type { Project } from '#core/projects/project.ts';
import { type CheckRecord, keyOf, type Seen } from '#core/taps/check.ts';
import { shapeOf } from '#core/taps/shape.ts';
import { ticketId } from '#core/tickets/accept.ts';
import type { Ticket, TicketStatus } from '#core/tickets/ticket.ts';
import { changeBy } from '#core/tickets/told.ts';
import { listTaps } from '#functions/task/list-taps.ts';
import { recordCheck } from '#functions/task/record-check.ts';

const TAP = { org: 'acme', projectId: 'orders', repository: 'acme/tap-orders' };
const [ONE, TWO, THREE] = ['1', '2', '3'].map((digit) => digit.repeat(40)) as [string, string, string];

let files: Map<string, string>;
let tickets: Map<string, Ticket>;
let rows: CheckRecord[];
let project: Partial<Project['repositories'][number]>;
/** Writes that still succeed; the process dies at the next. */
let left: number;
beforeEach(() => {
  files = new Map();
  tickets = new Map();
  rows = [];
  project = {};
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
    follow: async (told) => {
      const ticket = tickets.get(ticketId(told));
      const change = ticket && changeBy(ticket, told);
      if (change) write(() => tickets.set(ticket.id, { ...ticket, ...change }));
      return { outcome: change ? 'update' : 'stale' };
    },
    find: async (_, id) => tickets.get(id),
  },
  projects: {
    find: async (org, id) => ({
      ...{ org, id, name: id, approvers: ['lead@acme.example'], selfApproval: false },
      repositories: [
        repository('acme/tap-orders', 'tap', project),
        repository('acme/target-ledger', 'target'),
      ],
    }),
  },
  checks: { put: async (row) => write(() => rows.push(row)) },
});

function repository(
  fullName: string,
  kind: 'tap' | 'etl' | 'target',
  more: Partial<Project['repositories'][number]> = {},
) {
  return {
    fullName,
    kind,
    cloneUrl: 'https://forge.example/x.git',
    apiUrl: 'https://forge.example/api',
    defaultBranch: 'main',
    aliases: [],
    ...more,
  };
}

type Properties = Record<string, object>;

/** A week's check, whose container saw these properties of `orders`, or these streams, at a commit. */
function check(
  week: string,
  commit: string,
  seen: {
    fields?: Properties;
    streams?: Record<string, Properties>;
    isSecond?: boolean;
  } & Pick<Partial<Seen>, 'sampled' | 'unsampled' | 'discovery' | 'made'>,
) {
  const streams = Object.entries(seen.streams ?? { orders: { id: { type: 'string' }, ...seen.fields } });
  const shape = shapeOf({
    streams: streams.map(([name, properties]) => ({ tap_stream_id: name, schema: { properties } })),
  });
  const { sampled, unsampled, discovery, made } = seen;
  const file = { commit, shape, sampled, unsampled, discovery, made };
  files.set(keyOf.discovered(TAP, commit), JSON.stringify(file));
  const began = '2026-11-23T05:00:00.000Z';
  return record({
    ...TAP,
    check: week,
    began,
    isSecond: seen.isSecond ?? false,
    looked: { state: 'discovered', commit },
  });
}

const text = { total: { type: 'string' } };
const number = { total: { type: 'integer' } };
const lastRecord = () => JSON.parse(files.get('checks/acme/acme/tap-orders.json') ?? 'null');
const newest = () => JSON.parse(files.get('catalogs/acme/acme/tap-orders.json') ?? 'null').past.at(-1);
const ticketOf = ({ ticketId = '' }: { ticketId?: string | undefined }) => tickets.get(ticketId);
function end(answer: { ticketId?: string | undefined }, status: TicketStatus) {
  const ticket = ticketOf(answer);
  if (ticket) tickets.set(ticket.id, { ...ticket, status });
}
const merge = (answer: { ticketId?: string | undefined }) => end(answer, 'merged');

describe('a recorded check', () => {
  it('keeps the first catalog, and files a ticket for a change of it', async () => {
    expect(await check('w1', ONE, { fields: text })).toEqual({ state: 'first' });
    expect(await check('w2', TWO, { fields: text })).toEqual({ state: 'same' });
    expect(newest().commit).toBe(TWO);
    const answer = await check('w3', THREE, { fields: number });

    expect(answer.state).toBe('drift');
    expect(ticketOf(answer)?.externalId).toMatch(/^drift:acme\/tap-orders:[0-9a-f]{16}$/);
    expect(ticketOf(answer)?.body).toContain('- breaking, TYPE_CHANGED: orders.total: string → integer');
    expect(ticketOf(answer)?.body).toContain('Code drift: our own code has changed');
    expect(ticketOf(answer)?.body).toContain('In the same project, and not asked: acme/target-ledger.');
    expect(lastRecord()).toMatchObject({
      check: 'w3',
      ...answer,
      commit: THREE,
      baseline: TWO,
      counts: { breaking: 1 },
    });
    expect(rows.at(-1)).toEqual(lastRecord());
  });

  it('has one ticket for a drift, in whatever week and at whatever commit it is seen', async () => {
    await check('w1', ONE, { fields: text });
    const first = await check('w2', ONE, { fields: number });

    expect(ticketOf(first)?.body).toContain('API drift: our side is as it was');
    expect(await check('w3', ONE, { fields: number })).toEqual(first);
    expect(await check('w4', TWO, { fields: number })).toEqual(first);
    expect(tickets.size).toBe(1);
  });

  it('has a ticket that is worked on tell of what changes meanwhile, and files no second one', async () => {
    const note = { note: { type: 'string' } };
    await check('w1', ONE, { fields: text });
    const first = await check('w2', ONE, { fields: { ...text, ...note } });
    end(first, 'in_review');

    expect(await check('w3', ONE, { fields: { ...number, ...note } })).toEqual(first);
    expect(ticketOf(first)).toMatchObject({
      status: 'in_review',
      body: expect.stringMatching(/orders\.total: string → integer.*orders\.note: not there → string/s),
      comments: [{ text: expect.stringMatching(/^It has changed once more: orders\.total/) }],
    });
    await check('w4', ONE, { fields: { total: { type: 'boolean' }, ...note } });
    expect(ticketOf(first)?.body).toMatch(/orders\.total: string → boolean/);
    expect(ticketOf(first)?.body).not.toMatch(/integer/);
    expect(tickets.size).toBe(1);
    merge(first);
    expect(await check('w5', ONE, { fields: { total: { type: 'boolean' }, ...note } })).toEqual({
      state: 'rebaselined',
    });
    expect(tickets.size).toBe(1);
  });

  it.each(['closed', 'declined', 'cancelled'] as const)(
    'keeps its baseline when a ticket is %s, and says so once',
    async (status) => {
      await check('w1', ONE, { fields: text });
      const first = await check('w2', ONE, { fields: number });
      end(first, status);
      const said = () => ({ closed: lastRecord().closed, comments: ticketOf(first)?.comments?.length });

      expect(await check('w3', ONE, { fields: number })).toEqual(first);
      expect(said()).toEqual({ closed: [first.ticketId], comments: 1 });
      expect(await check('w4', ONE, { fields: number })).toEqual(first);
      expect(said()).toEqual({ closed: undefined, comments: 1 });
      expect(newest().shape.orders.fields.total.types).toEqual(['string']);
      expect(tickets.size).toBe(1);
    },
  );

  it('files what is new beside a drift that is with a person, and only that', async () => {
    await check('w1', ONE, { fields: text });
    end(await check('w2', ONE, { fields: number }), 'escalated');
    const second = await check('w3', ONE, { fields: { ...number, note: { type: 'string' } } });

    expect(tickets.size).toBe(2);
    expect(ticketOf(second)?.body).toContain('orders.note');
    expect(ticketOf(second)?.body).not.toContain('orders.total');
    expect(ticketOf(second)?.priority).toBe('low');
  });

  it('takes what was merged for the baseline, in the streams that the ticket was about', async () => {
    const refunds = { id: { type: 'string' } };
    await check('w1', ONE, { streams: { orders: text, refunds } });
    merge(await check('w2', ONE, { streams: { orders: number, refunds } }));
    const seen = { orders: { ...number, note: { type: 'string' } }, refunds: { id: { type: 'integer' } } };
    const later = await check('w3', TWO, { streams: seen });

    expect(ticketOf(later)?.body).toContain('refunds.id');
    expect(ticketOf(later)?.body).toContain('Code drift');
    expect(ticketOf(later)?.body).not.toContain('orders.note');
    merge(later);
    expect(await check('w4', TWO, { streams: seen })).toEqual({ state: 'rebaselined' });
    expect(await check('w5', TWO, { streams: seen })).toEqual({ state: 'same' });
    expect(await check('w6', TWO, { streams: { ...seen, orders: text } })).toMatchObject({
      state: 'unconfirmed',
    });
    expect(tickets.size).toBe(2);
  });

  it('sees small steps add up', async () => {
    await check('w1', ONE, { fields: { total: { type: ['integer', 'boolean'] } } });
    merge(await check('w2', ONE, { fields: { total: { type: 'boolean' } } }));
    await check('w3', ONE, { fields: { total: { type: 'boolean' } } });
    merge(await check('w4', ONE, { fields: { total: { type: ['boolean', 'null'] } } }));
    await check('w5', ONE, { fields: { total: { type: ['boolean', 'null'] } } });
    expect(lastRecord().state).toBe('rebaselined');
    merge(await check('w6', ONE, { fields: { total: { type: ['boolean', 'number', 'null'] } } }));
    await check('w7', ONE, { fields: { total: { type: ['boolean', 'number', 'null'] } } });
    const last = await check('w8', ONE, { fields: { total: { type: ['number', 'null'] } } });

    expect(ticketOf(last)?.priority).toBe('high');
    expect(ticketOf(last)?.body).toMatch(
      /breaking, TYPE_CHANGED: orders.total: boolean → number.*in small steps since commit 1{12}/,
    );
  });

  it('does not believe that something is gone before a second look has seen the same', async () => {
    const all = { orders: text, refunds: text };
    await check('w1', ONE, { streams: all });

    expect(await check('w2', ONE, { streams: { orders: text } })).toEqual({ state: 'unconfirmed' });
    expect(tickets.size).toBe(0);
    expect(await check('w2', ONE, { streams: all, isSecond: true })).toEqual({ state: 'same' });
    expect(lastRecord().unsure).toHaveLength(1);
    await check('w3', ONE, { streams: { orders: text } });
    const sure = await check('w3', ONE, { streams: { orders: text }, isSecond: true });

    expect(ticketOf(sure)?.body).toContain('breaking, STREAM_REMOVED: stream refunds');
  });

  it.each([
    ['a lead', { discovery: 'inferred' }, {}],
    ['the code', {}, { discovery: { kind: 'inferred', reason: 'infer()' } }],
  ] as const)('knows from %s that types made of sample rows turn with the rows', async (_, said, read) => {
    project = said;
    const fields = { total: { type: ['null', 'string'] }, note: { type: 'string' } };
    await check('w1', ONE, { fields, ...read });
    const seen = {
      fields: { total: { type: ['null', 'integer'] }, note: { type: ['string', 'null'] } },
      ...read,
    };
    await check('w2', ONE, seen);

    expect(await check('w2', ONE, { ...seen, isSecond: true })).toEqual({ state: 'same' });
    expect(lastRecord().changes.map(({ isNoise }: { isNoise: boolean }) => isNoise)).toEqual([true, true]);
    expect(tickets.size).toBe(0);
  });

  it('names who reads what changed', async () => {
    project = { consumers: [{ name: 'billing', reads: { orders: ['total'] } }] };
    await check('w1', ONE, { fields: text });
    await check('w2', ONE, {});
    const gone = await check('w2', ONE, { isSecond: true });

    expect(ticketOf(gone)?.body).toMatch(/breaking, PROPERTY_REMOVED: orders.total: .*read by billing/);
  });

  it('sees in a sample what a catalog cannot show, once per drift', async () => {
    const stream = { records: 20, filled: ['id', 'total'], undeclared: [], wrong: [] };
    const good = { orders: stream };
    await check('w1', ONE, { sampled: good });
    await check('w2', ONE, { sampled: good });
    const changed = {
      orders: {
        ...stream,
        filled: ['id'],
        undeclared: ['parentData.idn'],
        wrong: [{ path: 'id', text: '"x" is no integer' }],
      },
    };
    await check('w3', ONE, { sampled: changed });
    const drift = await check('w3', ONE, { sampled: changed, isSecond: true });
    const rules = lastRecord().changes.map(({ rule }: { rule: string }) => rule);

    expect(rules).toEqual(['RECORD_TYPE_VIOLATION', 'FIELD_NEVER_SEEN', 'UNDECLARED_FIELD_SEEN']);
    expect(ticketOf(drift)?.body).toContain('API drift');
    const worse = { orders: { ...changed.orders, wrong: [{ path: 'id', text: '"y" is no integer' }] } };
    expect(await check('w4', ONE, { sampled: worse })).toEqual(drift);
    await check('w5', ONE, { sampled: { orders: { ...stream, records: 0, filled: [] } } });
    const empty = await check('w5', ONE, {
      sampled: { orders: { ...stream, records: 0, filled: [] } },
      isSecond: true,
    });
    expect(ticketOf(empty)?.body).toContain('VOLUME_ZERO');
    expect(await check('w6', ONE, { sampled: good })).toEqual({ state: 'same' });
  });

  it('takes a stream that cannot be read any more for gone once it has been seen twice, and one that never could for nothing', async () => {
    const good = { orders: { records: 20, filled: ['id'], undeclared: [], wrong: [] } };
    const failed = 'API_CHANGE, http-404: not there';
    const broken = {
      orders: { ...good.orders, records: 0, filled: [], failed },
      refunds: { ...good.orders, records: 0, filled: [], failed },
    };
    await check('w1', ONE, { sampled: good });
    const seen = { sampled: broken, unsampled: failed };

    expect(await check('w2', ONE, seen)).toEqual({ state: 'unconfirmed' });
    expect(await check('w2', ONE, { sampled: good, isSecond: true })).toEqual({ state: 'same' });
    await check('w3', ONE, seen);
    const sure = await check('w3', ONE, { ...seen, isSecond: true });
    expect(ticketOf(sure)?.body).toContain(
      'breaking, READ_FAILED: stream orders: read to its end → API_CHANGE, http-404: not there',
    );
    expect(ticketOf(sure)?.body).not.toContain('refunds');
  });

  it('does not say that nothing has changed when the sample says nothing, and still tells what the catalog shows', async () => {
    const unsampled = 'AUTH, http-401: Unauthorized';
    await check('w1', ONE, { fields: text });

    expect(await check('w2', ONE, { fields: text, unsampled })).toEqual({ state: 'inconclusive' });
    expect(lastRecord().reason).toBe(unsampled);
    expect(await check('w3', TWO, { fields: number, unsampled })).toMatchObject({ state: 'drift' });
    expect(lastRecord().reason).toBe(unsampled);
  });

  it.each([
    ['another config', { config: 'b' }, 'Drift by configuration'],
    ['the same config', { config: 'a' }, 'API drift'],
  ])('knows by %s whose doing it is what a catalog or a sample shows', async (_, made, told) => {
    const stream = { records: 20, filled: ['id'], undeclared: [], wrong: [] };
    await check('w1', ONE, { fields: text, made: { config: 'a' }, sampled: { orders: stream } });
    const sampled = { orders: { ...stream, undeclared: ['more'] } };
    const drift = await check('w2', ONE, { fields: number, made, sampled });

    expect(ticketOf(drift)?.body).toContain(told);
    expect(lastRecord().changes).toHaveLength(2);
    expect(new Set(lastRecord().changes.map(({ cause }: { cause: string }) => cause)).size).toBe(1);
  });

  it('learns nothing from a tap that could not be looked at, and notes why', async () => {
    await check('w1', ONE, { fields: text });
    const looked = { state: 'inconclusive' as const, reason: 'Invalid: It does not install' };
    const asked = { ...TAP, check: 'w2', began: '2026-11-30T05:00:00.000Z', isSecond: false, looked };

    expect(await record(asked)).toEqual({ state: 'inconclusive' });
    expect(lastRecord()).toMatchObject({ check: 'w2', state: 'inconclusive', reason: looked.reason });
    expect(newest().commit).toBe(ONE);
  });

  it('begins anew with a baseline of an earlier form', async () => {
    files.set(keyOf.baseline(TAP), JSON.stringify({ commit: ONE, shape: {} }));

    expect(await check('w1', ONE, { fields: text })).toEqual({ state: 'first' });
  });

  it.each([0, 1, 2, 3, 4])(
    'ends the same when it dies after %i writes and is called again',
    async (writes) => {
      await check('w1', ONE, { fields: text });
      left = writes;
      const first = await check('w2', TWO, { fields: number }).catch(() => undefined);
      expect(first === undefined).toBe(writes < 4);
      left = Number.POSITIVE_INFINITY;
      const again = await check('w2', TWO, { fields: number });

      expect(again).toEqual({ state: 'drift', ticketId: expect.stringMatching(/^tk_/) });
      expect(tickets.size).toBe(1);
      expect(lastRecord()).toMatchObject({ check: 'w2', ...again });
      expect(newest()).toMatchObject({ commit: ONE, told: [expect.anything()] });
    },
  );
});

describe('the list of taps', () => {
  const project = (org: string, id: string, ...repositories: Project['repositories']) => ({
    ...{ org, id, name: id, repositories, approvers: ['lead@acme.example'], selfApproval: false },
  });
  const projects = async () => [
    project('zeta', 'p', repository('acme/tap-orders', 'tap')),
    project('acme', 'q', repository('acme/tap-orders', 'tap'), repository('acme/etl', 'etl')),
    project('acme', 'p', repository('acme/tap-orders', 'tap'), repository('acme/tap-refunds', 'tap')),
  ];
  const put = async (key: string, body: string | Uint8Array) => void files.set(key, String(body));
  const list = listTaps({ projects, artifacts: { put }, bucket: 'files' });
  const listed = () => JSON.parse(files.get('checks/lists/w1.json') ?? '');

  it('names each tap of each organization once, and nothing else', async () => {
    expect(await list({ check: 'w1', only: {}, schedule: 'weekly' })).toEqual({
      bucket: 'files',
      key: 'checks/lists/w1.json',
      taps: 3,
    });
    expect(listed()).toEqual([
      { org: 'acme', projectId: 'p', repository: 'acme/tap-orders' },
      { org: 'acme', projectId: 'p', repository: 'acme/tap-refunds' },
      { org: 'zeta', projectId: 'p', repository: 'acme/tap-orders' },
    ]);
  });

  it('leaves out what is looked at only when somebody asks, until somebody does', async () => {
    const integration = { package: 'tap-orders', tenant: 'acme', schedule: 'manual' };
    const manual = [
      { org: 'acme', id: 'p', repositories: [{ fullName: 'acme/tap-orders', kind: 'tap', integration }] },
    ];
    const asked = listTaps({ projects: async () => manual as never, artifacts: { put }, bucket: 'files' });

    expect(await asked({ check: 'w1', only: {}, schedule: 'weekly' })).toMatchObject({ taps: 0 });
    expect(await asked({ check: 'w1', only: { org: 'acme' }, schedule: 'weekly' })).toMatchObject({
      taps: 1,
    });
  });

  it('leaves out what was registered and is no more', async () => {
    const removed = async () => [
      project('acme', 'p', repository('acme/tap-orders', 'tap', { weekly: false })),
    ];
    const list = listTaps({ projects: removed, artifacts: { put }, bucket: 'files' });

    expect(await list({ check: 'w1', only: {}, schedule: 'weekly' })).toMatchObject({ taps: 0 });
  });

  it('has on other days than Monday only what is looked at daily', async () => {
    const integration = { package: 'tap-orders', tenant: 'acme', schedule: 'daily' as const };
    const daily = repository('acme/tap-orders', 'tap', { integration });
    const some = async () => [project('acme', 'p', daily, repository('acme/tap-refunds', 'tap'))];
    const list = listTaps({ projects: some, artifacts: { put }, bucket: 'files' });

    expect(await list({ check: 'w1', only: {}, schedule: 'weekly' })).toMatchObject({ taps: 2 });
    expect(await list({ check: 'w1', only: {}, schedule: 'daily' })).toMatchObject({ taps: 1 });
    expect(listed()).toEqual([{ org: 'acme', projectId: 'p', repository: 'acme/tap-orders' }]);
  });

  it('leaves a tap that is only looked at by hand to people', async () => {
    const integration = { package: 'tap-orders', tenant: 'acme', schedule: 'manual' as const };
    const manual = async () => [project('acme', 'p', repository('acme/tap-orders', 'tap', { integration }))];
    const list = listTaps({ projects: manual, artifacts: { put }, bucket: 'files' });

    expect(await list({ check: 'w1', only: {}, schedule: 'weekly' })).toMatchObject({ taps: 0 });
    expect(await list({ check: 'w1', only: { org: 'acme' }, schedule: 'weekly' })).toMatchObject({ taps: 1 });
  });

  it('is as short as somebody asks, and never reaches into another organization', async () => {
    await list({ check: 'w1', only: { org: 'zeta' }, schedule: 'weekly' });
    expect(listed()).toEqual([{ org: 'zeta', projectId: 'p', repository: 'acme/tap-orders' }]);
    await list({ check: 'w1', only: { org: 'acme', repository: 'acme/tap-refunds' }, schedule: 'weekly' });
    expect(listed()).toEqual([{ org: 'acme', projectId: 'p', repository: 'acme/tap-refunds' }]);
  });
});
