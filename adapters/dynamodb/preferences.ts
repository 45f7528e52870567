import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod/mini';
import { Fault } from '#core/fault.ts';
import { Personal, type Preferences, type Revised, Rooms } from '#core/preferences.ts';
import { dynamo } from '../aws/clients.ts';
import { isRefused } from './change.ts';

/** Beside the notices that they are about: one row for an organization's rooms, one for each person. */
export function dynamoPreferences(table: string): Preferences {
  const idOf = (personId: string) => `preferences#${personId}`;
  return {
    rooms: (org) => read(table, { org, id: 'preferences' }, Rooms, { rooms: [] }),
    personal: (org, personId) => read(table, { org, id: idOf(personId) }, Personal, { ways: {} }),
    putRooms: (org, { revision, ...rooms }) => put(table, { org, id: 'preferences' }, rooms, revision),
    putPersonal: (org, personId, { revision, ...personal }) =>
      put(table, { org, id: idOf(personId) }, personal, revision),
  };
}

interface Key {
  org: string;
  id: string;
}

async function read<T extends object>(
  table: string,
  Key: Key,
  schema: z.core.$ZodType<T>,
  none: T,
): Promise<Revised<T>> {
  const { Item } = await dynamo().send(new GetCommand({ TableName: table, Key, ConsistentRead: true }));
  return { ...(Item ? z.parse(schema, Item.preferences) : none), revision: Number(Item?.revision ?? 0) };
}

async function put<T extends object>(
  table: string,
  key: Key,
  preferences: T,
  revision: number,
): Promise<Revised<T>> {
  try {
    await dynamo().send(
      new PutCommand({
        TableName: table,
        Item: { ...key, preferences, revision: revision + 1 },
        ConditionExpression: revision === 0 ? 'attribute_not_exists(id)' : 'revision = :revision',
        ...(revision > 0 && { ExpressionAttributeValues: { ':revision': revision } }),
      }),
    );
  } catch (error) {
    if (isRefused(error))
      throw new Fault('Conflict', 'Somebody has changed this meanwhile; look at it again');
    throw error;
  }
  return { ...preferences, revision: revision + 1 };
}
