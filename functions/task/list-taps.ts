import * as z from 'zod';
import { everyProject } from '#adapters/dynamodb/projects.ts';
import type { Project } from '#core/projects/project.ts';
import { ListTaps } from '#core/taps/check.ts';
import { task } from '../task.ts';

export const Env = z.object({ PROJECTS_TABLE: z.string() });
export type Env = z.infer<typeof Env>;

/** Every tap of every organization: the only step that looks across organizations, and it changes nothing. */
export function listTaps(projects: () => Promise<Project[]>) {
  return async () => {
    const taps = (await projects()).flatMap(({ org, id: projectId, repositories }) =>
      repositories
        .filter(({ kind }) => kind === 'tap')
        .map(({ fullName: repository }) => ({ org, projectId, repository })),
    );
    return { taps };
  };
}

export const handler = task(ListTaps, Env, async (env) => listTaps(() => everyProject(env.PROJECTS_TABLE)));
