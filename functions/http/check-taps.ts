import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { stateMachines } from '#adapters/aws/machines.ts';
import { dynamoProjects } from '#adapters/dynamodb/projects.ts';
import { Fault } from '#core/fault.ts';
import { parseJson } from '#core/parse.ts';
import { allow } from '#core/people/principal.ts';
import type { Machines, Projects } from '#core/ports.ts';
import { type Project, repositoryNamed } from '#core/projects/project.ts';
import { http, type Route } from '../http.ts';
import { PrincipalEnv, type PrincipalOf, principalsFrom } from '../principal.ts';

export const Env = PrincipalEnv.extend({ PROJECTS_TABLE: z.string(), TAPS_MACHINE_ARN: z.string() });
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

export const handler = http(Env, async (env) =>
  checkTaps({
    principalOf: await principalsFrom(env),
    projects: dynamoProjects(env.PROJECTS_TABLE),
    machines: stateMachines(),
    machineArn: env.TAPS_MACHINE_ARN,
  }),
);
