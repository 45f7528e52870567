import type { AttributeValue, DynamoDBRecord } from 'aws-lambda';
import * as z from 'zod/mini';
import { eventBus } from '#adapters/aws/bus.ts';
import type { Bus } from '#core/ports.ts';
import { stream } from '../queue.ts';

export const Env = z.object({ BUS_NAME: z.string() });
export type Env = z.infer<typeof Env>;

type Image = Record<string, AttributeValue> | undefined;

/** The tickets table's stream → `TicketReceived` for a ticket to begin with, `TicketChanged` when its status changes. Names and statuses only: who needs more reads it. */
export function publishing(bus: Bus) {
  return async ({ dynamodb: { NewImage, OldImage } = {} }: DynamoDBRecord): Promise<void> => {
    if (!NewImage) return;
    const detail = {
      org: text(NewImage, 'org'),
      ticketId: text(NewImage, 'id'),
      status: text(NewImage, 'status'),
      version: Number(NewImage.version?.N ?? 0),
    };
    if (!OldImage) return bus.publish('TicketReceived', detail);
    const before = text(OldImage, 'status');
    const isHandedOn = text(OldImage, 'handedOnAt') !== text(NewImage, 'handedOnAt');
    if (before !== detail.status) await bus.publish('TicketChanged', { ...detail, before });
    if (detail.status === 'received' && (before !== 'received' || isHandedOn))
      await bus.publish('TicketReceived', detail);
  };
}

function text(image: Image, name: string): string {
  return image?.[name]?.S ?? '';
}

export const handler = stream(Env, async ({ BUS_NAME }) => publishing(eventBus(BUS_NAME)));
