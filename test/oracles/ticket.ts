import { createHmac } from 'node:crypto';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient, ListTablesCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ListExecutionsCommand, ListStateMachinesCommand, SFNClient } from '@aws-sdk/client-sfn';
import { client } from '../local/aws/local-subject.ts';

/** How far a ticket came in a deployed product. */
export interface Journey {
  /** Of the answer to the signed webhook. */
  status: number;
  answer: string;
  tickets: number;
  executions: string[];
}

const SECRET = 'a webhook secret for an emulator';

/** Sends a signed Jira webhook to the deployed API and looks, for some seconds, how far it gets. */
export async function sendTicket(endpoint: string, apiUrl: string): Promise<Journey> {
  const sdk = { ...client, endpoint };
  await new SecretsManagerClient(sdk).send(
    new CreateSecretCommand({
      Name: 'signalbox/webhooks/main/jira',
      SecretString: JSON.stringify({ secrets: [SECRET] }),
    }),
  );
  const { status, answer } = await post(endpoint, new URL(apiUrl).host, issue());
  await sleep(8_000);
  return { status, answer, tickets: await rows(sdk, /Tickets/), executions: await executions(sdk) };
}

function issue(): string {
  const fields = {
    summary: 'Orders missing',
    description: 'Since Monday',
    issuetype: { name: 'Bug' },
    priority: { name: 'High' },
    reporter: { displayName: 'Rita' },
    labels: [],
    components: [],
    created: new Date().toISOString().replace('Z', '+0000'),
  };
  const self = 'https://acme.atlassian.net/rest/api/2/issue/1';
  return JSON.stringify({
    timestamp: Date.now(),
    webhookEvent: 'jira:issue_created',
    issue: { id: '1', key: 'ETL-1', self, fields },
  });
}

/** The emulator tells its APIs apart by the host's name, which no resolver knows. */
async function post(
  endpoint: string,
  host: string,
  body: string,
): Promise<{ status: number; answer: string }> {
  const signature = createHmac('sha256', SECRET).update(body).digest('hex');
  const headers = { host, 'content-type': 'application/json', 'x-hub-signature': `sha256=${signature}` };
  return new Promise((resolve, reject) => {
    const sent = request(`${endpoint}/webhooks/main/jira`, { method: 'POST', headers }, (response) => {
      text(response).then((answer) => resolve({ status: response.statusCode ?? 0, answer }), reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

async function rows(sdk: object, name: RegExp): Promise<number> {
  const dynamo = new DynamoDBClient(sdk);
  const { TableNames = [] } = await dynamo.send(new ListTablesCommand({}));
  const TableName = TableNames.find((one) => name.test(one));
  return (await dynamo.send(new ScanCommand({ TableName }))).Count ?? 0;
}

async function executions(sdk: object): Promise<string[]> {
  const sfn = new SFNClient(sdk);
  const { stateMachines = [] } = await sfn.send(new ListStateMachinesCommand({}));
  const own = stateMachines.filter(({ name }) => /PipelineMachine/.test(String(name)));
  const all = await Promise.all(
    own.map(({ stateMachineArn }) => sfn.send(new ListExecutionsCommand({ stateMachineArn }))),
  );
  return all.flatMap(({ executions = [] }) => executions.map(({ status }) => String(status)));
}
