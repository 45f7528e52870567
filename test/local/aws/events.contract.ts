import { EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { client } from './local-subject.ts';

export interface EventsSubject {
  endpoint: string;
  /** A rule on a bus of its own whose events end up in `delivered`. */
  rule(bus: string, pattern: object): void | Promise<void>;
  delivered(): unknown[] | Promise<unknown[]>;
  close(): Promise<void>;
}

/** What EventBridge promises, for whichever one `open` gives. */
export function eventsContract(open: () => Promise<EventsSubject>): void {
  let subject: EventsSubject;
  let sdk: EventBridgeClient;

  beforeAll(async () => {
    subject = await open();
    await subject.rule('tickets', { source: ['signalbox'], detail: { priority: ['High'] } });
    sdk = new EventBridgeClient({ ...client, endpoint: subject.endpoint });
  });
  afterAll(() => subject.close());

  const put = (...Entries: PutEventsRequestEntry[]) => sdk.send(new PutEventsCommand({ Entries }));
  const entry = { Source: 'signalbox', DetailType: 'TicketAccepted', EventBusName: 'tickets' };

  it('delivers what matches a rule, as an event', async () => {
    const Time = new Date('2026-01-02T03:04:05Z');
    const { Entries, FailedEntryCount } = await put(
      { ...entry, Detail: '{"priority":"High"}', Resources: ['tk_1'], Time },
      { ...entry, Detail: '{"priority":"Low"}' },
    );
    expect(FailedEntryCount).toBe(0);
    await vi.waitFor(async () => expect(await subject.delivered()).toHaveLength(1));

    expect(await subject.delivered()).toEqual([
      {
        version: '0',
        id: Entries?.[0]?.EventId,
        'detail-type': 'TicketAccepted',
        source: 'signalbox',
        account: '000000000000',
        time: '2026-01-02T03:04:05Z',
        region: 'us-east-1',
        resources: ['tk_1'],
        detail: { priority: 'High' },
      },
    ]);
  });

  it('takes the good entries and names the bad', async () => {
    const { Entries, FailedEntryCount } = await put(
      { ...entry, Detail: '{}' },
      { ...entry, Detail: 'not JSON' },
      { ...entry, Detail: '{}', Source: '' },
      { ...entry, Detail: '{}', Source: 'aws.states' },
    );

    expect(FailedEntryCount).toBe(3);
    expect(Entries?.map(({ ErrorCode }) => ErrorCode)).toEqual([
      undefined,
      'MalformedDetail',
      'InvalidArgument',
      'NotAuthorizedForSourceException',
    ]);
  });

  it('takes ten entries at most', async () => {
    const eleven = Array(11).fill({ ...entry, Detail: '{}' });

    await expect(put(...eleven)).rejects.toMatchObject({ name: 'ValidationException' });
  });
}
