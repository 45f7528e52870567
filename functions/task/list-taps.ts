import * as z from 'zod';
import { everyProject } from '#adapters/dynamodb/projects.ts';
import { s3Artifacts } from '#adapters/s3/artifacts.ts';
import type { Artifacts } from '#core/ports.ts';
import type { Project, Repository } from '#core/projects/project.ts';
import { keyOf, ListTaps } from '#core/taps/check.ts';
import { task } from '../task.ts';

export const Env = z.object({ PROJECTS_TABLE: z.string(), ARTIFACTS_BUCKET: z.string() });
export type Env = z.infer<typeof Env>;

type Input = z.infer<typeof ListTaps.input>;

interface Needs {
  projects: () => Promise<Project[]>;
  artifacts: Pick<Artifacts, 'put'>;
  bucket: string;
}

/**
 * Writes down every tap of every organization, once, in order: one that is in two projects is one tap, and one that is only
 * looked at when somebody asks is left out until somebody does. The only step that looks across organizations.
 */
export function listTaps({ projects, artifacts, bucket }: Needs) {
  return async ({ check, only, schedule }: Input) => {
    const found = (await projects()).flatMap(({ org, id: projectId, repositories }) =>
      repositories
        .filter((one) => one.kind === 'tap' && (only.org || isDue(one, schedule)))
        .map(({ fullName: repository }) => ({ org, projectId, repository })),
    );
    const asked = found.filter(
      ({ org, repository }) => (only.org ?? org) === org && (only.repository ?? repository) === repository,
    );
    const named = asked.map((tap) => [`${tap.org} ${tap.repository} ${tap.projectId}`, tap] as const).sort();
    const first = new Map(named.toReversed().map(([, tap]) => [`${tap.org} ${tap.repository}`, tap]));
    const taps = [...first.values()].toReversed();
    const key = keyOf.list(check);
    await artifacts.put(key, JSON.stringify(taps), 'application/json');
    return { bucket, key, taps: taps.length };
  };
}

/** Once a week all that are not left to people, and on the other days those that are looked at daily. */
function isDue({ integration, weekly }: Repository, schedule: Input['schedule']): boolean {
  if (schedule === 'daily') return integration?.schedule === 'daily';
  return weekly !== false && integration?.schedule !== 'manual';
}

export const handler = task(ListTaps, Env, async (env) =>
  listTaps({
    projects: () => everyProject(env.PROJECTS_TABLE),
    artifacts: s3Artifacts(env.ARTIFACTS_BUCKET),
    bucket: env.ARTIFACTS_BUCKET,
  }),
);
