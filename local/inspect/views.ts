import { executions, executionView } from './execution.ts';
import { type Inside, type Row, time, type View } from './inside.ts';
import { deadLetters, deliveries, events, queues } from './messages.ts';
import { buckets } from './objects.ts';
import { functions, tasks } from './processes.ts';
import { tables } from './tables.ts';

/** One view per path below `/_local/`, as plain data: the command line prints it, pages draw it. */
export const views: Record<string, View> = {
  tables,
  queues,
  executions: (inside, asked) => (asked.name ? executionView(inside, asked.name) : executions(inside, asked)),
  schedules: ({ store }) =>
    store
      .sql('SELECT service, name, definition, next FROM timetable ORDER BY next')
      .all()
      .map(({ next, ...row }) => ({ ...row, next: time(next) })),
  events,
  deliveries,
  mail: ({ services, mailbox }, { limit }) =>
    services.mail
      .mails()
      .slice(0, limit)
      .map(({ id, sent, to, subject }) => ({
        sent: time(sent),
        to,
        subject,
        open: `${mailbox}/mails/${id}`,
      })),
  functions,
  tasks,
  buckets,
  clock: ({ clock }) => ({ now: time(clock.now()), ahead: `${Math.round(clock.ahead() / 1000)} s` }),
};

/** How much there is of everything. */
export function overview(inside: Inside): Row[] {
  const count = (from: string) => Number(inside.store.sql(`SELECT count(*) AS n FROM ${from}`).get()?.n);
  const functions = inside.services.functions.counts();
  const sum = (of: 'invocations' | 'errors') => functions.reduce((all, one) => all + one[of], 0);
  const holds = {
    tables: `${count('dynamodb_items')} items`,
    queues: `${count('sqs_message')} messages, ${deadLetters(inside)} of them dead letters`,
    executions: `${count('states_executions')}, ${count("states_executions WHERE status = 'RUNNING'")} running`,
    schedules: `${count('timetable')}`,
    events: `${count('event_log')} of the latest`,
    deliveries: `${count('delivery') + count('lambda_later')} under way`,
    mail: `${count('ses_mail')} mails`,
    functions: `${functions.length}, ${sum('invocations')} invocations since the start, ${sum('errors')} failed`,
    tasks: `${count('ecs_task')}, ${count('ecs_task WHERE open')} running`,
    buckets: `${count('s3_object WHERE file NOTNULL')} objects and versions`,
    clock: new Date(inside.clock.now()).toISOString(),
  };
  return Object.entries(holds).map(([view, held]) => ({ view, holds: held }));
}
