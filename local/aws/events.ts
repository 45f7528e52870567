import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { groupCommit } from '../group-commit.ts';
import type { Store } from '../store.ts';
import { DEFAULT_RETRY, type Deliver, type Delivery, deliveries } from './deliveries.ts';
import { compile } from './pattern.ts';
import { schedule } from './schedule-expression.ts';
import { AwsError, type Operations, only, refuse } from './service.ts';
import { timetable } from './timetable.ts';

/** An event as rules match it and targets get it. */
export interface BusEvent {
  version: '0';
  id: string;
  'detail-type': string;
  source: string;
  account: string;
  time: string;
  region: string;
  resources: string[];
  detail: unknown;
}

export interface Events {
  operations: Operations;
  defineBus(name: string, properties: Record<string, unknown>): void;
  /** AWS::Events::Rule: by pattern, by schedule, or both. */
  defineRule(name: string, properties: Record<string, unknown>): void;
  /** An event of an AWS service, on the default bus; joins the transaction that is open. */
  put(event: { source: string; detailType: string; detail: unknown; resources?: string[] }): void;
  /** Runs a rule's targets now, beside its times. */
  runNow(rule: string): void;
  stop(): void;
}

interface Rule {
  bus: string;
  isMatch: ((event: unknown) => boolean) | undefined;
  targets: RuleTarget[];
  arn: string;
}

interface RuleTarget {
  Arn: string;
  Id: string;
  Input?: string;
  RetryPolicy?: { MaximumRetryAttempts?: number; MaximumEventAgeInSeconds?: number };
  DeadLetterConfig?: { Arn?: string };
  SqsParameters?: { MessageGroupId: string };
}

const ARN = 'arn:aws:events:us-east-1:000000000000';
const RULE = [
  'Name',
  'Description',
  'EventBusName',
  'EventPattern',
  'ScheduleExpression',
  'State',
  'Targets',
  'RoleArn',
  'Tags',
];
const TARGET = ['Arn', 'Id', 'Input', 'RetryPolicy', 'DeadLetterConfig', 'SqsParameters', 'RoleArn'];
const ENTRY = ['Source', 'DetailType', 'Detail', 'Resources', 'EventBusName', 'Time', 'TraceHeader'];

/** SQS-like limit of one entry: what EventBridge has long documented for PutEvents. */
const MAX_BYTES = 262_144;

/** Events that are kept to be looked at. */
const KEPT = 500;
const EVENT_LOG = `CREATE TABLE IF NOT EXISTS event_log
  (id INTEGER PRIMARY KEY, at INT NOT NULL, bus TEXT NOT NULL, event TEXT NOT NULL, rules TEXT NOT NULL)`;

/** EventBridge: an accepted event is matched at once, and its deliveries commit with it. */
export function events(store: Store, clock: Clock, deliver: Deliver): Events {
  store.sql(EVENT_LOG).run();
  const buses = new Set(['default']);
  const rules = new Map<string, Rule>();
  const commit = groupCommit(store);
  const outbox = deliveries('events', { store, clock, deliver });
  const times = timetable('events', store, clock);

  function publish(bus: string, event: BusEvent): void {
    store.transaction(() => {
      const matching = [...rules.values()].filter((rule) => rule.bus === bus && rule.isMatch?.(event));
      for (const rule of matching) fire(rule, event);
      note(bus, event, matching);
    });
  }

  /** Keeps the latest events for whoever looks inside. */
  function note(bus: string, event: BusEvent, matching: Rule[]): void {
    const names = JSON.stringify(matching.map(({ arn }) => arn.split(':rule/')[1]));
    const text = 'INSERT INTO event_log (at, bus, event, rules) VALUES (?, ?, ?, ?)';
    const { lastInsertRowid } = store.sql(text).run(clock.now(), bus, JSON.stringify(event), names);
    store.sql('DELETE FROM event_log WHERE id <= ?').run(Number(lastInsertRowid) - KEPT);
  }

  function fire(rule: Rule, event: BusEvent): void {
    for (const target of rule.targets) outbox.add(delivery(rule, target, event));
  }

  function defineRule(name: string, properties: Record<string, unknown>): void {
    const bus = busName(properties.EventBusName as string | undefined);
    const rule = parseRule(name, bus, properties);
    if (properties.State === 'DISABLED') return void rules.delete(`${bus}/${name}`);
    rules.set(`${bus}/${name}`, rule);
    const expression = properties.ScheduleExpression as string | undefined;
    if (!expression) return;
    times.set(name, expression, {
      schedule: (anchor) => {
        const following = schedule(expression, { anchor });
        return (after) => following(Math.max(after, anchor)); // a rate's first run is one period after its rule
      },
      run: (time) => fire(rule, scheduled(rule.arn, time)),
    });
  }

  return {
    operations: { PutEvents: (input) => commit(() => putEvents(input, { buses, clock, publish })) },
    defineBus: (name, properties) => {
      only(`AWS::Events::EventBus ${name}`, properties, ['Name', 'Description', 'Tags', 'KmsKeyIdentifier']);
      buses.add(name);
    },
    defineRule,
    runNow: (name) => {
      const rule = rules.get(`default/${name}`);
      if (!rule) throw new AwsError('ResourceNotFoundException', `Rule ${name} does not exist.`, 404);
      fire(rule, scheduled(rule.arn, clock.now()));
    },
    put: ({ detailType, ...rest }) => publish('default', event(clock.now(), { ...rest, detailType })),
    stop: () => {
      times.stop();
      outbox.stop();
    },
  };
}

