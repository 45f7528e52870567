import { journalFolder } from '#core/agents/journal.ts';
import type { Notes } from '#core/agents/notes.ts';
import { block } from '#core/agents/prompts/engineer.ts';
import type { Run } from '#core/runs/run.ts';
import type { Task } from '../task.ts';
import type { Desk } from './desk.ts';
import { notesIn } from './notes.ts';
import type { Kept } from './session.ts';

/** Puts what the work tree has changed where another machine finds it; the same tree once. */
export function checkpoints(
  { shop, environment, base }: Desk,
  { run, artifacts }: Task,
): () => Promise<Kept> {
  let last: Kept | undefined;
  let known = '';
  const put = async (tree: string): Promise<Kept> => {
    const changes = await shop.workspace.changes(base, tree);
    const patch = changes.length > 0 ? `${journalFolder(run)}/${tree}.patch` : '';
    if (patch) await artifacts.put(patch, changes, 'text/plain');
    return { tree, patch };
  };
  return async () => {
    const { hands, workspace: clone } = shop;
    const { repository } = environment;
    const [tree, notes] = await Promise.all([
      hands.take(repository).then(clone.snapshot),
      notesIn(hands, repository),
    ]);
    if (last?.tree !== tree) last = await put(tree);
    const isNews = JSON.stringify(notes) !== known;
    known = JSON.stringify(notes);
    return { ...last, ...(isNews && { notes }) };
  };
}

/** Where the work stands, in words for a conversation that begins anew. */
export async function recap({ shop, environment }: Desk, { tests }: Pick<Run, 'tests'>): Promise<string> {
  const { hands } = shop;
  const { repository } = environment;
  const argv = ['sh', '-c', 'git add -AN . && git diff --stat'];
  const { stdout } = await hands.run({ argv, cwd: repository, limit: 60_000 });
  const notes: Notes = await notesIn(hands, repository);
  const lines = [
    'You have worked on this before, and the conversation has begun anew. Your changes are in the work tree:',
    block('changes', stdout.trim().slice(0, 4_000)),
    'The last verification said:',
    block('verification', tests ?? null),
    'Your notes, as far as you kept any:',
    block('notes', notes),
  ];
  return lines.join('\n');
}
