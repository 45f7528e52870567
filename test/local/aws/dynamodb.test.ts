import { dynamoDbContract } from './dynamodb.contract.ts';
import { openDynamoDb } from './dynamodb.subject.ts';

dynamoDbContract('the local AWS', async () => {
  const local = await openDynamoDb();
  return { ...local, define: async (name, properties) => local.db.define(name, properties) };
});
