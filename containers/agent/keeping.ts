import { journalFolder } from '#core/agents/journal.ts';
import type { Run } from '#core/runs/run.ts';
import type { Task } from '../task.ts';
import type { Desk } from './desk.ts';
import type { Kept } from './session.ts';

/** Puts what the work tree has changed where another machine finds it; the same tree once. */
export function checkpoints(
  { shop, environment, base }: Desk,
  { run, artifacts }: Task,
): () => Promise<Kept> {
  let last: Kept | undefined;
  return async () => {
    const { workspace: clone } = shop;
    const tree = await clone.snapshot(await shop.hands.take(environment.repository));
    if (last?.tree === tree) return last;
    const changes = await clone.changes(base, tree);
    const patch = changes.length > 0 ? `${journalFolder(run)}/${tree}.patch` : '';
    if (patch) await artifacts.put(patch, changes, 'text/plain');
    last = { tree, patch };
    return last;
  };
}

/** Where the work stands, in words for a conversation that begins anew. */
export async function recap({ shop, environment }: Desk, { tests }: Pick<Run, 'tests'>): Promise<string> {
  const argv = ['sh', '-c', 'git add -AN . && git diff --stat'];
  const { stdout } = await shop.hands.run({ argv, cwd: environment.repository, limit: 60_000 });
  const lines = [
    '[Signalbox] You have worked on this before, and the conversation has begun anew. Your changes are in the work tree:',
    stdout.trim().slice(0, 4_000) || '(none)',
    `The last verification said: ${tests ?? 'nothing, it was never asked'}`,
  ];
  return lines.join('\n');
}
