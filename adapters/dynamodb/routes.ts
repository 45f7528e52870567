import { GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { RouteState, type Routes } from '#core/agents/routes.ts';
import { parse } from '#core/parse.ts';
import { dynamo } from '../aws/clients.ts';

const PARTITION = 'routes';

/** In the table of runs, in a partition of their own. */
export function dynamoRoutes(TableName: string): Routes {
  return {
    async all() {
      const query = {
        KeyConditionExpression: 'run = :run',
        ExpressionAttributeValues: { ':run': PARTITION },
      };
      const { Items = [] } = await dynamo().send(new QueryCommand({ TableName, ...query }));
      return Items.map((item) => parse(RouteState, item));
    },
    async find(route) {
      const Key = { run: PARTITION, sk: route };
      const { Item } = await dynamo().send(new GetCommand({ TableName, Key, ConsistentRead: true }));
      return Item && parse(RouteState, Item);
    },
    async put(state) {
      await dynamo().send(new PutCommand({ TableName, Item: { run: PARTITION, sk: state.route, ...state } }));
    },
  };
}
