import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';

export interface Tables {
  /** Every row of a table, by the id of its construct: `Tickets`. */
  rows(table: string): Promise<Record<string, unknown>[]>;
  close(): void;
}

/** Looks into the tables behind an endpoint of the local AWS. */
export function tablesAt(endpoint: string): Tables {
  const client = new DynamoDBClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const documents = DynamoDBDocumentClient.from(client);
  return {
    rows: async (table) => {
      const { TableNames = [] } = await client.send(new ListTablesCommand({}));
      const name = TableNames.find((one) => new RegExp(`(^|-)${table}[0-9A-F]{8}`).test(one));
      const { Items = [] } = await documents.send(new ScanCommand({ TableName: name }));
      return Items;
    },
    close: () => client.destroy(),
  };
}
