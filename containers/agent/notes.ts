import { MOST_NOTES, NOTES, type Notes } from '#core/agents/notes.ts';
import type { Hands } from '../hands.ts';
import { files } from './files.ts';

const READ = `for name in "$@"; do if [ -f "$name" ]; then head -c ${MOST_NOTES} "$name"; fi; printf '\\0'; done`;

/** The engineer's notes as they are in its work tree, read by the hands: a link there leads only to what they may see. */
export async function notesIn(hands: Hands, root: string): Promise<Notes> {
  const { stdout } = await hands.run({ argv: ['sh', '-c', READ, 'sh', ...NOTES], cwd: root, limit: 20_000 });
  const texts = stdout.split('\0');
  return Object.fromEntries(NOTES.flatMap((name, at) => (texts[at] ? [[name, texts[at]]] : [])));
}

export async function putNotes(hands: Hands, root: string, notes: Notes): Promise<void> {
  for (const [name, text] of Object.entries(notes)) await files(hands, root).write(name, text);
}
