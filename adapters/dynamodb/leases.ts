import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { Fault } from '#core/fault.ts';
import type { Clock } from '#core/ports.ts';
import type { Leases } from '#core/taps/credentials.ts';
import { dynamo } from '../aws/clients.ts';

/** A minute: each holder extends its own three times in that. */
const LENGTH = 60_000;

/** Leases as one row each: whoever holds it, and until when. */
export function dynamoLeases(table: string, clock: Clock, length = LENGTH): Leases {
  const change = async (id: string, { set, only, values }: Change, refusal: Fault) => {
    try {
      await dynamo().send(
        new UpdateCommand({
          ...{ TableName: table, Key: { id }, UpdateExpression: set, ConditionExpression: only },
          ExpressionAttributeValues: values,
        }),
      );
    } catch (error) {
      throw (error as Error).name === 'ConditionalCheckFailedException' ? refusal : error;
    }
  };
  const until = () => clock.now().getTime() + length;
  return {
    length,
    take: (id, holder) =>
      change(
        id,
        {
          set: 'SET holder = :me, endsAt = :until',
          only: 'attribute_not_exists(holder) OR endsAt < :now',
          values: { ':me': holder, ':until': until(), ':now': clock.now().getTime() },
        },
        new Fault('Unavailable', `${id} is in use by somebody else: try again later`),
      ),
    extend: (id, holder) =>
      change(
        id,
        {
          set: 'SET endsAt = :until',
          only: 'holder = :me',
          values: { ':me': holder, ':until': until() },
        },
        new Fault('Conflict', `${id} was taken by somebody else meanwhile`),
      ),
    release: (id, holder) =>
      change(
        id,
        { set: 'REMOVE holder', only: 'holder = :me', values: { ':me': holder } },
        new Fault('Conflict', `${id} was taken by somebody else meanwhile`),
      ),
  };
}

interface Change {
  set: string;
  only: string;
  values: Record<string, unknown>;
}
