import { milliseconds } from '#core/duration.ts';
import { AwsError } from '../aws/service.ts';
import { type Inside, named } from './inside.ts';
import { redrive } from './messages.ts';

/** Changes something, and answers what was done. */
export function perform(
  inside: Inside,
  { view, name, act }: { view: string; name: string; act: string },
  fields: URLSearchParams,
): unknown {
  const what = `${view}/${act || name}`;
  if (what === 'clock/forward') return forward(inside, fields.get('by') ?? '');
  if (what === 'queues/redrive') return redrive(inside.services, name);
  if (what === 'schedules/run') return runNow(inside, name);
  throw new AwsError('NotFound', `There is nothing to do at ${what}`, 404);
}

function forward({ clock }: Inside, by: string): unknown {
  clock.forward(milliseconds(by));
  return { now: new Date(clock.now()).toISOString() };
}

/** Runs what has a schedule, beside its times. */
function runNow({ services, store }: Inside, given: string): unknown {
  const all = store.sql('SELECT service, name FROM timetable').all();
  const names = all.map((row) => String(row.name));
  const name = named(names, given);
  const { service } = all[names.indexOf(name)] as { service: string };
  (service === 'events' ? services.bus : services.schedules).runNow(name);
  return { ran: name };
}
