import * as z from 'zod';
import { dynamoProjects } from '#adapters/dynamodb/projects.ts';
import { parse, parseJson } from '#core/parse.ts';
import { allow } from '#core/people/principal.ts';
import type { Projects } from '#core/ports.ts';
import { Project } from '#core/projects/project.ts';
import { http, type Route } from '../http.ts';
import { PrincipalEnv, type PrincipalOf, principalsFrom } from '../principal.ts';

export const Env = PrincipalEnv.extend({ PROJECTS_TABLE: z.string() });
export type Env = z.infer<typeof Env>;

/** The whole project except for what the path and the session say; with a revision, only over the state that had it. */
const Body = Project.omit({ org: true, id: true });

/** PUT /api/projects/{id}: a lead makes or replaces a project. Who decides about code follows from it, so API keys cannot. */
export function putProject(principalOf: PrincipalOf, projects: Pick<Projects, 'put' | 'replace'>): Route {
  return async (request) => {
    const principal = await principalOf(request);
    allow(principal, 'lead');
    const body = parseJson(Body, request.text);
    const id = parse(Project.shape.id, request.params.id);
    const project = { ...body, org: principal.org, id };
    await (project.revision ? projects.replace(project) : projects.put(project));
    return { status: 200, body: { project } };
  };
}

export const handler = http(Env, async (env) =>
  putProject(await principalsFrom(env), dynamoProjects(env.PROJECTS_TABLE)),
);
