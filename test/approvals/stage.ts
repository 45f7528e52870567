import { readFileSync } from 'node:fs';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { dynamo, sfn } from '#adapters/aws/clients.ts';
import { stateMachines } from '#adapters/aws/machines.ts';
import { dynamoWaits } from '#adapters/dynamodb/approval-waits.ts';
import { dynamoIdentities } from '#adapters/dynamodb/identities.ts';
import { dynamoNotices } from '#adapters/dynamodb/notices.ts';
import { dynamoPeople } from '#adapters/dynamodb/people.ts';
import { dynamoProjects } from '#adapters/dynamodb/projects.ts';
import { dynamoQueue } from '#adapters/dynamodb/queue.ts';
import { dynamoRuns } from '#adapters/dynamodb/runs.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { type Approval, approvalId } from '#core/approvals/approval.ts';
import { sweep } from '#core/approvals/sweep.ts';
import type { Clock, Forge, PullRequest } from '#core/ports.ts';
import { dispatching } from '#functions/queue/dispatch-decision.ts';
import { stream } from '#functions/queue.ts';
import { awaiting } from '#functions/task/await-decision.ts';
import { escalating } from '#functions/task/escalate.ts';
import { loading } from '#functions/task/load-decision.ts';
import { opening } from '#functions/task/open-pull-request.ts';
import { proposing } from '#functions/task/propose-plan.ts';
import { streamMappings } from '#local/aws/dynamodb/mappings.ts';
import { streamArn } from '#local/aws/dynamodb/table.ts';
import { FunctionError } from '#local/aws/service.ts';
import { systemClock } from '#local/clock.ts';
import { approvals, asking, ORG, payload, URL_ } from '../support/approvals.ts';
import { localAws } from '../support/aws.ts';
import { PROJECT, ticket } from '../support/tickets.ts';
import { invocation, underway, watchClients } from './fates.ts';

export const tickets = dynamoTickets('Tickets', 'Deliveries');
export const runs = dynamoRuns('Runs');
export const notices = dynamoNotices('Notices');
export const people = dynamoPeople('People');
export const waits = dynamoWaits('ApprovalWaits');
const projects = dynamoProjects('Projects');

/** What functions need that end a run. */
export const ending = (clock: Clock) => ({ tickets, runs, projects, notices, clock, publicUrl: URL_ });

export interface Ref {
  org: string;
  ticketId: string;
  runId: string;
}

export type Stage = Awaited<ReturnType<typeof stage>>;
// biome-ignore lint/suspicious/noExplicitAny: each function takes its own event
type Functions = Record<string, (event: any) => Promise<unknown>>;

/**
 * The wait for a decision as the product deploys it, in this process: the ticket machine's own states on the local Step
 * Functions, the real functions, the real streams. What comes before the plan and between plan and pull request is left out.
 */
export async function stage() {
  const time = systemClock();
  const clock = { now: () => new Date(time.now()) };
  const { forge, pulls } = forgeOf();
  const needs = ending(clock);
  const dispatch = { approvals, waits, machines: stateMachines() };
  const dispatcher = stream(z.object({}), async () => dispatching(dispatch));
  const functions: Functions = {
    'task/propose-plan': proposing({ ...asking(clock), ...needs, identities: dynamoIdentities('People') }),
    'task/await-decision': awaiting({ waits, queue: dynamoQueue('Queue'), nudge: async () => {}, clock }),
    'task/load-decision': loading({ ...asking(clock), tickets, runs }),
    'task/open-pull-request': opening({ ...needs, forgeOf: async () => forge }),
    'task/escalate': escalating({ ...needs, forgeOf: async () => forge }),
    'queue/dispatch-decision': (event) => dispatcher(event, {} as never) as Promise<unknown>,
  };
  let isLost = false;
  const invoke = async (file: string, event: unknown): Promise<unknown> => {
    const name = /functions\/(.+)\.ts$/.exec(file)?.[1] ?? file;
    return invocation(name, async () => functions[name]?.(event)).catch((error) => {
      throw new FunctionError(error.name, error.message);
    });
  };
  const aws = await localAws({
    clock: time,
    integrations: {
      'lambda:invoke': async ({ FunctionName, Payload }) => ({
        ...{ StatusCode: 200, ExecutedVersion: '$LATEST' },
        Payload: await invoke(FunctionName, Payload),
      }),
    },
  });
  watchClients();
  aws.machines.define(MACHINE, {
    StateMachineName: 'Ticket',
    RoleArn: 'arn:aws:iam::000000000000:role/ticket',
    DefinitionString: JSON.stringify(definition()),
  });
  const consume = async (file: string, event: unknown) => (isLost ? undefined : invoke(file, event));
  const streams = streamMappings({ ...aws, clock: time, invoke: consume, onFailure: () => undefined });
  for (const table of ['Approvals', 'ApprovalWaits']) {
    streams.define(table, {
      ...{ EventSourceArn: streamArn(table), FunctionName: 'functions/queue/dispatch-decision.ts' },
      ...{ StartingPosition: 'TRIM_HORIZON', FunctionResponseTypes: ['ReportBatchItemFailures'] },
    });
  }

  return {
    ...{ aws, clock, time, pulls, functions },
    begin: () => begin(clock.now()),
    /** Whether the streams' records are lost from now on, as when their retries are used up. */
    loseRecords: (value: boolean) => {
      isLost = value;
    },
    sweep: () => invocation('sweep', () => sweep({ ...asking(clock), ...dispatch, runs })),
    stop: async () => {
      streams.stop();
      await aws.stop();
      dynamo().destroy();
      sfn().destroy();
    },
  };
}

