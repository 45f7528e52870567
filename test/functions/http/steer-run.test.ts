import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dynamoRuns } from '#adapters/dynamodb/runs.ts';
import type { Principal } from '#core/people/principal.ts';
import { steerRun } from '#functions/http/steer-run.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';
import { send } from '../../support/request.ts';
import { AT, run } from '../../support/tickets.ts';

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
});
afterAll(() => aws.stop());

const ID = 'run_1_1';
const runs = dynamoRuns('Runs');
const clock = { now: () => new Date(AT) };

let org = '';
let count = 0;
let principal: Principal;
beforeEach(async () => {
  count += 1;
  org = `steer-${count}`;
  principal = {
    ...{ via: 'session', org, id: 'p_1', email: 'dana@acme.example', name: 'Dana' },
    roles: ['lead'],
  };
  await runs.open(run({ org, id: ID }));
});

async function post(path: string, body: object = {}) {
  const route = steerRun({ runs, clock, principalOf: async () => principal });
  const answer = await send(route, { method: 'POST', path: `/api/runs/${path}`, body: JSON.stringify(body) });
  return { statusCode: answer.statusCode, body: JSON.parse(answer.body) };
}

describe('POST /api/runs/{id}/…', () => {
  it.each(['pause', 'resume', 'stop'])(
    'notes the wish to %s, by whom, and says so in the log',
    async (wish) => {
      expect(await post(`${ID}/${wish}`)).toMatchObject({ statusCode: 202 });
      expect(await runs.find(org, ID)).toMatchObject({ control: { wish, by: 'Dana', at: AT } });
      const lines = await runs.lines(org, ID);
      expect(lines).toMatchObject([{ who: 'person', text: expect.stringMatching(/^Dana .*this run/) }]);
    },
  );

  it('keeps messages in order', async () => {
    await post(`${ID}/message`, { text: 'First' });
    await post(`${ID}/message`, { text: 'Second' });

    expect((await runs.find(org, ID))?.instructions).toMatchObject([
      { by: 'Dana', text: 'First' },
      { by: 'Dana', text: 'Second' },
    ]);
  });

  it('takes twenty messages and says what to do with more', async () => {
    for (let index = 0; index < 20; index++) await post(`${ID}/message`, { text: `Message ${index}` });

    expect(await post(`${ID}/message`, { text: 'One more' })).toMatchObject({
      statusCode: 429,
      body: { error: expect.anything() },
    });
  });

  it.each([
    ['a viewer', `${ID}/stop`, { roles: ['viewer'] as const }, 403],
    ['another organization', `${ID}/stop`, { org: 'elsewhere' }, 404],
    ['a run that is not there', 'run_9_9/stop', {}, 404],
    ['a wish that nobody knows', `${ID}/hurry`, {}, 404],
    ['a message without words', `${ID}/message`, {}, 400],
  ])('refuses %s', async (_, path, who, statusCode) => {
    principal = { ...principal, ...who } as Principal;

    expect(await post(path, { text: ' ' })).toMatchObject({ statusCode });
    expect(await runs.find(org, ID)).not.toHaveProperty('control');
  });

  it.each(['stop', 'message'])('refuses to %s what has ended', async (wish) => {
    await runs.update(org, ID, { status: 'failed' });

    expect(await post(`${ID}/${wish}`, { text: 'Go on' })).toMatchObject({ statusCode: 409 });
  });
});

describe('a run', () => {
  it('is changed by the task that took it over last, and by no other', async () => {
    const first = await runs.hold(org, ID);
    const second = await runs.hold(org, ID);

    await expect(runs.update(org, ID, { percent: 50 }, first.lease)).rejects.toMatchObject({ code: 'Gone' });
    expect(await runs.update(org, ID, { percent: 60 }, second.lease)).toMatchObject({ percent: 60 });
  });

  it('is held by one of twenty tasks that take it at once', async () => {
    const held = await Promise.all(Array.from({ length: 20 }, () => runs.hold(org, ID)));
    const changes = await Promise.allSettled(
      held.map(({ lease }) => runs.update(org, ID, { step: lease }, lease)),
    );

    expect(new Set(held.map(({ lease }) => lease)).size).toBe(20);
    expect(changes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('that is not there cannot be held', async () => {
    await expect(runs.hold(org, 'run_9_9')).rejects.toMatchObject({ code: 'NotFound' });
  });
});
