import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  DescribeStateMachineCommand,
  ListStateMachinesCommand,
  SendTaskSuccessCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { ORG } from '../bin/demo/organization.ts';
import { approvalId } from '../core/approvals/approval.ts';
import { payload } from '../test/support/approvals.ts';
import { type RunningProduct, startedProduct } from '../test/support/product.ts';
import { run, ticket } from '../test/support/tickets.ts';

/** Milliseconds that a part of a decision takes. */
export interface Part {
  part: string;
  p50: number;
  p99: number;
}

const WARM = 10;
const SLOW = 10_000;
/** Milliseconds between two looks: looking costs the product as much as what is measured. */
const LOOK = 3;
const APPROVER = 'approver@demo.example';
const client = { region: 'us-east-1', credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' } };

/**
 * From a machine that asks, over a person who decides over HTTP as soon as there is a question, to the same machine once it
 * has heard, in the whole product; beside a bare machine woken by its token in the same rounds, which nothing can beat.
 */
export async function decisions(rounds = 200): Promise<Part[]> {
  const product = await startedProduct();
  try {
    const [decide, wake] = [await decider(product), await waker(product)];
    const times = { asked: [] as number[], decided: [] as number[], resumed: [] as number[] };
    const bare: number[] = [];
    for (let round = -WARM; round < rounds; round += 1) {
      const [one, woken] = [await decide(), await wake()];
      if (round < 0) continue;
      bare.push(woken);
      for (const part of ['asked', 'decided', 'resumed'] as const) times[part].push(one[part]);
    }
    const all = times.asked.map((asked, at) => asked + (times.decided[at] ?? 0) + (times.resumed[at] ?? 0));
    return Object.entries({ ...times, 'all three': all, 'bare wake-up': bare }).map(([part, each]) => ({
      part,
      p50: quantile(each, 0.5),
      p99: quantile(each, 0.99),
    }));
  } finally {
    await product.stop();
  }
}

function quantile(times: number[], part: number): number {
  const sorted = times.toSorted((one, other) => one - other);
  return Math.round((sorted[Math.ceil(sorted.length * part) - 1] ?? 0) * 10) / 10;
}

/** One question and its decision at a time, on the product's own functions and the states between them. */
async function decider(product: RunningProduct) {
  const sfn = new SFNClient({ ...client, endpoint: product.aws });
  const stateMachineArn = await waitingMachine(sfn);
  const store = await storer(product.aws);
  const headers = {
    authorization: `Bearer ${await session(product)}`,
    'content-type': 'application/json',
  };

  return async () => {
    const ref = await store();
    const url = new URL(`/v1/approvals/${approvalId(ORG, ref.runId, 'plan')}`, product.dashboard).href;
    const began = performance.now();
    const { executionArn } = await sfn.send(
      new StartExecutionCommand({ stateMachineArn, name: ref.runId, input: JSON.stringify(ref) }),
    );
    let found = await fetch(url, { headers });
    for (; found.status === 404; found = await fetch(url, { headers })) {
      await found.body?.cancel();
      await sleep(LOOK);
      if (performance.now() - began > SLOW) throw new Error('No question came');
    }
    const { revision, payload_hash } = (await found.json()) as { revision: number; payload_hash: string };
    const asked = performance.now();
    const body = JSON.stringify({ decision: 'approve', revision, payload_hash });
    const answer = await fetch(`${url}/decision`, { method: 'POST', headers, body });
    if (answer.status !== 200) throw new Error(`Deciding answered ${answer.status}: ${await answer.text()}`);
    await answer.body?.cancel();
    const decided = performance.now();
    await ended(sfn, executionArn);
    return { asked: asked - began, decided: decided - asked, resumed: performance.now() - decided };
  };
}

/** The product's ticket machine from the plan to the moment in which it has heard. */
async function waitingMachine(sfn: SFNClient): Promise<string> {
  const { stateMachines = [] } = await sfn.send(new ListStateMachinesCommand({}));
  for (const { stateMachineArn } of stateMachines) {
    const { definition = '' } = await sfn.send(new DescribeStateMachineCommand({ stateMachineArn }));
    const { States, ...rest } = JSON.parse(definition);
    if (!States['Await decision']) continue;
    const kept = ['Start', 'Propose plan', 'Await decision', 'Load decision'].map((name) => [
      name,
      States[name],
    ]);
    const wait = Object.fromEntries(kept.map(([name, { Catch, ...state }]) => [name, state]));
    return machine(sfn, {
      ...rest,
      States: {
        ...wait,
        Start: { ...wait.Start, Next: 'Propose plan' },
        'Propose plan': { ...wait['Propose plan'], Next: 'Await decision' },
        'Load decision': { ...wait['Load decision'], Next: 'Heard' },
        Heard: { Type: 'Succeed' },
      },
    });
  }
  throw new Error('The product has no machine that waits for a decision');
}

async function machine(sfn: SFNClient, definition: object): Promise<string> {
  const roleArn = 'arn:aws:iam::000000000000:role/bench';
  const made = { name: `bench-${randomUUID()}`, definition: JSON.stringify(definition), roleArn };
  return (await sfn.send(new CreateStateMachineCommand(made))).stateMachineArn as string;
}

async function ended(sfn: SFNClient, executionArn: string | undefined): Promise<void> {
  for (;;) {
    const { status } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    if (status === 'SUCCEEDED') return;
    if (status !== 'RUNNING') throw new Error(`The execution has ${status}`);
    await sleep(LOOK);
  }
}

/** Stores a diagnosed ticket and its run. */
async function storer(endpoint: string) {
  const { documents, named } = await tablesOf(endpoint);
  const put = (table: string, Item: object) =>
    documents.send(new PutCommand({ TableName: named(table), Item }));
  let count = 0;

  return async () => {
    count += 1;
    const [ticketId, runId] = [`tk_${String(count).padStart(16, '0')}`, `run_bench_${count}`];
    const { title, body } = payload().ticket;
    await put('Tickets', {
      ...ticket({ org: ORG, id: ticketId, externalId: `BENCH-${count}`, title, body }),
      ...{ runId, status: 'diagnosing', version: 1, diagnosis: payload().diagnosis },
      classification: {
        ...{ type: 'bug', priority: 'high', role: 'engineer', complexity: 'low', confidence: 1 },
        ...{ reason: '', by: 'rule', repository: 'acme/tap-orders', projectId: 'tap-orders' },
      },
    });
    await put('Runs', { ...run({ org: ORG, id: runId, ticketId }), run: `${ORG}#${runId}`, sk: 'RUN' });
    return { org: ORG, ticketId, runId };
  };
}

async function session({ dashboard, mailbox }: RunningProduct): Promise<string> {
  const post = (path: string, body: object) =>
    fetch(`${dashboard}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  await post('/auth/code', { email: APPROVER });
  for (let tries = 0; tries < 100; tries += 1, await sleep(100)) {
    const mails: { subject: string; text: string }[] = await (
      await fetch(`${mailbox}/mails.json?to=${APPROVER}`)
    ).json();
    const mail = mails.find(({ subject }) => !subject.startsWith('Decide'));
    const code = /Code: (\S+)/.exec(mail?.text ?? '')?.[1];
    if (!code) continue;
    const answer = await post('/auth/session', { email: APPROVER, code, client: 'cli' });
    return (await answer.json()).token;
  }
  throw new Error('No code came');
}

/** Wakes a machine that does nothing but wait for its token. */
async function waker({ aws }: RunningProduct) {
  const sfn = new SFNClient({ ...client, endpoint: aws });
  const { documents, named } = await tablesOf(aws);
  const TableName = named('Deliveries');
  const name = '{% $states.context.Execution.Name %}';
  const stateMachineArn = await machine(sfn, {
    QueryLanguage: 'JSONata',
    StartAt: 'Wait',
    States: {
      Wait: {
        ...{
          Type: 'Task',
          Resource: 'arn:aws:states:::aws-sdk:dynamodb:putItem.waitForTaskToken',
          End: true,
        },
        Arguments: {
          TableName,
          Item: { pk: { S: name }, sk: { S: 'bench' }, token: { S: '{% $states.context.Task.Token %}' } },
        },
      },
    },
  });

  return async () => {
    const pk = randomUUID();
    const { executionArn } = await sfn.send(new StartExecutionCommand({ stateMachineArn, name: pk }));
    let taskToken: string | undefined;
    while (!taskToken) {
      const { Item } = await documents.send(new GetCommand({ TableName, Key: { pk, sk: 'bench' } }));
      taskToken = Item?.token;
    }
    const began = performance.now();
    await sfn.send(new SendTaskSuccessCommand({ taskToken, output: '{}' }));
    await ended(sfn, executionArn);
    return performance.now() - began;
  };
}

async function tablesOf(endpoint: string) {
  const dynamo = new DynamoDBClient({ ...client, endpoint });
  const { TableNames = [] } = await dynamo.send(new ListTablesCommand({}));
  return {
    documents: DynamoDBDocumentClient.from(dynamo, { marshallOptions: { removeUndefinedValues: true } }),
    named: (table: string) => TableNames.find((one) => new RegExp(`(^|-)${table}[0-9A-F]{8}`).test(one)),
  };
}
