import { afterAll, beforeAll, expect, it } from 'vitest';
import { dynamoOutbox } from '#adapters/dynamodb/outbox.ts';
import type { Said } from '#core/tickets/answer.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';
import { AT, ticket } from '../../support/tickets.ts';

let now = Date.parse(AT);
const outbox = dynamoOutbox('Deliveries', { now: () => new Date(now) });
let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
});
afterAll(() => aws.stop());

const said = (ref: string): Said => ({ ref, text: ref });

/** A promise with its key. */
function door() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

it('has whoever is at it look again for those who came meanwhile, and nobody else speak', async () => {
  const one = ticket({ org: 'turns-1' });
  const [begun, left] = [door(), door()];
  const heard: (Said | undefined)[] = [];
  const first = outbox.inTurn(one, 'slack C1', async (before) => {
    heard.push(before);
    begun.open();
    await left.opened;
    return said(`${heard.length}`);
  });
  await begun.opened;
  for (const _ of [1, 2, 3])
    await outbox.inTurn(one, 'slack C1', () => Promise.reject(new Error('not my turn')));
  await outbox.inTurn(one, 'slack C2', async () => said('elsewhere'));
  left.open();
  await first;

  expect(heard).toEqual([undefined, said('1')]);
});

it('gives the turn of a dead process to the next, and lets it note nothing should it live after all', async () => {
  const one = ticket({ org: 'turns-2' });
  const [begun, revived] = [door(), door()];
  const dead = outbox.inTurn(one, 'slack C1', async () => {
    begun.open();
    await revived.opened;
    return said('late');
  });
  await begun.opened;
  now += 91_000;
  await outbox.inTurn(one, 'slack C1', async () => said('next'));
  revived.open();
  await dead;
  let found: Said | undefined;
  await outbox.inTurn(one, 'slack C1', async (before) => {
    found = before;
    return undefined;
  });

  expect(found).toEqual(said('next'));
});

it('is free again after a bug, and keeps what was said before beside what went wrong', async () => {
  const one = ticket({ org: 'turns-3' });
  await outbox.inTurn(one, 'slack C1', async () => said('first'));
  await expect(outbox.inTurn(one, 'slack C1', () => Promise.reject(new Error('bug')))).rejects.toThrow('bug');
  await outbox.inTurn(one, 'slack C1', async () => ({ trouble: 'archived' }));
  let found: Said | undefined;
  await outbox.inTurn(one, 'slack C1', async (before) => {
    found = before;
    return undefined;
  });

  expect(found).toEqual(said('first'));
  expect(await outbox.answers(one)).toMatchObject([{ place: 'slack C1', trouble: 'archived' }]);
  expect(await outbox.answers(ticket({ org: 'turns-4' }))).toEqual([]);
});
