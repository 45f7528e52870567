import type * as z from 'zod';
import { commitMessage } from '#core/agents/change.ts';
import { type Conversation, replay } from '#core/agents/conversation.ts';
import type { Limit } from '#core/agents/limits.ts';
import type { Model } from '#core/agents/model.ts';
import { ENGINEER, engineerBrief } from '#core/agents/prompts/engineer.ts';
import { report } from '#core/agents/report.ts';
import { ROLES } from '#core/agents/roles.ts';
import { Fault } from '#core/fault.ts';
import type { Handover, Verification } from '#core/runs/run.ts';
import type { Implement } from '#core/runs/steps.ts';
import { changes } from '#core/taps/patch.ts';
import { failures, summary } from '#core/taps/verify.ts';
import type { Task } from '../task.ts';
import { checklist, inspect, knownHosts } from '../verify/checklist.ts';
import { type Desk, FROM, isRefused, prepare } from './desk.ts';
import { checkpoints, recap } from './keeping.ts';
import { engage, type Work } from './loop.ts';
import { limits } from './pace.ts';
import { engineerTools } from './tools.ts';
import { watching } from './watching.ts';

type Output = z.infer<typeof Implement.output>;

/** Makes the model, whose costs the run pays; throws a fault when there is no key. */
export type ModelFor = () => Promise<Model>;

/** Percent of the run at which the implementation ends. */
const TO = 70;

/**
 * One engineer's work on one ticket, from a fresh clone to a patch in the artifact bucket. May be repeated: the same
 * run makes the same branch, and a later patch replaces an earlier one. What a person can mend ends in `escalate`.
 */
export async function engineer(task: Task, modelFor: ModelFor): Promise<Output> {
  try {
    return await attempt(task, modelFor);
  } catch (error) {
    if (task.signal.aborted || !(error instanceof Fault)) throw error;
    return escalate(task, error.message);
  }
}

async function escalate({ say }: Task, reason: string): Promise<Output> {
  await say(`I cannot finish this: ${reason}`, 'warn');
  return { next: 'escalate', reason: reason.slice(0, 2_000) };
}

async function attempt(task: Task, modelFor: ModelFor): Promise<Output> {
  const { repository } = task;
  if (!repository)
    return escalate(task, 'The ticket names no repository that a project of this organization has');
  const model = await modelFor();
  const desk = await prepare(task, repository);
  if (typeof desk === 'string') return escalate(task, desk);

  const watch = watching(task);
  try {
    const { steering } = watch;
    const work = { ...conversing(task, desk, model), steering };
    const { ending, here } = await engage(work);
    await model.booked();
    await desk.shop.hands.sweep();
    if ('handover' in ending) return await handOver(task, desk, ending.handover);
    const { best, notes } = here.state;
    return await leave(task, desk, { reason: ending.stopped, best, notes, limits: limits(work, here) });
  } finally {
    watch.end();
    desk.journal.close();
  }
}

function conversing(task: Task, desk: Desk, model: Model): Omit<Work, 'steering'> {
  const { run, runs, signal } = task;
  const { hands } = desk.shop;
  const { kind, consumers } = desk.repository;
  const checks = checklist({ ...desk.shop, base: desk.against, kind, consumers });
  return {
    model,
    journal: desk.journal,
    role: ROLES.engineer,
    ...{ carried: desk.carried, mark: desk.mark },
    system: ENGINEER,
    brief: engineerBrief({
      ...desk,
      ticket: task.ticket,
      diagnosis: task.ticket.diagnosis,
      ...(run.review && { asks: run.review.asks }),
      ...(isRefused(run.verification) && { failures: failures(run.verification) }),
    }),
    useTool: engineerTools({
      ...{ hands, root: desk.environment.repository, out: desk.environment.out, venv: desk.environment.venv },
      signal,
      verify: () => verified(task, desk, checks.verify),
      tree: async () => desk.shop.workspace.snapshot(await hands.take(desk.environment.repository)),
      objection: () => objection(task, desk),
    }),
    checkpoint: checkpoints(desk, task),
    recap: async () => recap(desk, (await runs.find(run.org, run.id)) ?? {}),
    budget: run.budgetNanoUsd - run.spentNanoUsd + replay(desk.journal.lines).spent,
    outage: 10 * 60_000,
    onStep: async (step, doing) => {
      await task.say(doing);
      await task.at(Math.round(TO - (TO - FROM) * 0.93 ** step), doing, { step });
    },
    onStruck: async (paid) => {
      await model.booked();
      await runs.struck(run.org, run.id, paid);
    },
    onProgress: task.progress,
    signal,
  };
}

