import { randomUUID } from 'node:crypto';
import { GetCommand, PutCommand, QueryCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { Fault } from '#core/fault.ts';
import type { Projects } from '#core/ports.ts';
import { Project } from '#core/projects/project.ts';
import { dynamo } from '../aws/clients.ts';

/** Projects by organization and id. */
export function dynamoProjects(table: string): Projects {
  return {
    find: async (org, id) => {
      const { Item } = await dynamo().send(
        new GetCommand({ TableName: table, Key: { org, id }, ConsistentRead: true }),
      );
      return Item && Project.parse(Item);
    },
    list: (org) => list(table, org),
    put: async (project) => {
      await dynamo().send(new PutCommand({ TableName: table, Item: stamped(project) }));
    },
    replace: (project) => replace(table, project),
  };
}

function stamped(project: Project): Project {
  return { ...Project.parse(project), revision: randomUUID() };
}

/** A project that is not there has no revision, and neither has one from before there were any. */
async function replace(table: string, project: Project): Promise<void> {
  const { revision } = project;
  const seen = revision === undefined ? 'attribute_not_exists(revision)' : 'revision = :seen';
  const values = revision !== undefined && { ExpressionAttributeValues: { ':seen': revision } };
  try {
    await dynamo().send(
      new PutCommand({ TableName: table, Item: stamped(project), ConditionExpression: seen, ...values }),
    );
  } catch (error) {
    if ((error as Error).name !== 'ConditionalCheckFailedException') throw error;
    throw new Fault('Conflict', `Project ${project.id} was changed by somebody else meanwhile: try again`);
  }
}

async function list(table: string, org: string): Promise<Project[]> {
  const found: Project[] = [];
  let start: Record<string, unknown> | undefined;
  do {
    const { Items = [], LastEvaluatedKey } = await dynamo().send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: 'org = :org',
        ExpressionAttributeValues: { ':org': org },
        ExclusiveStartKey: start,
        ConsistentRead: true,
      }),
    );
    found.push(...Items.map((item) => Project.parse(item)));
    start = LastEvaluatedKey;
  } while (start);
  return found;
}

/** Every project of every organization, for what is done to all of them: reads the whole table. */
export async function everyProject(table: string): Promise<Project[]> {
  const found: Project[] = [];
  let start: Record<string, unknown> | undefined;
  do {
    const { Items = [], LastEvaluatedKey } = await dynamo().send(
      new ScanCommand({ TableName: table, ExclusiveStartKey: start, ConsistentRead: true }),
    );
    found.push(...Items.map((item) => Project.parse(item)));
    start = LastEvaluatedKey;
  } while (start);
  return found;
}
