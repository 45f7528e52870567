import { createHash, randomUUID } from 'node:crypto';
import { QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { Fault } from '#core/fault.ts';
import type { Clock } from '#core/ports.ts';
import type { Answer, Outbox, Said } from '#core/tickets/answer.ts';
import type { Ticket } from '#core/tickets/ticket.ts';
import { dynamo } from '../aws/clients.ts';
import { isRefused, setting } from './change.ts';

/** Longer than a function that speaks may take: a turn that is held this long was left by a crash. */
const TURN_MS = 90_000;
const TRIES = 20;

type Row = Record<string, unknown>;

interface Turn {
  table: string;
  key: { pk: string; sk: string };
  place: string;
  /** Whose turn it is. */
  held: string;
  clock: Clock;
}

/** One row for each ticket and place, beside the ticket's deliveries. */
export function dynamoOutbox(table: string, clock: Clock): Outbox {
  return {
    async inTurn(ticket, place, speak) {
      const turn = { table, key: keyOf(ticket, place), place, held: randomUUID(), clock };
      let row = await begin(turn);
      while (row) {
        const spoken = await speak(saidIn(row)).catch(async (error: unknown) => {
          await end(turn, {}, { isLeft: true });
          throw error;
        });
        row = await finish(turn, spoken);
      }
    },

    async answers({ org, source, id }) {
      const { Items = [] } = await dynamo().send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :said)',
          ExpressionAttributeValues: { ':pk': `${org}#${source}`, ':said': `said#${id}#` },
        }),
      );
      return Items.filter(({ at }) => at).map(answerOf);
    },
  };
}

function keyOf({ org, source, id }: Ticket, place: string) {
  const name = createHash('sha256').update(place).digest('hex').slice(0, 16);
  return { pk: `${org}#${source}`, sk: `said#${id}#${name}` };
}

function saidIn({ ref, text }: Row): Said | undefined {
  return ref === undefined ? undefined : { ref: String(ref), text: String(text) };
}

function answerOf({ place, at, trouble }: Row): Answer {
  return { place: String(place), at: String(at), ...(trouble !== undefined && { trouble: String(trouble) }) };
}

/** The row, if the turn is ours now; otherwise whoever has it is asked to look again. */
async function begin(turn: Turn): Promise<Row | undefined> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const row = await update(turn, { held: turn.held, heldUntil: until(turn), again: undefined }, 'free');
    if (row) return row;
    if (await update(turn, { again: true }, 'taken')) return undefined;
  }
  throw new Fault('Unavailable', 'Too much is said in this place at once');
}

/** Notes what was said and ends the turn; answers the row for another round when somebody has asked for one. */
async function finish(turn: Turn, spoken: Said | { trouble: string } | undefined): Promise<Row | undefined> {
  const told = spoken && 'ref' in spoken ? { ...spoken, trouble: undefined } : spoken;
  const change = told ? { ...told, place: turn.place, at: turn.clock.now().toISOString() } : {};
  if (await end(turn, change, { isLeft: false })) return undefined;
  return update(turn, { ...change, heldUntil: until(turn), again: undefined }, 'ours');
}

/** With `isLeft` also when somebody has asked for another round: they, or the message that comes again, see to it. */
function end(turn: Turn, change: Row, { isLeft }: { isLeft: boolean }): Promise<Row | undefined> {
  const gone = { held: undefined, heldUntil: undefined, ...(isLeft && { again: undefined }) };
  return update(turn, { ...change, ...gone }, isLeft ? 'ours' : 'last');
}

function until({ clock }: Turn): string {
  return new Date(clock.now().getTime() + TURN_MS).toISOString();
}

const IF = {
  free: 'attribute_not_exists(held) OR heldUntil < :now',
  taken: 'attribute_exists(held) AND heldUntil >= :now',
  ours: 'held = :mine',
  last: 'held = :mine AND attribute_not_exists(again)',
};

/** The changed row; nothing when the condition does not hold. */
async function update(
  { table, key, held, clock }: Turn,
  change: Row,
  condition: keyof typeof IF,
): Promise<Row | undefined> {
  const { set, remove, names, values } = setting(change);
  const isTimed = condition === 'free' || condition === 'taken';
  const asked = isTimed ? { ':now': clock.now().toISOString() } : { ':mine': held };
  try {
    const { Attributes } = await dynamo().send(
      new UpdateCommand({
        TableName: table,
        Key: key,
        UpdateExpression: `${set} ${remove}`.trim(),
        ConditionExpression: IF[condition],
        ExpressionAttributeNames: names,
        ExpressionAttributeValues: { ...values, ...asked },
        ReturnValues: 'ALL_NEW',
      }),
    );
    return Attributes;
  } catch (error) {
    if (isRefused(error)) return undefined;
    throw error;
  }
}
