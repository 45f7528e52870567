import { call } from '../call.ts';
import type { Services } from '../services.ts';
import type { Store } from '../store.ts';
import { type Asked, type Inside, named, type Row, time } from './inside.ts';

/** Every queue with its counts, or the messages of one, oldest first. Looking takes nothing and counts as no delivery. */
export function queues({ services, store }: Inside, { name, limit }: Asked): Row[] {
  return name ? messages(store, named(namesOf(services), name), limit) : all(services, store);
}

/** Messages in queues that others send their dead letters to. */
export function deadLetters(inside: Inside): number {
  return all(inside.services, inside.store)
    .filter(({ deadLettersOf }) => deadLettersOf)
    .reduce((sum, { visible, inFlight }) => sum + visible + inFlight, 0);
}

/** Sends what is in a dead-letter queue back to where it came from. */
export function redrive({ queues }: Services, given: string): unknown {
  const name = named(namesOf({ queues }), given);
  const { arn } = queues.all().find((queue) => queue.name === name) as { arn: string };
  return call(queues.operations, 'StartMessageMoveTask', { SourceArn: arn });
}

/** What was put on a bus, newest first, and the rules that it matched. */
export function events({ store }: Inside, { limit }: Asked): Row[] {
  return store
    .sql('SELECT at, bus, event, rules FROM event_log ORDER BY id DESC LIMIT ?')
    .all(limit)
    .map(({ at, bus, event, rules }) => {
      const { source, 'detail-type': type, detail } = JSON.parse(String(event));
      return { at: time(at), bus, source, type, rules: JSON.parse(String(rules)).join(', '), detail };
    });
}

/** What rules, schedules and asynchronous invocations have still to hand over, and how often they have tried. */
export function deliveries({ store }: Inside, { limit }: Asked): Row[] {
  const text = `SELECT service, delivery ->> '$.target.arn' AS "to", attempts, due, created, delivery -> '$.event' AS event FROM delivery
    UNION ALL SELECT 'lambda', name, failures, due, created, payload FROM lambda_later ORDER BY due LIMIT ?`;
  return store
    .sql(text)
    .all(limit)
    .map(({ due, created, event, ...row }) => ({
      ...row,
      next: time(due),
      created: time(created),
      event: JSON.parse(String(event)),
    }));
}

function namesOf({ queues }: Pick<Services, 'queues'>): string[] {
  return queues.all().map(({ name }) => name);
}

function all({ queues }: Services, { sql }: Store) {
  const known = queues.all();
  const oldest = 'SELECT min(sent) AS sent FROM sqs_message WHERE queue = ?';
  return known.map(({ name, arn }) => ({
    name,
    ...queues.counts(name),
    oldest: time(sql(oldest).get(name)?.sent),
    deadLettersOf: known
      .filter(({ redrive }) => redrive?.deadLetterTargetArn === arn)
      .map((source) => source.name)
      .join(', '),
  }));
}

function messages({ sql }: Store, name: string, limit: number): Row[] {
  return sql(
    'SELECT id, sent, visible, received, attributes, body FROM sqs_message WHERE queue = ? ORDER BY sent, seq LIMIT ?',
  )
    .all(name, limit)
    .map(({ body, sent, visible, attributes, ...row }) => ({
      ...row,
      sent: time(sent),
      visible: time(visible),
      attributes: JSON.parse(String(attributes)),
      body,
    }));
}
