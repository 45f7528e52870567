import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Waits } from '#core/approvals/ports.ts';
import { dynamo } from '../aws/clients.ts';

/** Task tokens apart from everything else: whoever consumes the stream of approvals must not see one. */
export function dynamoWaits(table: string): Waits {
  return {
    async register({ org, approvalId, token, executionArn }) {
      await dynamo().send(
        new UpdateCommand({
          TableName: table,
          Key: { id: waitId(org, approvalId) },
          UpdateExpression:
            'SET org = :org, approvalId = :approval, taskToken = :token, executionArn = :execution ADD generation :one',
          ExpressionAttributeValues: {
            ':org': org,
            ':approval': approvalId,
            ':token': token,
            ':execution': executionArn,
            ':one': 1,
          },
        }),
      );
    },

    async find(org, approvalId) {
      const Key = { id: waitId(org, approvalId) };
      const { Item } = await dynamo().send(new GetCommand({ TableName: table, Key, ConsistentRead: true }));
      if (!Item) return undefined;
      return { org, approvalId, token: String(Item.taskToken), executionArn: String(Item.executionArn) };
    },
  };
}

function waitId(org: string, approvalId: string): string {
  return `${org}#${approvalId}`;
}
