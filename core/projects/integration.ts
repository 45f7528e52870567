import * as z from 'zod';
import { Fault } from '../fault.ts';
import { secretOf } from '../taps/credentials.ts';
import { Discovery } from '../taps/discovery.ts';
import { repositoryAt } from './clone-url.ts';
import { Project, Repository } from './project.ts';
import { Registration } from './registration.ts';

/** What a lead says to register an integration; the same again changes it. */
export const RegisterIntegration = z.strictObject({
  repository: z.string().refine((text) => repositoryAt(text) !== undefined, {
    error: 'Must be like https://HOST/OWNER/NAME.git',
  }),
  project: Project.shape.id,
  /** Who decides about its plans: needed for a new project, added to those of one that is there. */
  approvers: z.array(z.email()).default([]),
  kind: z.enum(['tap', 'target', 'etl']).default('tap'),
  branch: z.string().min(1).max(200).default('main'),
  /** `auto` until the code has been read. */
  discovery: z.enum(['auto', ...Discovery.options]).default('auto'),
  ...Registration.shape,
});
export type RegisterIntegration = z.infer<typeof RegisterIntegration>;

/** One integration of one organization, as the weekly check, the command line and the dashboard see it. */
export const Integration = z.object({
  org: z.string(),
  projectId: z.string(),
  repository: z.string(),
  kind: RegisterIntegration.shape.kind,
  discovery: RegisterIntegration.shape.discovery,
  ...Registration.shape,
});
export type Integration = z.infer<typeof Integration>;

/** Where the config of an integration is kept. Throws when it has no place, or names one that is not its tenant's. */
export function credentialsOf(
  integration: Pick<Integration, 'org' | 'tenant' | 'credentials' | 'repository'>,
  prefix: string,
): string {
  const { repository, credentials } = integration;
  if (credentials) return secretOf(prefix, integration, credentials);
  throw new Fault(
    'Invalid',
    `${repository} names no credentials: signalbox integrations add … --credentials NAME`,
  );
}

/** Every registered integration of these projects, by name. */
export function integrationsOf(projects: Project[]): Integration[] {
  return projects
    .flatMap(({ org, id: projectId, repositories }) =>
      repositories.flatMap(({ fullName: repository, kind, discovery = 'auto' as const, integration }) =>
        integration && kind !== 'service'
          ? { org, projectId, repository, kind, discovery, ...integration }
          : [],
      ),
    )
    .sort((a, b) => a.repository.localeCompare(b.repository, 'en'));
}

/** The integration of that name. */
export function oneOf<T extends Integration>(integrations: T[], name: string): T {
  const found = integrations.find(({ repository }) => repository === name);
  if (found) return found;
  throw new Fault('NotFound', `${name} is not registered; signalbox integrations list shows what is`);
}

/** The project with the integration in it; one that nobody has made yet begins with it. */
export function registered(org: string, known: Project[], asked: RegisterIntegration): Project {
  const { repository: address, project: id, approvers, kind, branch, discovery, ...integration } = asked;
  const found = repositoryAt(address);
  if (!found) throw new Fault('Invalid', `repository: ${address} is not like https://HOST/OWNER/NAME.git`);
  refuseElsewhere(found.fullName, id, known);
  const project = known.find((one) => one.id === id) ?? fresh(org, id);
  const before = project.repositories.find(({ fullName }) => fullName === found.fullName);
  const { discovery: _, weekly: __, ...rest } = before ?? {};
  const said = { ...found, defaultBranch: branch, kind, integration };
  const next = Repository.parse({ ...rest, ...said, ...(discovery !== 'auto' && { discovery }) });
  const all = [...new Set([...project.approvers, ...approvers])];
  if (all.length === 0)
    throw new Fault('Invalid', `approvers: project ${id} is new, so say who decides about it`);
  const others = project.repositories.filter((one) => one !== before);
  if (others.length >= 50)
    throw new Fault('Invalid', `project: ${id} has 50 repositories already; name another one`);
  return { ...project, approvers: all, repositories: [...others, next] };
}

function fresh(org: string, id: string): Project {
  return { org, id, name: id, repositories: [], approvers: [], selfApproval: false };
}

function refuseElsewhere(fullName: string, id: string, known: Project[]): void {
  const other = known.find(
    (one) => one.id !== id && one.repositories.some((repository) => repository.fullName === fullName),
  );
  if (other) throw new Fault('Conflict', `${fullName} is in project ${other.id}: register it there`);
}

/** The project whose repository is an integration no more. The repository stays, for tickets are about it, and is not checked weekly. */
export function unregistered(known: Project[], fullName: string): Project {
  const project = known.find(({ repositories }) =>
    repositories.some((one) => one.fullName === fullName && one.integration),
  );
  if (!project)
    throw new Fault('NotFound', `${fullName} is not registered; signalbox integrations list shows what is`);
  const repositories = project.repositories.map(({ integration, ...one }) =>
    one.fullName === fullName
      ? { ...one, weekly: false as const }
      : { ...one, ...(integration && { integration }) },
  );
  return { ...project, repositories };
}
