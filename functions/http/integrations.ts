import * as z from 'zod';
import { putSecret } from '#adapters/aws/credentials.ts';
import { dynamoProjects } from '#adapters/dynamodb/projects.ts';
import { Fault } from '#core/fault.ts';
import { parseJson } from '#core/parse.ts';
import { allow, type Principal } from '#core/people/principal.ts';
import type { Projects } from '#core/ports.ts';
import {
  credentialsOf,
  integrationsOf,
  oneOf,
  RegisterIntegration,
  registered,
  unregistered,
} from '#core/projects/integration.ts';
import type { Project } from '#core/projects/project.ts';
import { parsedConfig, secretOf } from '#core/taps/credentials.ts';
import { http, type Reply, type Request, type Route } from '../http.ts';
import { PrincipalEnv, type PrincipalOf, principalsFrom } from '../principal.ts';

export const Env = PrincipalEnv.extend({ PROJECTS_TABLE: z.string(), CREDENTIALS_PREFIX: z.string() });
export type Env = z.infer<typeof Env>;

type Known = Pick<Projects, 'list' | 'replace'>;

interface Needs {
  principalOf: PrincipalOf;
  projects: Known;
  /** Below which secrets are, and who puts one there. */
  prefix: string;
  put(id: string, text: string): Promise<void>;
}

/** Two people at one project in one moment are two attempts; more are told to try again. */
const ATTEMPTS = 3;

/**
 * POST /api/integrations: a lead registers an integration, or changes it. DELETE /api/integrations/{owner}/{name}: it is
 * none any more. PUT …/credentials: the config that it is run with; nothing here reads one.
 */
export function integrationRoutes(needs: Needs): Route {
  return async (request) => {
    const principal = await needs.principalOf(request);
    allow(principal, 'lead');
    const { method } = request.event.requestContext.http;
    if (method === 'DELETE') return remove(principal, request, needs);
    return method === 'PUT' ? keep(principal, request, needs) : register(principal, request, needs);
  };
}

async function register({ org }: Principal, { text }: Request, { projects, prefix }: Needs): Promise<Reply> {
  const asked = parseJson(RegisterIntegration, text);
  if (asked.credentials) secretOf(prefix, { org, tenant: asked.tenant }, asked.credentials);
  const project = await change(org, projects, (known) => registered(org, known, asked));
  const last = project.repositories.at(-1)?.fullName;
  const integration = integrationsOf([project]).find(({ repository }) => repository === last);
  return { status: 200, body: { integration } };
}

async function remove({ org }: Principal, { params }: Request, { projects }: Needs): Promise<Reply> {
  const repository = nameIn(params);
  await change(org, projects, (known) => unregistered(known, repository));
  return { status: 200, body: { repository, removed: true } };
}

const nameIn = ({ owner, name }: Request['params']) => `${owner}/${name}`;

/** What Secrets Manager takes at most. */
const MOST_BYTES = 65_536;

async function keep(
  { org }: Principal,
  { text, raw, params }: Request,
  { projects, prefix, put }: Needs,
): Promise<Reply> {
  const integration = oneOf(integrationsOf(await projects.list(org)), nameIn(params));
  const id = credentialsOf(integration, prefix);
  if (raw.length > MOST_BYTES)
    throw new Fault('TooLarge', `The config has ${raw.length} bytes; a secret takes ${MOST_BYTES}`);
  const settings = Object.keys(parsedConfig(text)).sort();
  await put(id, text);
  return { status: 200, body: { secret: id, settings } };
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
  integrationRoutes({
    principalOf: await principalsFrom(env),
    projects: dynamoProjects(env.PROJECTS_TABLE),
    prefix: env.CREDENTIALS_PREFIX,
    put: putSecret,
  }),
);
