import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { stateMachines } from '#adapters/aws/machines.ts';
import { clock } from '#adapters/clock.ts';
import { dynamoChecks } from '#adapters/dynamodb/checks.ts';
import { dynamoProjects } from '#adapters/dynamodb/projects.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { s3Artifacts } from '#adapters/s3/artifacts.ts';
import { Fault } from '#core/fault.ts';
import { parseJson } from '#core/parse.ts';
import { allow } from '#core/people/principal.ts';
import type { Machines, Projects } from '#core/ports.ts';
import { type Project, repositoryNamed } from '#core/projects/project.ts';
import { acceptDrift } from '../accept-drift.ts';
import { http, type Route } from '../http.ts';
import { PrincipalEnv, type PrincipalOf, principalsFrom } from '../principal.ts';

export const Env = PrincipalEnv.extend({
  PROJECTS_TABLE: z.string(),
  CHECKS_TABLE: z.string(),
  TICKETS_TABLE: z.string(),
  DELIVERIES_TABLE: z.string(),
  ARTIFACTS_BUCKET: z.string(),
  TAPS_MACHINE_ARN: z.string(),
});
export type Env = z.infer<typeof Env>;

interface Needs {
  principalOf: PrincipalOf;
  projects: Pick<Projects, 'list'>;
  machines: Pick<Machines, 'start'>;
  machineArn: string;
}

const Body = z.strictObject({
  /** By default every tap of the organization. */
  repository: z.string().max(200).optional(),
});

/** POST /api/drift/checks: a lead has taps looked at now instead of on Monday. */
export function checkTaps({ principalOf, projects, machines, machineArn }: Needs): Route {
  return async (request) => {
    const principal = await principalOf(request);
    allow(principal, 'lead');
    const { org } = principal;
    const { repository } = parseJson(Body, request.text || '{}');
    if (repository) refuseUnknown(repository, await projects.list(org));
    const check = randomUUID();
    await machines.start(machineArn, check, { only: { org, ...(repository && { repository }) } });
    return { status: 202, body: { check } };
  };
}

function refuseUnknown(repository: string, all: Project[]): void {
  const found = repositoryNamed(all, repository)?.repository;
  if (found?.kind === 'tap') return;
  throw new Fault(
    'NotFound',
    `${repository} is ${found ? `a ${found.kind}, and only taps discover` : 'no repository of any project'}; signalbox projects list shows what is`,
  );
}

export const handler = http(Env, async (env) => {
  const asked = { principalOf: await principalsFrom(env), projects: dynamoProjects(env.PROJECTS_TABLE) };
  const check = checkTaps({ ...asked, machines: stateMachines(), machineArn: env.TAPS_MACHINE_ARN });
  const accept = acceptDrift({
    ...asked,
    checks: dynamoChecks(env.CHECKS_TABLE),
    tickets: dynamoTickets(env.TICKETS_TABLE, env.DELIVERIES_TABLE),
    artifacts: s3Artifacts(env.ARTIFACTS_BUCKET),
    clock,
  });
  return async (request) => (request.event.rawPath === '/api/drift/checks' ? check : accept)(request);
});
