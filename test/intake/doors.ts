import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import * as z from 'zod';
import { clock } from '#adapters/clock.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { isSigned } from '#adapters/github/signature.ts';
import { webhookSecrets } from '#adapters/webhook-secrets.ts';
import { authentic } from '#functions/delivery.ts';
import { erpWebhook } from '#functions/http/erp-webhook.ts';
import { githubWebhook } from '#functions/http/github-webhook.ts';
import { jiraWebhook } from '#functions/http/jira-webhook.ts';
import { http, type Route } from '#functions/http.ts';
import { localAws } from '../support/aws.ts';
import { ORGS, secretOf } from './load.ts';

/**
 * The doors of webhooks and their tables, in a process that can be killed and started again in its folder: the product's
 * own functions on the local DynamoDB. `/bare/…` only verifies and answers. Prints `ready` when it listens.
 */
const [, , folder = '', port = ''] = process.argv;

const aws = await localAws({ folder });
const tickets = dynamoTickets('Tickets', 'Deliveries');
const inbound = { tickets, clock, secrets: webhookSecrets('signalbox/webhooks') };
for (const org of ORGS)
  for (const source of ['github', 'jira', 'erp'] as const) await ensureSecret(org, source);

const bare: Route = async (request) => {
  await authentic(request, 'github', {
    ...inbound,
    isSigned: (key, raw, headers) => isSigned(raw, headers['x-hub-signature-256'], key),
  });
  return { status: 202, body: { id: 'none' } };
};
const routes: Record<string, ReturnType<typeof door>> = {
  github: door(githubWebhook(inbound)),
  jira: door(jiraWebhook(inbound)),
  erp: door(erpWebhook(inbound)),
  bare: door(bare),
};

createServer(async (request, response) => {
  const [, , org = '', source = ''] = (request.url ?? '').split('/');
  const answer = await routes[source]?.(await eventOf(request, org), {} as Context);
  response.writeHead(Number(answer?.statusCode ?? 404)).end(answer?.body);
}).listen(Number(port), '127.0.0.1', () => process.stdout.write('ready\n'));

process.once('SIGTERM', () => aws.stop().then(() => process.exit(0)));

function door(route: Route) {
  return http(z.object({}), async () => route);
}

async function ensureSecret(org: string, source: string): Promise<void> {
  const SecretString = JSON.stringify({ secrets: [secretOf(org, source)] });
  const Name = `signalbox/webhooks/${org}/${source}`;
  await new SecretsManagerClient().send(new CreateSecretCommand({ Name, SecretString })).catch((error) => {
    if (error.name !== 'ResourceExistsException') throw error;
  });
}

async function eventOf(request: IncomingMessage, org: string): Promise<APIGatewayProxyEventV2> {
  const event = {
    version: '2.0',
    rawPath: request.url,
    headers: request.headers,
    pathParameters: { org },
    requestContext: { http: { method: 'POST', path: request.url } },
    body: await text(request),
    isBase64Encoded: false,
  };
  return event as unknown as APIGatewayProxyEventV2;
}
