import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { Fault } from '#core/fault.ts';
import type { Bus } from '#core/ports.ts';
import { events } from './clients.ts';

/** The event bus of that name. Our events have the source `signalbox`. */
export function eventBus(name: string): Bus {
  return {
    publish: async (type, detail) => {
      const entry = {
        EventBusName: name,
        Source: 'signalbox',
        DetailType: type,
        Detail: JSON.stringify(detail),
      };
      const { Entries = [] } = await events().send(new PutEventsCommand({ Entries: [entry] }));
      const refused = Entries.find(({ ErrorCode }) => ErrorCode);
      if (refused) throw new Fault('Unavailable', `The event bus refused ${type}: ${refused.ErrorCode}`);
    },
  };
}
