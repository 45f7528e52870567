import * as z from 'zod';
import { dynamoProjects } from '#adapters/dynamodb/projects.ts';
import { Fault } from '#core/fault.ts';
import { parseJson } from '#core/parse.ts';
import { allow, type Principal } from '#core/people/principal.ts';
import type { Projects } from '#core/ports.ts';
import { integrationsOf, RegisterIntegration, registered, unregistered } from '#core/projects/integration.ts';
import type { Project } from '#core/projects/project.ts';
import { http, type Reply, type Request, type Route } from '../http.ts';
import { PrincipalEnv, type PrincipalOf, principalsFrom } from '../principal.ts';

export const Env = PrincipalEnv.extend({ PROJECTS_TABLE: z.string() });
export type Env = z.infer<typeof Env>;

type Known = Pick<Projects, 'list' | 'replace'>;

/** Two people at one project in one moment are two attempts; more are told to try again. */
const ATTEMPTS = 3;

/** POST /api/integrations: a lead registers an integration, or changes it. DELETE /api/integrations/{owner}/{name}: it is none any more. */
export function integrationRoutes(principalOf: PrincipalOf, projects: Known): Route {
  return async (request) => {
    const principal = await principalOf(request);
    allow(principal, 'lead');
    const isDelete = request.event.requestContext.http.method === 'DELETE';
    return isDelete ? remove(principal, request, projects) : register(principal, request, projects);
  };
}

async function register({ org }: Principal, { text }: Request, projects: Known): Promise<Reply> {
  const asked = parseJson(RegisterIntegration, text);
  const project = await change(org, projects, (known) => registered(org, known, asked));
  const last = project.repositories.at(-1)?.fullName;
  const integration = integrationsOf([project]).find(({ repository }) => repository === last);
  return { status: 200, body: { integration } };
}

async function remove({ org }: Principal, { params }: Request, projects: Known): Promise<Reply> {
  const repository = `${params.owner}/${params.name}`;
  await change(org, projects, (known) => unregistered(known, repository));
  return { status: 200, body: { repository, removed: true } };
}

/** Writes what becomes of the projects as they are; looks again when somebody was faster. */
async function change(
  org: string,
  projects: Known,
  work: (known: Project[]) => Project,
  attempt = 1,
): Promise<Project> {
  const project = work(await projects.list(org));
  try {
    await projects.replace(project);
    return project;
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'Conflict' || attempt === ATTEMPTS) throw error;
    return change(org, projects, work, attempt + 1);
  }
}

export const handler = http(Env, async (env) =>
  integrationRoutes(await principalsFrom(env), dynamoProjects(env.PROJECTS_TABLE)),
);
