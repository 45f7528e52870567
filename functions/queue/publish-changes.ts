import type { AttributeValue, DynamoDBRecord } from 'aws-lambda';
import * as z from 'zod/mini';
import { eventBus } from '#adapters/aws/bus.ts';
import type { Bus } from '#core/ports.ts';
import { stream } from '../queue.ts';

export const Env = z.object({ BUS_NAME: z.string() });
export type Env = z.infer<typeof Env>;

type Image = Record<string, AttributeValue> | undefined;

/** The tickets table's stream → `TicketReceived` for a ticket to begin with, `TicketChanged` when its status changes, `TicketReviewed` when a review waits. Names and statuses only: who needs more reads it. */
export function publishing(bus: Bus) {
  return async ({ dynamodb: { NewImage, OldImage } = {} }: DynamoDBRecord): Promise<void> => {
    if (!NewImage) return;
    const detail = {
      org: text(NewImage, 'org'),
      ticketId: text(NewImage, 'id'),
      source: text(NewImage, 'source'),
      status: text(NewImage, 'status'),
      version: Number(NewImage.version?.N ?? 0),
    };
    const before = text(OldImage, 'status');
    for (const type of happened(OldImage, NewImage))
      await bus.publish(type, type === 'TicketChanged' ? { ...detail, before } : detail);
  };
}

function happened(before: Image, now: Image): string[] {
  if (!before) return ['TicketReceived'];
  const status = text(now, 'status');
  const isMoved = status !== text(before, 'status');
  const isToBegin = status === 'received' && (isMoved || isHandedOn(before, now));
  const isToGoOn = isWaiting(now) && (isMoved || count(now) > count(before));
  return Object.entries({ TicketChanged: isMoved, TicketReceived: isToBegin, TicketReviewed: isToGoOn })
    .filter(([, is]) => is)
    .map(([type]) => type);
}

function isHandedOn(before: Image, now: Image): boolean {
  return text(before, 'handedOnAt') !== text(now, 'handedOnAt');
}

/** Whether somebody has asked for more on the pull request, and nobody has dealt with it. */
function isWaiting(image: Image): boolean {
  return count(image) > Number(image?.reviewed?.N ?? 0);
}

function count(image: Image): number {
  return image?.reviews?.L?.length ?? 0;
}

function text(image: Image, name: string): string {
  return image?.[name]?.S ?? '';
}

export const handler = stream(Env, async ({ BUS_NAME }) => publishing(eventBus(BUS_NAME)));
