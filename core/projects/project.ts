import * as z from 'zod';
import { HostPattern } from '../agents/egress.ts';
import { Consumers } from '../taps/consumers.ts';
import { Discovery } from '../taps/discovery.ts';
import { Waivers } from '../taps/finding.ts';
import { SeverityOverrides } from '../taps/severity.ts';
import { Registration } from './registration.ts';
import { ReporterPattern } from './trust.ts';

export const Repository = z.object({
  /** `owner/name`, as the forge writes it. */
  fullName: z.string().regex(/^[\w.-]+\/[\w.-]+$/),
  cloneUrl: z.url({ protocol: /^https?$/ }),
  /** The forge's REST API: `https://api.github.com`, or `https://HOST/api/v3`. */
  apiUrl: z.url({ protocol: /^https?$/ }),
  defaultBranch: z.string().default('main'),
  kind: z.enum(['tap', 'target', 'etl', 'service']),
  /** Other words a ticket may use for it: a component, a module, an integration's name. Compared without case. */
  aliases: z.array(z.string()).default([]),
  /** Key prefix in the artifact bucket under which this integration's job logs are kept, newest last by name. */
  logPrefix: z.string().optional(),
  /** What makes it an integration that is run and checked, if it is one: see `signalbox integrations`. */
  integration: Registration.optional(),
  /** Hosts that its commands may reach besides the package mirrors: an API's sandbox. */
  hosts: z.array(HostPattern).max(50).optional(),
  /** That its code may run where a credential is within reach, and for whose tickets. Without it, only where none is. */
  trustedReporters: z.array(ReporterPattern).min(1).max(200).optional(),
  /** Once its integration was removed: it is looked at only when somebody asks. */
  weekly: z.literal(false).optional(),
  /** Where a tap's schema comes from; without it, what the code says at each check. */
  discovery: Discovery.optional(),
  /** Who reads a tap's data, and what of it: changes to that are worse. */
  consumers: Consumers.optional(),
  /** Rules of a sound catalog that this tap may break. */
  waivers: Waivers.optional(),
});
export type Repository = z.infer<typeof Repository>;

/** A group of repositories with their owners. `id` is unique within the organization. */
export const Project = z.object({
  org: z.string(),
  id: z.string().regex(/^[a-z0-9-]{1,40}$/),
  name: z.string().min(1).max(100),
  repositories: z.array(Repository).max(50),
  /** E-mail addresses of the people who decide plans and hear of outcomes. */
  approvers: z.array(z.email()).min(1),
  /** Whether an approver may approve the plan for a ticket of their own: for organizations of one. */
  selfApproval: z.boolean().default(false),
  /** How its taps' changes are judged where that is not as usual. */
  severities: SeverityOverrides.optional(),
  /** Of this state of it; every write makes another. */
  revision: z.string().optional(),
});
export type Project = z.infer<typeof Project>;

/** The repository that a ticket's words name (full name, its last part, or an alias), if exactly one does: two are none. */
export function repositoryFor(
  projects: Project[],
  words: string[],
): { project: Project; repository: Repository } | undefined {
  const said = new Set(words.map((word) => word.toLowerCase()));
  const found = projects.flatMap((project) =>
    project.repositories
      .filter((repository) => namesOf(repository).some((name) => said.has(name.toLowerCase())))
      .map((repository) => ({ project, repository })),
  );
  return found.length === 1 ? found[0] : undefined;
}

function namesOf({ fullName, aliases }: Repository): string[] {
  return [fullName, fullName.split('/')[1] ?? fullName, ...aliases];
}

/** The repository of that full name, wherever in the organization it is. */
export function repositoryNamed(
  projects: Project[],
  fullName: string | undefined,
): { project: Project; repository: Repository } | undefined {
  return projects
    .flatMap((project) => project.repositories.map((repository) => ({ project, repository })))
    .find(({ repository }) => repository.fullName === fullName);
}
