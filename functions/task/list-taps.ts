import * as z from 'zod';
import { everyProject } from '#adapters/dynamodb/projects.ts';
import type { Project } from '#core/projects/project.ts';
import { ListTaps } from '#core/taps/check.ts';
import { task } from '../task.ts';

export const Env = z.object({ PROJECTS_TABLE: z.string() });
export type Env = z.infer<typeof Env>;

/**
 * Every tap of every organization, once, in order: one that is in two projects is one tap. The only step that looks across
 * organizations, and it changes nothing.
 */
export function listTaps(projects: () => Promise<Project[]>) {
  return async () => {
    const found = (await projects()).flatMap(({ org, id: projectId, repositories }) =>
      repositories
        .filter(({ kind }) => kind === 'tap')
        .map(({ fullName: repository }) => ({ org, projectId, repository })),
    );
    const named = found.map((tap) => [`${tap.org} ${tap.repository} ${tap.projectId}`, tap] as const).sort();
    const taps = new Map(named.toReversed().map(([, tap]) => [`${tap.org} ${tap.repository}`, tap]));
    return { taps: [...taps.values()].toReversed() };
  };
}

export const handler = task(ListTaps, Env, async (env) => listTaps(() => everyProject(env.PROJECTS_TABLE)));