export const MACHINE = 'arn:aws:states:us-east-1:000000000000:stateMachine:Ticket';

export const executionArn = ({ runId }: Ref) =>
  `${MACHINE.replace(':stateMachine:', ':execution:')}:${runId}`;

/** The committed machine from the plan on, with nothing between an approval and its pull request. */
function definition(): object {
  const text = readFileSync(new URL('../lib/ticket.asl.json', import.meta.url), 'utf8');
  const { States, ...rest } = JSON.parse(text.replaceAll('arn:AWS::Partition:', 'arn:aws:'));
  const out = [
    'A review?',
    'Await slot',
    'Tried again?',
    'Wait to try again',
    'Classify',
    'Diagnose',
    'Understood?',
    'Cause known?',
    'Verify',
    'Verified?',
    'Patch made?',
  ];
  const left = Object.entries(States).filter(([name]) => !out.includes(name));
  return {
    ...rest,
    States: {
      ...Object.fromEntries(left),
      Start: { ...States.Start, Next: 'Propose plan' },
      'Await slot to build': { Type: 'Pass', Next: 'Implement' },
      Implement: { Type: 'Pass', Next: 'Open pull request' },
    },
  };
}

/** A forge that has one pull request for each branch, as GitHub does. */
function forgeOf() {
  const pulls = new Map<string, PullRequest>();
  const forge: Forge = {
    head: async () => 'sha-verified',
    files: async () => [],
    read: async () => '',
    describe: async () => {},
    asked: async () => undefined,
    mayWrite: async () => false,
    reply: async () => {},
    openPullRequest: async ({ branch }) => {
      const number = pulls.size + 1;
      const opened = {
        url: `${URL_}/pull/${number}`,
        number,
        state: 'open',
        headSha: 'sha-verified',
      } as const;
      const pull = pulls.get(branch) ?? opened;
      pulls.set(branch, pull);
      return pull;
    },
  };
  return { forge, pulls };
}

let count = 0;

/** A diagnosed ticket with its run under way and its change already made, and its machine started. */
async function begin(now: Date): Promise<Ref & { approvalId: string }> {
  count += 1;
  const ref = { org: ORG, ticketId: `tk_${String(count).padStart(16, '0')}`, runId: `run_${count}_1` };
  const { title, body } = payload().ticket;
  const stored = ticket({
    ...{ org: ORG, id: ref.ticketId, externalId: `ETL-${count}`, title, body, runId: ref.runId },
    ...{ status: 'diagnosing', version: 1, diagnosis: payload().diagnosis },
    classification: {
      ...{ type: 'bug', priority: 'high', role: 'engineer', complexity: 'low', confidence: 1 },
      ...{ reason: '', by: 'rule', repository: 'acme/tap-orders', projectId: PROJECT.id },
    },
  });
  await dynamo().send(new PutCommand({ TableName: 'Tickets', Item: stored }));
  const approvers = ['anna@acme.example', 'ben@acme.example'];
  await projects.put({ ...PROJECT, org: ORG, approvers });
  await runs.open({
    ...{ org: ORG, id: ref.runId, ticketId: ref.ticketId, attempt: 1, status: 'running', stage: 'diagnosis' },
    ...{ percent: 30, doing: '', spentNanoUsd: 0, budgetNanoUsd: 5e9, startedAt: now.toISOString() },
  });
  await runs.update(ORG, ref.runId, {
    ...{ branch: `fix/${ref.runId}`, headSha: 'sha-verified' },
    verification: {
      ...{ verdict: 'passed', baseSha: 'sha-base', headSha: 'sha-verified', redBefore: ['t'] },
      ...{ greenAfter: ['t'], redAfter: [], checks: [], notVerified: [] },
    },
  });
  await stateMachines().start(MACHINE, ref.runId, ref);
  return { ...ref, approvalId: approvalId(ORG, ref.runId, 'plan') };
}

const POLL = 3;

/** Waits until `isDone`; whenever nothing is under way, time is moved on a little, for what waits to be tried again. */
export async function until(
  isDone: () => Promise<boolean>,
  { time, sweep }: Pick<Stage, 'time' | 'sweep'>,
): Promise<void> {
  for (let idle = 0, looks = 0; !(await isDone()); looks += 1) {
    if (looks > 4_000) throw new Error('It does not come to an end');
    await new Promise((resolve) => setTimeout(resolve, POLL));
    idle = underway() > 0 ? 0 : idle + 1;
    if (idle === 0 || idle % 4 > 0) continue;
    time.forward(2_000);
    if (idle % 20 === 0) await sweep().catch(() => undefined);
  }
}

/** The approval, once the machine has asked. */
export function questionOf({ org, approvalId }: { org: string; approvalId: string }) {
  return approvals.find(org, approvalId) as Promise<Approval | undefined>;
}
