import type { Clock } from '../clock.ts';
import type { Store } from '../store.ts';
import { DEFAULT_RETRY, type Deliver, type Delivery, deliveries } from './deliveries.ts';
import { schedule } from './schedule-expression.ts';
import { AwsError, only, refuse } from './service.ts';
import { timetable } from './timetable.ts';

export interface Scheduler {
  /** AWS::Scheduler::Schedule; its next time survives a restart, and missed runs are made up for by one. */
  define(name: string, properties: Record<string, unknown>): void;
  /** When it runs next, in epoch milliseconds; undefined when it is over or disabled. */
  next(name: string): number | undefined;
  /** Delivers now, beside its times. */
  runNow(name: string): void;
  stop(): void;
}

interface ScheduleTarget {
  Arn: string;
  Input?: string;
  RetryPolicy?: { MaximumRetryAttempts?: number; MaximumEventAgeInSeconds?: number };
  DeadLetterConfig?: { Arn?: string };
  SqsParameters?: { MessageGroupId?: string };
}

const KNOWN = [
  ...['Name', 'Description', 'GroupName', 'ScheduleExpression', 'ScheduleExpressionTimezone', 'State'],
  ...['FlexibleTimeWindow', 'Target', 'KmsKeyArn'],
];
const TARGET = ['Arn', 'RoleArn', 'Input', 'RetryPolicy', 'DeadLetterConfig', 'SqsParameters'];

/** EventBridge Scheduler; deliveries are retried as for rules. */
export function scheduler(store: Store, clock: Clock, deliver: Deliver): Scheduler {
  const known = new Map<string, Delivery>();
  const outbox = deliveries('scheduler', { store, clock, deliver });
  const times = timetable('scheduler', store, clock);

  function define(name: string, properties: Record<string, unknown>): void {
    only(`AWS::Scheduler::Schedule ${name}`, properties, KNOWN);
    const mode = (properties.FlexibleTimeWindow as { Mode?: string } | undefined)?.Mode;
    if (mode !== 'OFF') refuse(`FlexibleTimeWindow ${mode} of ${name}`);
    const delivery = deliveryOf(name, properties.Target as ScheduleTarget);
    known.set(name, delivery);
    if (properties.State === 'DISABLED') {
      times.set(name, 'disabled', never);
      return;
    }
    const expression = String(properties.ScheduleExpression);
    const timeZone = String(properties.ScheduleExpressionTimezone ?? 'UTC');
    times.set(name, JSON.stringify([expression, timeZone]), {
      schedule: (anchor) => schedule(expression, { anchor, timeZone }),
      run: () => outbox.add(known.get(name) as Delivery),
    });
  }

  return {
    define,
    next: times.next,
    runNow: (name) => {
      const delivery = known.get(name);
      if (!delivery) throw new AwsError('ResourceNotFoundException', `Schedule ${name} does not exist.`, 404);
      outbox.add(delivery);
    },
    stop: () => {
      times.stop();
      outbox.stop();
    },
  };
}

const never = { schedule: () => () => undefined, run: () => {} };

function deliveryOf(name: string, target: ScheduleTarget): Delivery {
  only(`Target of ${name}`, target, TARGET);
  const { MaximumRetryAttempts: attempts, MaximumEventAgeInSeconds: ageSeconds } = target.RetryPolicy ?? {};
  return {
    target: { arn: target.Arn, messageGroupId: target.SqsParameters?.MessageGroupId },
    event: input(target.Input),
    retry: {
      attempts: Number(attempts ?? DEFAULT_RETRY.attempts),
      ageSeconds: Number(ageSeconds ?? DEFAULT_RETRY.ageSeconds),
    },
    deadLetterArn: target.DeadLetterConfig?.Arn,
    origin: { SCHEDULE_ARN: `arn:aws:scheduler:us-east-1:000000000000:schedule/default/${name}` },
  };
}

/** JSON where it is JSON; other text goes to queues as it is. */
function input(text = '{}'): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
