import { createHash } from 'node:crypto';
import type { Delivery } from '#core/ports.ts';
import type { Project } from '#core/projects/project.ts';
import type { Run } from '#core/runs/run.ts';
import { ticketId } from '#core/tickets/accept.ts';
import type { Classification, Diagnosis, Draft, Ticket } from '#core/tickets/ticket.ts';

export const AT = '2026-11-20T10:00:00.000Z';

export function draft(change: Partial<Draft> = {}): Draft {
  return {
    org: 'acme',
    source: 'jira',
    externalId: 'ETL-142',
    title: 'tap-orders: orders missing',
    body: 'Half of them are gone.',
    reporter: { name: 'Mara' },
    labels: [],
    concerns: ['tap-orders'],
    openedAt: AT,
    ...change,
  };
}

export function ticket(change: Partial<Ticket> = {}): Ticket {
  const given = draft(change);
  return {
    ...given,
    id: ticketId(given),
    status: 'received',
    createdAt: AT,
    updatedAt: AT,
    version: 0,
    ...change,
  };
}

export const classification: Classification = {
  type: 'bug',
  priority: 'high',
  role: 'engineer',
  complexity: 'low',
  confidence: 0.9,
  reason: 'it says so',
  by: 'model',
};

export const diagnosis: Diagnosis = {
  rootCause: 'code_error',
  confidence: 0.5,
  summary: 'Perhaps the client.',
  evidence: [],
  plan: [],
  files: [],
};

export function delivery(change: Partial<Delivery> & { text?: string } = {}): Delivery {
  const { text = '{"hello":"world"}', ...rest } = change;
  return {
    org: 'acme',
    source: 'jira',
    id: 'delivery-1',
    bodyHash: createHash('sha256').update(text).digest('hex'),
    headers: {},
    body: Buffer.from(text).toString('base64'),
    receivedAt: AT,
    ...rest,
  };
}

export const PROJECT: Project = {
  org: 'acme',
  id: 'etl',
  name: 'ETL',
  repositories: [
    {
      fullName: 'acme/tap-orders',
      cloneUrl: 'http://localhost/acme/tap-orders.git',
      apiUrl: 'http://localhost/api/v3',
      defaultBranch: 'main',
      kind: 'tap',
      aliases: ['orders'],
      logPrefix: 'logs/tap-orders/',
    },
    {
      fullName: 'acme/target-ledger',
      cloneUrl: 'http://localhost/acme/target-ledger.git',
      apiUrl: 'http://localhost/api/v3',
      defaultBranch: 'main',
      kind: 'target',
      aliases: ['ledger'],
    },
  ],
  approvers: ['anna@acme.example'],
  selfApproval: false,
};

export function run(change: Partial<Run> = {}): Run {
  return {
    org: 'acme',
    id: 'run_1_1',
    ticketId: 'tk_1',
    attempt: 1,
    status: 'running',
    stage: 'triage',
    percent: 0,
    doing: 'platform: starting',
    spentNanoUsd: 0,
    budgetNanoUsd: 10_000_000_000,
    startedAt: AT,
    ...change,
  };
}
