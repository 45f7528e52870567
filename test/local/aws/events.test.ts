import { EventBridgeClient, ListRulesCommand, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Target } from '#local/aws/deliveries.ts';
import { type Events, events } from '#local/aws/events.ts';
import { eventsContract } from './events.contract.ts';
import { client, type Opened, serve } from './local-subject.ts';

describe('EventBridge of the local AWS', () => {
  eventsContract(async () => {
    const delivered: unknown[] = [];
    const local = await serve(
      (store, clock) => events(store, clock, async (_, event) => void delivered.push(event)),
      ({ operations }) => ({ json: { AWSEvents: operations } }),
    );
    // The clock stands still: what is due at once is run by moving it by nothing.
    const moving = setInterval(() => void local.advance(0), 5);
    return {
      endpoint: local.endpoint,
      rule: (bus, pattern) => {
        local.service().defineBus(bus, {});
        const Targets = [{ Id: 'one', Arn: 'arn:f' }];
        local.service().defineRule('rule', { EventBusName: bus, EventPattern: pattern, Targets });
      },
      delivered: () => delivered,
      close: async () => {
        clearInterval(moving);
        await local.close();
      },
    };
  });
});

describe('EventBridge of the local AWS, beyond the contract', () => {
  let local: Opened<Events>;
  let delivered: { target: Target; event: unknown }[];
  let isDown: boolean;

  beforeEach(async () => {
    delivered = [];
    isDown = false;
    local = await serve(
      (store, clock) =>
        events(store, clock, async (target, event) => {
          if (isDown && target.arn !== 'arn:dead') throw new Error('down');
          delivered.push({ target, event });
        }),
      ({ operations }) => ({ json: { AWSEvents: operations } }),
    );
  });
  afterEach(async () => {
    local.service().stop();
    await local.close();
  });

  const rule = (properties: Record<string, unknown>, target: Record<string, unknown> = {}) =>
    local.service().defineRule('rule', { Targets: [{ Id: 'one', Arn: 'arn:f', ...target }], ...properties });
  const put = (detail: object) =>
    local.service().put({ source: 'aws.states', detailType: 'Changed', detail });

  it('delivers to every target, a constant input where one is named', async () => {
    const Targets = [
      { Id: 'one', Arn: 'arn:f', Input: '{"fixed":true}' },
      { Id: 'two', Arn: 'arn:q.fifo', SqsParameters: { MessageGroupId: 'g' } },
    ];
    rule({ EventPattern: { source: ['aws.states'] }, Targets });
    put({ n: 1 });
    await local.advance(0);

    expect(delivered).toMatchObject([
      { target: { arn: 'arn:f' }, event: { fixed: true } },
      { target: { arn: 'arn:q.fifo', messageGroupId: 'g' }, event: { detail: { n: 1 } } },
    ]);
  });

  it('delivers after a restart what was accepted before it', async () => {
    rule({ EventPattern: { source: ['aws.states'] } });
    put({ n: 1 });
    local.service().stop();
    await local.restart();
    await local.advance(0);

    expect(delivered).toMatchObject([{ event: { detail: { n: 1 } } }]);
  });

  it('tries again with growing waits, then tells the dead-letter queue why', async () => {
    isDown = true;
    const RetryPolicy = { MaximumRetryAttempts: 3 };
    rule(
      { EventPattern: { source: ['aws.states'] } },
      { RetryPolicy, DeadLetterConfig: { Arn: 'arn:dead' } },
    );
    put({ n: 1 });
    await local.advance(6000);
    expect(delivered).toEqual([]);
    await local.advance(1000);

    expect(delivered).toMatchObject([
      {
        event: { detail: { n: 1 } },
        target: {
          arn: 'arn:dead',
          attributes: {
            RULE_ARN: 'arn:aws:events:us-east-1:000000000000:rule/rule',
            EXHAUSTED_RETRY_CONDITION: 'MaximumRetryAttempts',
          },
        },
      },
    ]);
  });

  it('runs a rule by schedule, from one period after its definition', async () => {
    rule({ ScheduleExpression: 'rate(1 hour)' });
    await local.advance(3_599_000);
    expect(delivered).toEqual([]);
    await local.advance(1000);

    expect(delivered).toMatchObject([{ event: { 'detail-type': 'Scheduled Event', source: 'aws.events' } }]);
  });

  it('leaves a disabled rule alone', async () => {
    rule({ EventPattern: { source: ['aws.states'] }, State: 'DISABLED' });
    put({});
    await local.advance(0);

    expect(delivered).toEqual([]);
  });

  it('refuses by name what it does not do', async () => {
    const sdk = new EventBridgeClient({ ...client, endpoint: local.endpoint });
    expect(() => rule({ EventPattern: { source: ['x'] } }, { InputTransformer: {} })).toThrow(
      'InputTransformer',
    );
    expect(() => rule({ EventPattern: { source: [{ wild: 1 }] } })).toThrow('wild');
    await expect(sdk.send(new ListRulesCommand({}))).rejects.toThrow('AWSEvents.ListRules');
    const Entries = [{ Source: 'a', DetailType: 'b', Detail: '{}', EventBusName: 'nobody' }];
    await expect(sdk.send(new PutEventsCommand({ Entries }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    await vi.waitFor(() => expect(delivered).toEqual([]));
  });
});
