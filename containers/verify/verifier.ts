import { join } from 'node:path';
import type * as z from 'zod';
import { type Workspace, workspace } from '#adapters/git/workspace.ts';
import { gitToken } from '#adapters/github/client.ts';
import { commitMessage } from '#core/agents/change.ts';
import { Fault } from '#core/fault.ts';
import type { Repository } from '#core/projects/project.ts';
import type { Verification } from '#core/runs/run.ts';
import type { Verify } from '#core/runs/steps.ts';
import { failures, summary } from '#core/taps/verify.ts';
import { contained } from '../contained.ts';
import { steady } from '../steady.ts';
import type { Task } from '../task.ts';
import { checklist } from './checklist.ts';

type Output = z.infer<typeof Verify.output>;

/** What was handed over, complete. */
interface Given {
  repository: Repository;
  branch: string;
  base: string;
  /** Whether `base` is the branch's own: a pull request that was reviewed. */
  isReview: boolean;
  patchKey: string;
  summary: string;
}

const FROM = 72;
const TO = 90;

/** Times that the engineer may try again. */
const RETRIES = 2;

/**
 * Looks at a change in a clean clone, and pushes its branch if it holds. May be repeated: the same change makes the same
 * commit, and a branch that has it already is left alone.
 */
export async function verifier(task: Task): Promise<Output> {
  const given = givenOf(task);
  if (!given) return escalate(task, 'There is nothing to verify: no change was handed over');
  await task.at(FROM, 'checking the change in a clean clone');
  await task.say(`verifies ${given.branch} in a clean clone`);
  try {
    return await look(task, given);
  } catch (error) {
    if (task.signal.aborted || !(error instanceof Fault)) throw error;
    return escalate(task, error.message);
  }
}

function givenOf({ run, repository }: Task): Given | undefined {
  const { branch, baseSha: base, patchKey, handover } = run;
  if (!repository || !branch || !base || !patchKey || !handover) return undefined;
  return {
    repository,
    branch,
    base,
    isReview: run.review !== undefined,
    patchKey,
    summary: handover.summary,
  };
}

async function escalate({ say }: Task, reason: string): Promise<Output> {
  await say(`cannot pass this on: ${reason}`, 'warn');
  return { next: 'escalate', reason: reason.slice(0, 2_000) };
}

async function look(task: Task, given: Given): Promise<Output> {
  const { folder, signal, run, runs, artifacts } = task;
  const { repository } = given;
  const token = await gitToken(repository.apiUrl, await task.forgeSecret());
  const url = repository.cloneUrl;
  const clone = steady(await workspace({ folder: join(folder, 'git'), url, token, signal }), signal);
  const against = await fetched(clone, given);
  const head = await commitOf(task, clone, given);
  await tip(task, clone, { ...given, head });
  const hands = await contained({ ...task, repository, reporter: task.ticket.reporter });
  const shop = { workspace: clone, hands, folder, signal };
  const { kind, consumers } = repository;
  const found = await checklist({ ...shop, base: against, kind, consumers }).verify(head);
  await hands.sweep();

  await report(task, found);
  if (found.verdict === 'passed') await publish(task, clone, { ...given, head });
  await runs.update(run.org, run.id, { verification: found, headSha: head, percent: TO });
  await task.say(summary(found), found.verdict === 'passed' ? 'info' : 'warn');
  if (found.verdict === 'passed') return { next: 'open', reason: summary(found) };
  const tries = (await artifacts.keys(`runs/${run.org}/${run.id}/verifications/`)).length;
  if (found.verdict === 'infrastructure' || tries > RETRIES) return escalate(task, failures(found));
  return { next: 'retry', reason: failures(found).slice(0, 2_000) };
}

/** Fetches what the change starts from, and answers the commit that it is compared with. */
async function fetched(clone: Workspace, { repository, branch, base, isReview }: Given): Promise<string> {
  const trunk = await clone.fetch(`refs/heads/${repository.defaultBranch}`);
  if (isReview) await clone.fetch(`refs/heads/${branch}`);
  if (!(await clone.has(base))) await clone.fetch(base);
  return isReview ? clone.common(base, trunk) : base;
}

/** The change as the commit that the engineer made: same tree, same words, same time, so the same id. */
async function commitOf(
  { ticket, run, author, artifacts }: Task,
  clone: Workspace,
  given: Given,
): Promise<string> {
  const tree = await clone.apply(given.base, await artifacts.bytes(given.patchKey));
  const message = commitMessage(ticket, given);
  return clone.commit({ tree, parent: given.base, message, author, at: run.startedAt });
}

/** Reports are kept by commit, so that a repeated look at one change counts once. */
async function report({ run, artifacts }: Task, found: Verification): Promise<void> {
  const text = JSON.stringify(found, null, 2);
  const folder = `runs/${run.org}/${run.id}`;
  await artifacts.put(`${folder}/verification.json`, text, 'application/json');
  if (found.verdict !== 'passed') {
    await artifacts.put(`${folder}/verifications/${found.headSha}.json`, text, 'application/json');
  }
}

/** Where the branch stands: nowhere yet, at a commit of ours, or for a review where it was reviewed. Throws `Conflict` when someone else has pushed to it. */
async function tip(
  { author }: Task,
  clone: Workspace,
  { branch, base, isReview, head }: Given & { head: string },
): Promise<string | undefined> {
  const there = await clone.remote(`refs/heads/${branch}`);
  if (there === head || (isReview ? there === base : !there)) return there;
  if (there && !isReview) {
    await clone.fetch(`refs/heads/${branch}`);
    if ((await clone.committer(there)) === author.email) return there;
  }
  throw new Fault('Conflict', `Someone else has pushed to ${branch}; it is left as it is`);
}

async function publish(task: Task, clone: Workspace, given: Given & { head: string }): Promise<void> {
  const { branch, head } = given;
  const there = await tip(task, clone, given);
  if (there === head) return;
  await clone.push(head, branch, there ?? '');
  await task.say(`pushed ${branch} at ${head.slice(0, 12)}`);
}
