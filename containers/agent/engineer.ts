import { join } from 'node:path';
import type * as z from 'zod';
import { type Workspace, workspace } from '#adapters/git/workspace.ts';
import { gitToken } from '#adapters/github/client.ts';
import { commitMessage } from '#core/agents/change.ts';
import type { Message, Model } from '#core/agents/model.ts';
import { ENGINEER, engineerBrief } from '#core/agents/prompts/engineer.ts';
import { Fault } from '#core/fault.ts';
import type { Repository } from '#core/projects/project.ts';
import type { Handover, Verification } from '#core/runs/run.ts';
import type { Implement } from '#core/runs/steps.ts';
import { changes, checkPatch } from '#core/taps/patch.ts';
import { failures, summary } from '#core/taps/verify.ts';
import { branchFor } from '#core/tickets/slug.ts';
import { type Hands, hands as makeHands } from '../hands.ts';
import { steady, untilAnswered } from '../steady.ts';
import type { Task } from '../task.ts';
import { checklist } from '../verify/checklist.ts';
import { type Environment, environment, interpreterFor, type Shop } from '../verify/environment.ts';
import { engage } from './loop.ts';
import { engineerTools } from './tools.ts';

type Output = z.infer<typeof Implement.output>;

/** Makes the model, whose costs the run pays; throws a fault when there is no key. */
export type ModelFor = () => Promise<Model>;

/** The place where a change is made. */
interface Desk {
  shop: Shop;
  repository: Repository;
  branch: string;
  /** The commit that the change starts from. */
  base: string;
  environment: Environment;
}

/** Percent of the run at which the implementation begins and ends. */
const FROM = 45;
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
  const { run } = task;
  const model = await modelFor();
  const desk = await prepare(task, repository);
  if (typeof desk === 'string') return escalate(task, desk);

  const transcript: Message[] = [];
  const checks = checklist({ ...desk.shop, base: desk.base, kind: repository.kind });
  const ending = await engage({
    model,
    system: ENGINEER,
    brief: engineerBrief({
      ...desk,
      ticket: task.ticket,
      diagnosis: task.ticket.diagnosis,
      ...refused(task),
    }),
    useTool: engineerTools({
      hands: desk.shop.hands,
      root: desk.environment.repository,
      out: desk.environment.out,
      venv: desk.environment.venv,
      signal: task.signal,
      verify: () => verified(task, desk, checks.verify),
      objection: () => objection(task, desk),
    }),
    budget: run.budgetNanoUsd - run.spentNanoUsd,
    onStep: async (step, doing) => {
      await task.say(doing);
      await task.at(Math.round(TO - (TO - FROM) * 0.93 ** step), doing);
    },
    onProgress: task.progress,
    onMessage: (message) => void transcript.push(message),
    signal: task.signal,
  });
  await desk.shop.hands.sweep();
  await keep(task, 'transcript.json', JSON.stringify(transcript));
  if ('stopped' in ending) return escalate(task, ending.stopped);
  return handOver(task, desk, ending.handover);
}

async function prepare(task: Task, repository: Repository): Promise<Desk | string> {
  const { folder, signal, ticket, say, at } = task;
  const branch = branchFor(ticket);
  await at(FROM, `cloning ${repository.fullName}`);
  await say(`clones ${repository.fullName} and works on ${branch}`);
  const token = await gitToken(repository.apiUrl, await task.forgeSecret());
  const clone = steady(
    await workspace({ folder: join(folder, 'git'), url: repository.cloneUrl, token, signal }),
    signal,
  );
  const base = await clone.fetch(`refs/heads/${repository.defaultBranch}`);
  const hands = await makeHands(folder);
  if (!hands.isolated)
    await say('this machine has no second user for commands; they run as its own user, without credentials');

  const shop = { workspace: clone, hands, folder, signal };
  const interpreter = await interpreterFor(shop, base);
  if (typeof interpreter === 'string') return interpreter;
  task.progress();
  const tree = await startingTree(task, clone, base);
  const made = await environment(shop, { tree, name: 'work', interpreter });
  if (made.install.verdict !== 'PASS')
    return `The project does not install: ${made.install.detail.slice(-600)}`;
  hands.prefer(made.bin);
  await scratch(hands, made.repository);
  return { shop, repository, branch, base, environment: made };
}

/** After a refused verification the earlier change is where the engineer goes on, if it still applies. */
async function startingTree({ run, artifacts }: Task, clone: Workspace, base: string): Promise<string> {
  if (!run.patchKey || !isRefused(run.verification)) return base;
  try {
    return await clone.apply(base, await artifacts.bytes(run.patchKey));
  } catch (error) {
    if (error instanceof Fault && error.code !== 'Unavailable') return base;
    throw error;
  }
}

function isRefused(verification?: Verification): verification is Verification {
  return verification !== undefined && verification.verdict !== 'passed';
}

function refused({ run }: Task): { failures?: string } {
  return isRefused(run.verification) ? { failures: failures(run.verification) } : {};
}

/** A repository of the hands' own, so that `git diff` and `git status` say what changed. Ours never reads it. */
async function scratch(hands: Hands, repository: string): Promise<void> {
  const script =
    'git init -q && git add -A && git -c user.name=base -c user.email=base@localhost commit -q -m "The commit this change starts from"';
  await hands.run({ argv: ['sh', '-c', script], cwd: repository, limit: 60_000 });
}

async function snapshot({ shop, environment }: Desk): Promise<string> {
  await shop.hands.sweep();
  return shop.workspace.snapshot(environment.repository);
}

async function verified(
  task: Task,
  desk: Desk,
  verify: (head: string) => Promise<Verification>,
): Promise<Verification> {
  const found = await verify(await commitOf(task, desk, { summary: 'Work in progress' }));
  await task.say(`verification here says ${summary(found)}`);
  return found;
}

/** What verification would refuse without running anything. */
async function objection(_task: Task, desk: Desk): Promise<string | undefined> {
  const { workspace: clone } = desk.shop;
  const tree = await snapshot(desk);
  const raw = await clone.diff(desk.base, tree, '--raw', '-z', '--no-abbrev');
  const failed = checkPatch({ changes: changes(raw), diff: await clone.diff(desk.base, tree) }).filter(
    ({ verdict }) => verdict === 'FAIL',
  );
  if (failed.length === 0) return undefined;
  return failed.map(({ title, detail }) => `${title}: no. ${detail}`).join('\n');
}

async function commitOf(
  { ticket, run, author }: Task,
  desk: Desk,
  words: { summary: string },
): Promise<string> {
  return desk.shop.workspace.commit({
    tree: await snapshot(desk),
    parent: desk.base,
    message: commitMessage(ticket, words),
    author,
    at: run.startedAt,
  });
}

async function handOver(task: Task, desk: Desk, handover: Handover): Promise<Output> {
  const { run, runs } = task;
  const head = await commitOf(task, desk, handover);
  if (run.verification && isRefused(run.verification) && run.headSha === head) {
    return escalate(task, `The same change as before was handed over again. ${failures(run.verification)}`);
  }
  const patch = await desk.shop.workspace.patch(desk.base, head);
  const patchKey = await keep(task, 'patch.mbox', patch);
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

async function keep({ run, artifacts }: Task, name: string, body: string | Uint8Array): Promise<string> {
  const key = `runs/${run.org}/${run.id}/${name}`;
  await untilAnswered(() =>
    artifacts.put(key, body, name.endsWith('.json') ? 'application/json' : 'text/plain'),
  );
  return key;
}