async function snapshot({ shop, environment }: Desk): Promise<string> {
  await shop.hands.sweep();
  return shop.workspace.snapshot(await shop.hands.take(environment.repository));
}

async function verified(
  task: Task,
  desk: Desk,
  verify: (head: string) => Promise<Verification>,
): Promise<Verification> {
  const found = await verify(
    await commitOf(task, desk, { tree: await snapshot(desk), summary: 'Work in progress' }),
  );
  const tests = summary(found);
  await task.runs.update(task.run.org, task.run.id, { tests: tests.slice(0, 500) });
  await task.say(`verification here says ${tests}`);
  return found;
}

/** What verification would refuse without running anything. */
async function objection(_task: Task, desk: Desk): Promise<string | undefined> {
  const { workspace: clone } = desk.shop;
  const tree = await snapshot(desk);
  const raw = await clone.diff(desk.against, tree, '--raw', '-z', '--no-abbrev');
  const patch = { changes: changes(raw), diff: await clone.diff(desk.against, tree) };
  const known = await knownHosts({ workspace: clone, base: desk.against });
  const failed = inspect(patch, known).filter(({ verdict }) => verdict === 'FAIL');
  if (failed.length === 0) return undefined;
  return failed.map(({ title, detail }) => `${title}: no. ${detail}`).join('\n');
}

async function commitOf(
  { ticket, run, author }: Task,
  desk: Desk,
  { tree, summary: said }: { tree: string; summary: string },
): Promise<string> {
  return desk.shop.workspace.commit({
    tree,
    parent: desk.base,
    message: commitMessage(ticket, { summary: said }),
    author,
    at: run.startedAt,
  });
}

interface Left extends Pick<Conversation, 'best' | 'notes'> {
  reason: string;
  limits: Limit[];
}

/** Hands the ticket to a person with what there is: the best change that verification passed, or else the last one. */
async function leave(task: Task, desk: Desk, { reason, best, notes, limits: used }: Left): Promise<Output> {
  const { run, runs, artifacts } = task;
  const { workspace: clone } = desk.shop;
  const tree = best?.patch
    ? await clone.apply(desk.base, await artifacts.bytes(best.patch))
    : await snapshot(desk);
  const files = (await clone.diff(desk.base, tree, '--name-only')).split('\n').filter(Boolean);
  if (files.length === 0) return escalate(task, reason);
  const head = await commitOf(task, desk, { tree, summary: `Unfinished: ${reason}` });
  const patchKey = await keep(task, `partial-${head.slice(0, 12)}.mbox`, await clone.patch(desk.base, head));
  const { tests } = (await runs.find(run.org, run.id)) ?? {};
  const isVerified = best !== undefined;
  const told = report({ notes }, { reason, files, isVerified, tests, limits: used });
  await runs.update(run.org, run.id, {
    partial: { patchKey, isVerified, report: told },
    ...{ baseSha: desk.base, repository: desk.repository.fullName },
  });
  const names = files.slice(0, 10).join(', ');
  const worth = best ? 'which passed verification' : 'not verified';
  return escalate(task, `${reason}. A partial change is kept, ${worth}: ${names}`);
}

async function handOver(task: Task, desk: Desk, handover: Handover): Promise<Output> {
  const { run, runs } = task;
  const tree = await snapshot(desk);
  if (run.review && tree === (await desk.shop.workspace.tree(desk.base)))
    return escalate(task, `The review was answered with no change. ${handover.summary}`);
  const head = await commitOf(task, desk, { tree, summary: handover.summary });
  if (run.verification && isRefused(run.verification) && run.headSha === head) {
    return escalate(task, `The same change as before was handed over again. ${failures(run.verification)}`);
  }
  const patch = await desk.shop.workspace.patch(desk.base, head);
  const patchKey = await keep(task, `patch-${head.slice(0, 12)}.mbox`, patch);
  await runs.update(run.org, run.id, {
    repository: desk.repository.fullName,
    branch: desk.branch,
    baseSha: desk.base,
    headSha: head,
    patchKey,
    handover,
  });
  await task.say(`hands over ${desk.branch} at ${head.slice(0, 12)}`);
  return { next: 'verify', reason: handover.summary.slice(0, 500) || 'The change is ready' };
}

async function keep({ run, artifacts }: Task, name: string, body: Uint8Array): Promise<string> {
  const key = `runs/${run.org}/${run.id}/${name}`;
  await artifacts.put(key, body, 'text/plain');
  return key;
}
