import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { clientOf, dynamoDbContract } from './dynamodb.contract.ts';
import { openDynamoDb } from './dynamodb.subject.ts';

dynamoDbContract('the local AWS', async () => {
  const local = await openDynamoDb();
  return { ...local, define: async (name, properties) => local.db.define(name, properties) };
});

const { DYNAMODB_ORACLE: oracle } = process.env;
if (oracle) {
  dynamoDbContract(oracle, async () => {
    const client = clientOf(oracle);
    return {
      endpoint: oracle,
      define: async (TableName, properties) => {
        await client.send(new CreateTableCommand({ TableName, ...properties }));
      },
      stop: async () => client.destroy(),
    };
  });
}