function delivery(rule: Rule, target: RuleTarget, happened: BusEvent): Delivery {
  const { MaximumRetryAttempts: attempts, MaximumEventAgeInSeconds: ageSeconds } = target.RetryPolicy ?? {};
  return {
    target: { arn: target.Arn, messageGroupId: target.SqsParameters?.MessageGroupId },
    event: target.Input === undefined ? happened : JSON.parse(target.Input),
    retry: {
      attempts: Number(attempts ?? DEFAULT_RETRY.attempts),
      ageSeconds: Number(ageSeconds ?? DEFAULT_RETRY.ageSeconds),
    },
    deadLetterArn: target.DeadLetterConfig?.Arn,
    origin: { RULE_ARN: rule.arn },
  };
}

function parseRule(name: string, bus: string, properties: Record<string, unknown>): Rule {
  only(`AWS::Events::Rule ${name}`, properties, RULE);
  const { EventPattern: pattern, ScheduleExpression: expression } = properties;
  if (!pattern && !expression)
    refuse(`AWS::Events::Rule ${name} without EventPattern and ScheduleExpression`);
  if (expression && bus !== 'default') refuse(`ScheduleExpression of ${name} on a bus other than default`);
  const targets = (properties.Targets ?? []) as RuleTarget[];
  for (const target of targets) only(`Target ${target.Id} of ${name}`, target, TARGET);
  const isMatch = pattern ? compile(typeof pattern === 'string' ? JSON.parse(pattern) : pattern) : undefined;
  return { bus, isMatch, targets, arn: `${ARN}:rule/${bus === 'default' ? '' : `${bus}/`}${name}` };
}

interface Entry {
  Source?: string;
  DetailType?: string;
  Detail?: string;
  Resources?: string[];
  EventBusName?: string;
  /** Epoch seconds, as the wire has it. */
  Time?: number;
}

interface Bus {
  buses: Set<string>;
  clock: Clock;
  publish: (bus: string, event: BusEvent) => void;
}

function putEvents(input: { Entries?: Entry[] }, bus: Bus) {
  only('PutEvents', input, ['Entries']);
  const entries = input.Entries ?? [];
  if (entries.length < 1 || entries.length > 10) {
    throw new AwsError('ValidationException', `1 to 10 entries must be given, not ${entries.length}.`);
  }
  for (const entry of entries) {
    only('PutEvents Entries', entry, ENTRY);
    const name = busName(entry.EventBusName);
    if (!bus.buses.has(name))
      throw new AwsError('ResourceNotFoundException', `Event bus ${name} does not exist.`);
  }
  const results = entries.map((entry) => putOne(entry, bus));
  return { FailedEntryCount: results.filter((one) => 'ErrorCode' in one).length, Entries: results };
}

function putOne(entry: Entry, { clock, publish }: Bus) {
  const { Source: source, DetailType: detailType, Resources: resources } = entry;
  if (!source)
    return error('InvalidArgument', 'Parameter Source is not valid. Reason: Source is a required argument.');
  if (!detailType)
    return error(
      'InvalidArgument',
      'Parameter DetailType is not valid. Reason: DetailType is a required argument.',
    );
  if (source.startsWith('aws.'))
    return error('NotAuthorizedForSourceException', 'Not authorized for the source.');
  const detail = parsed(entry.Detail);
  if (!detail) return error('MalformedDetail', 'Detail is malformed.');
  if (Buffer.byteLength(`${source}${detailType}${entry.Detail}`) > MAX_BYTES) {
    return error('InvalidArgument', `Total size of the entry is over ${MAX_BYTES} bytes.`);
  }
  const time = entry.Time === undefined ? clock.now() : entry.Time * 1000;
  const happened = event(time, { source, detailType, detail, resources });
  publish(busName(entry.EventBusName), happened);
  return { EventId: happened.id };
}

function parsed(text: string | undefined): object | undefined {
  try {
    const value = JSON.parse(text ?? '');
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function error(ErrorCode: string, ErrorMessage: string) {
  return { ErrorCode, ErrorMessage };
}

function busName(nameOrArn = 'default'): string {
  return nameOrArn.slice(nameOrArn.lastIndexOf('/') + 1);
}

function event(
  time: number,
  what: { source: string; detailType: string; detail: unknown; resources?: string[] },
): BusEvent {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': what.detailType,
    source: what.source,
    account: '000000000000',
    time: `${new Date(time).toISOString().slice(0, 19)}Z`,
    region: 'us-east-1',
    resources: what.resources ?? [],
    detail: what.detail,
  };
}

function scheduled(ruleArn: string, time: number): BusEvent {
  return event(time, {
    source: 'aws.events',
    detailType: 'Scheduled Event',
    detail: {},
    resources: [ruleArn],
  });
}
