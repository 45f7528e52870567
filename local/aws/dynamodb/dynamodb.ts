import type { Clock } from '../../clock.ts';
import { groupCommit } from '../../group-commit.ts';
import type { Store } from '../../store.ts';
import { type Operations, only } from '../service.ts';
import { gets } from './gets.ts';
import { itemStore } from './items.ts';
import { searches } from './searches.ts';
import { type Streams, streamStore } from './streams.ts';
import { describe, type TableProperties } from './table.ts';
import { tableStore } from './tables.ts';
import { transactions } from './transact.ts';
import { expiry } from './ttl.ts';
import { writes } from './writes.ts';

export interface DynamoDb {
  operations: Operations;
  /** Creates the table or takes it up again; its items stay. Refuses another key schema under the same name. */
  define(name: string, properties: TableProperties): void;
  /** The change records, for event-source mappings. */
  streams: Streams;
  stop(): void;
}

/** DynamoDB on the store: what a call has answered is durable, and every read is consistent. */
export function dynamoDb(store: Store, clock: Clock): DynamoDb {
  const streams = streamStore(store, clock);
  const ttl = expiry(store, clock, { tables: () => tables.all(), items: () => items });
  const items = itemStore(store, clock, { streams, onExpiry: ttl.expect });
  const tables = tableStore(store, clock, items.fill);
  const parts = { store, clock, commit: groupCommit(store), tables, items };
  return {
    operations: {
      ...gets(parts),
      ...searches(parts),
      ...writes(parts),
      ...transactions(parts),
      DescribeTable: (input) => {
        only('DescribeTable', input, ['TableName']);
        const table = tables.find(input.TableName);
        return { Table: describe(table, items.count(table)) };
      },
      DescribeTimeToLive: (input) => {
        only('DescribeTimeToLive', input, ['TableName']);
        const { ttl: AttributeName } = tables.find(input.TableName);
        const TimeToLiveStatus = AttributeName ? 'ENABLED' : 'DISABLED';
        return { TimeToLiveDescription: { TimeToLiveStatus, AttributeName } };
      },
      ListTables: (input) => {
        only('ListTables', input, ['ExclusiveStartTableName', 'Limit']);
        const { ExclusiveStartTableName: after = '', Limit = 100 } = input;
        const all = tables.all().map(({ name }) => name);
        const rest = all.sort().filter((name) => name > after);
        const TableNames = rest.slice(0, Limit);
        return { TableNames, LastEvaluatedTableName: rest.length > Limit ? TableNames.at(-1) : undefined };
      },
    },
    define: (name, properties) => {
      const table = tables.define(name, properties);
      const next = items.nextExpiry(table);
      if (next !== undefined) ttl.expect(next);
    },
    streams,
    stop: ttl.stop,
  };
}
