import { git } from './git.ts';

export interface FileChange {
  path: string;
  previousPath?: string;
  status: 'added' | 'removed' | 'modified' | 'renamed';
  additions: number;
  deletions: number;
  /** The hunks, as GitHub gives them: without the header lines. Absent for binary files. */
  patch?: string;
}

const STATUS: Record<string, FileChange['status']> = { A: 'added', D: 'removed', R: 'renamed' };

/** What changed from one commit to another, file by file, in git's order. */
export async function changes(folder: string, from: string, to: string): Promise<FileChange[]> {
  const [names, text] = await Promise.all([
    git(['diff', '--no-ext-diff', '-M', '--name-status', '-z', from, to], { cwd: folder }),
    diffText(folder, from, to),
  ]);
  const patches = text.split(/^(?=diff --git )/m).filter(Boolean);
  return fileNames(names).map((file, index) => ({ ...file, ...hunks(patches[index] ?? '') }));
}

/** The whole difference as `git apply` takes it. */
export async function diffText(folder: string, from: string, to: string): Promise<string> {
  const text = await git(['diff', '--no-ext-diff', '--no-color', '-M', from, to], { cwd: folder });
  return text && `${text}\n`;
}

function fileNames(listing: string): Pick<FileChange, 'path' | 'previousPath' | 'status'>[] {
  const fields = listing.split('\0').filter(Boolean);
  const files: Pick<FileChange, 'path' | 'previousPath' | 'status'>[] = [];
  while (fields.length > 0) {
    const status = STATUS[(fields.shift() ?? '').charAt(0)] ?? 'modified';
    const first = fields.shift() ?? '';
    if (status === 'renamed') files.push({ status, previousPath: first, path: fields.shift() ?? '' });
    else files.push({ status, path: first });
  }
  return files;
}

function hunks(patch: string): Pick<FileChange, 'additions' | 'deletions' | 'patch'> {
  const start = patch.search(/^@@ /m);
  if (start < 0) return { additions: 0, deletions: 0 };
  const body = patch.slice(start).replace(/\n$/, '');
  const marks = body.split('\n').map((line) => line.charAt(0));
  return {
    additions: marks.filter((mark) => mark === '+').length,
    deletions: marks.filter((mark) => mark === '-').length,
    patch: body,
  };
}
