import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { clock } from '#adapters/clock.ts';
import { type Workspace, workspace } from '#adapters/git/workspace.ts';
import { gitToken } from '#adapters/github/client.ts';
import { replay } from '#core/agents/conversation.ts';
import { journalFolder } from '#core/agents/journal.ts';
import { NOTES_FOLDER } from '#core/agents/notes.ts';
import { ROLES } from '#core/agents/roles.ts';
import { Fault } from '#core/fault.ts';
import type { Repository } from '#core/projects/project.ts';
import type { KeptJournal, Verification } from '#core/runs/run.ts';
import { branchFor } from '#core/tickets/slug.ts';
import { contained } from '../contained.ts';
import type { Carried } from '../egress/proxy.ts';
import { steady } from '../steady.ts';
import type { Task } from '../task.ts';
import { type Environment, environment, interpreterFor, type Shop } from '../verify/environment.ts';
import { type Journal, openJournal } from './journal.ts';
import { putNotes } from './notes.ts';
import type { Kept } from './session.ts';

/** The place where a change is made. */
export interface Desk {
  shop: Shop;
  repository: Repository;
  branch: string;
  /** The commit that the change starts from. */
  base: string;
  /** The commit that it is compared with: the same, or for a review the one that the pull request's branch began at. */
  against: string;
  environment: Environment;
  journal: Journal;
  /** Of the platform's own words in its conversation. */
  mark: string;
  /** Bytes of the whole work, earlier tasks included. */
  carried: Carried;
}

/** Percent of the run at which the implementation begins. */
export const FROM = 45;

/** A clone, a fresh environment and a journal: from the beginning, or as an earlier task of the same work kept them. Words when the project does not install. */
export async function prepare(task: Task, repository: Repository): Promise<Desk | string> {
  const { folder, signal, say, at } = task;
  const branch = task.run.review ? (task.run.branch ?? '') : branchFor(task.ticket);
  await at(FROM, `cloning ${repository.fullName}`);
  await say(`clones ${repository.fullName} and works on ${branch}`);
  const clone = await cloned(task, repository);
  const { base, against, kept } = await beginning(task, clone, { branch, main: repository.defaultBranch });
  const { maxSentBytes: up, maxReceivedBytes: down } = ROLES.engineer;
  const hands = await contained({
    ...{ ...task, repository, reporter: task.ticket.reporter, caps: { up, down } },
  });

  const shop = { workspace: clone, hands, folder, signal };
  const interpreter = await interpreterFor(shop, base);
  if (typeof interpreter === 'string') return interpreter;
  task.progress();
  const journal = await journalOf(task, base, kept);
  const { kept: last, notes, used, ties } = replay(journal.lines);
  Object.assign(hands.carried, { up: used.sent, down: used.received });
  const tree = await startingTree(task, clone, { base, kept: last });
  const made = await environment(shop, { tree, name: 'work', interpreter });
  if (made.install.verdict !== 'PASS')
    return `The project does not install: ${made.install.detail.slice(-600)}`;
  hands.prefer(made.bin);
  await scratch(shop, made, { base, tree });
  await putNotes(hands, made.repository, notes);
  if (journal.lines.length > 0) await say('goes on where an earlier task stopped');
  return {
    shop,
    repository,
    branch,
    base,
    against,
    environment: made,
    journal,
    mark: ties?.mark ?? randomBytes(8).toString('hex'),
    carried: hands.carried,
  };
}

/** Keeps its place when the task is told to stop: what there is by then is still put away. */
async function cloned({ folder, forgeSecret, signal }: Task, repository: Repository): Promise<Workspace> {
  const token = await gitToken(repository.apiUrl, await forgeSecret());
  const place = { folder: join(folder, 'git'), url: repository.cloneUrl, token, ignore: NOTES_FOLDER };
  return steady(await workspace(place), signal);
}

/** The commit to start from: the newest of the main branch or of the pull request's, or the one that the journal of this conversation started from. */
async function beginning(
  { run }: Task,
  clone: Workspace,
  { branch, main }: { branch: string; main: string },
): Promise<{ base: string; against: string; kept?: KeptJournal }> {
  const trunk = await clone.fetch(`refs/heads/${main}`);
  const newest = run.review ? await clone.fetch(`refs/heads/${branch}`) : trunk;
  const { journal } = run;
  const isOurs = journal?.round === roundOf(run.verification) && (await clone.has(journal.base));
  const base = isOurs ? journal.base : newest;
  const against = run.review ? await clone.common(base, trunk) : base;
  return { base, against, ...(isOurs && { kept: journal }) };
}

/** One conversation per refused verification: after it, the engineer begins with what was wrong. */
function roundOf(verification?: Verification): string {
  return isRefused(verification) ? `after-${verification.headSha.slice(0, 12)}` : 'first';
}

async function journalOf(
  { run, runs, artifacts, folder }: Task,
  base: string,
  kept?: KeptJournal,
): Promise<Journal> {
  const { journal: last, earlier = [] } = run;
  const before = last && !kept ? { earlier: [...earlier, last] } : {};
  return openJournal(
    {
      ...{ folder, artifacts, clock, lease: run.lease ?? 1, round: roundOf(run.verification) },
      prefix: journalFolder(run),
      keep: async (journal) => {
        await runs.update(run.org, run.id, { journal: { ...journal, base }, ...before });
      },
    },
    kept,
  );
}

/** After a refused verification the earlier change is where the engineer goes on, if it still applies. */
async function startingTree(
  { run, artifacts }: Task,
  clone: Workspace,
  { base, kept }: { base: string; kept?: Kept },
): Promise<string> {
  if (kept) return kept.patch ? clone.apply(base, await artifacts.bytes(kept.patch)) : base;
  if (!run.patchKey || !isRefused(run.verification)) return base;
  try {
    return await clone.apply(base, await artifacts.bytes(run.patchKey));
  } catch (error) {
    if (error instanceof Fault && error.code !== 'Unavailable') return base;
    throw error;
  }
}

export function isRefused(verification?: Verification): verification is Verification {
  return verification !== undefined && verification.verdict !== 'passed';
}

const SCRATCH = `git init -q && mkdir -p .git/info && echo '/${NOTES_FOLDER}/' >> .git/info/exclude && if [ -s "$1" ]; then git apply -R --whitespace=nowarn "$1"; fi && git add -A &&
git -c user.name=base -c user.email=base@localhost commit -q -m "The commit this change starts from" &&
if [ -s "$1" ]; then git apply --whitespace=nowarn "$1"; fi`;

/** A repository of the hands' own, so that `git diff` and `git status` say what changed since the base. Ours never reads it. */
async function scratch(
  { workspace: clone, hands, folder }: Shop,
  { repository }: Environment,
  { base, tree }: { base: string; tree: string },
): Promise<void> {
  const patch = join(folder, 'start.patch');
  await writeFile(patch, await clone.changes(base, tree));
  await hands.own(patch);
  const argv = ['sh', '-c', SCRATCH, 'sh', patch];
  const { output } = await hands.run({ argv, cwd: repository, limit: 60_000 });
  if ((await clone.snapshot(await hands.take(repository))) !== (await clone.tree(tree)))
    throw new Fault('Invalid', `The work tree is not what was kept: ${output.slice(-300)}`);
}
