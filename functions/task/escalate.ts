import * as z from 'zod/mini';
import { secret } from '#adapters/aws/secrets.ts';
import { githubForge } from '#adapters/github/forge.ts';
import type { Forge } from '#core/ports.ts';
import { type Repository, repositoryNamed } from '#core/projects/project.ts';
import { type ConcludeNeeds, conclude, plainReason } from '#core/runs/conclude.ts';
import { fail } from '#core/runs/fail.ts';
import { reviewRefusal } from '#core/runs/pull-request.ts';
import { Escalate } from '#core/runs/steps.ts';
import { ConcludeEnv, concludeNeeds } from '../conclude-needs.ts';
import { task } from '../task.ts';

export const Env = z.extend(ConcludeEnv, { FORGE_SECRET_ARN: z.string() });
export type Env = z.infer<typeof Env>;

type Needs = ConcludeNeeds & {
  forgeOf: (repository: Repository) => Promise<Forge>;
  /** From 0 to 1; spreads those who failed together. */
  random?: () => number;
};
type Input = z.infer<typeof Escalate.input>;

/** Hands a ticket to a person, or records that it was declined or failed, with the reason; whoever reviewed its pull request hears of it there. */
export function escalating(needs: Needs) {
  return async ({ status, reason, error, ...ref }: Input) => {
    if (error === undefined) await conclude(ref, { status, reason }, needs);
    else await fail(ref, { error, reason }, { random: Math.random, ...needs });
    await answer({ status, reason, ...ref }, needs);
    return {};
  };
}

async function answer({ org, ticketId, runId, status, reason }: Input, needs: Needs): Promise<void> {
  const [ticket, run] = await Promise.all([needs.tickets.find(org, ticketId), needs.runs.find(org, runId)]);
  if (!run?.review || !ticket?.pullRequest || ticket.status !== status) return;
  const where = repositoryNamed(await needs.projects.list(org), ticket.pullRequest.repository);
  const forge = where && (await needs.forgeOf(where.repository));
  await forge?.reply(ticket.pullRequest.number, {
    id: run.id,
    body: reviewRefusal(run, plainReason(reason)),
  });
}

export const handler = task(Escalate, Env, async (env) =>
  escalating({
    ...concludeNeeds(env),
    forgeOf: async (repository) => githubForge(repository, await secret(env.FORGE_SECRET_ARN)),
  }),
);
