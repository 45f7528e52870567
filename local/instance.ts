import type { RequestListener } from 'node:http';
import { type Assembly, deploy, type Template } from './assembly.ts';
import { wireServer } from './aws/wire.ts';
import { type MovableClock, storedClock } from './clock.ts';
import { inspection, PREFIX } from './inspect/inspect.ts';
import { mailbox } from './mailbox.ts';
import type { Companion, Given, Options } from './options.ts';
import { type Door, type Listening, urlOf } from './ports.ts';
import { define } from './resources.ts';
import { openServices, type Services, wired } from './services.ts';
import { openStore, type Store } from './store.ts';
import { sentStore } from './vendors/kept.ts';
import { type Vendors, vendors } from './vendors/vendors.ts';

export type Doors = Partial<Record<Door, Listening>>;

/** A running local AWS with the product on it. */
export interface Local {
  url(door: Door): string;
  store: Store;
  clock: MovableClock;
  services: Services;
  assembly: Assembly;
  /** Ends in order: nothing new, what runs is recorded, no process is left. A later start continues. */
  stop(): Promise<void>;
}

/** Brings up services and companions behind doors that are open already. */
export async function instance(
  options: Options,
  templates: Record<string, Template>,
  doors: Doors,
): Promise<Local> {
  const store = openStore(options.folder, options);
  const clock = options.clock ?? storedClock(store);
  const url = (door: Door) => urlOf(door, doors[door]?.port ?? 0);
  const { root, onHappening, taskEnvironment } = options;
  const endpoint = url('aws');
  const services = openServices({ store, clock, root, endpoint, onHappening, taskEnvironment });
  const companions: Companion[] = [];
  const stop = once(async () => {
    await stopAll(doors, services, companions);
    store.close();
  });
  try {
    // Up to the last definition nothing may wait: timers of what was under way would find half of AWS.
    const assembly = deploy(templates, {
      parameters: options.parameters?.(url),
      endpoints: { aws: url('aws'), product: url('product') },
    });
    define(assembly, services);
    services.functions.resume();
    services.containers.resume();
    services.machines.resume();
    const inspect = inspection({ store, clock, services, mailbox: url('mailbox') });
    const sent = vendors(sentStore(store, clock));
    answer(doors, services, { inspect, sent });
    await accompany(options, doors, { given: { store, clock, url }, companions });
    return { url, store, clock, services, assembly, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function answer(
  doors: Doors,
  services: Services,
  { inspect, sent }: { inspect: RequestListener; sent: Vendors },
): void {
  const aws = wireServer(wired(services));
  doors.aws?.answer((request, response) => {
    if (request.url?.startsWith(PREFIX)) inspect(request, response);
    else aws.emit('request', request, response);
  });
  doors.product?.answer(services.api.handle);
  doors.mailbox?.answer(mailbox({ ses: services.mail, vendors: sent }));
}

async function accompany(
  { companions: makers = {} }: Options,
  doors: Doors,
  { given, companions }: { given: Given; companions: Companion[] },
): Promise<void> {
  for (const door of ['model', 'forge'] as const) {
    const companion = makers[door]?.(given);
    if (!companion) continue;
    companions.push(companion);
    await companion.resume?.();
    doors[door]?.answer(companion.handle);
  }
}

/** What takes requests goes first; AWS goes on answering until the last function and the last task have ended. */
async function stopAll(doors: Doors, services: Services, companions: Companion[]): Promise<void> {
  await doors.product?.close();
  services.streams.stop();
  services.bus.stop();
  services.schedules.stop();
  await services.polls.stop();
  await services.machines.stop();
  await services.containers.stop();
  await services.functions.stop();
  for (const companion of companions) await companion.stop?.();
  for (const door of [doors.forge, doors.model, doors.mailbox, doors.aws]) await door?.close();
  services.tables.stop();
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work();
    return done;
  };
}
