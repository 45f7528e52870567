import { Fault } from '../fault.ts';
import type { Artifacts, Forge } from '../ports.ts';
import type { Repository } from '../projects/project.ts';
import { cut } from '../tickets/text.ts';
import type { Ticket } from '../tickets/ticket.ts';

/** Something that was really read, under an id that a diagnosis can cite: `log:12-18`, `file:tap_orders/client.py`. */
export interface Evidence {
  id: string;
  what: string;
  text: string;
}

export interface Gathered {
  evidence: Evidence[];
  /** Every path of the repository at the commit that was read. */
  paths: string[];
  /** What was looked for and is not there, for people. */
  missing: string[];
}

const TAIL_LINES = 60;
const AROUND = 2;
const MAX_BLOCKS = 8;
const MAX_FILES = 8;
const MAX_FILE_CHARS = 12_000;
const MAX_FILE_BYTES = 200_000;

const TELLING = /\b(error|critical|fatal|exception|traceback|warn(ing)?|fail(ed|ure)?)\b|METRIC/i;
const TEXT_FILE = /\.(py|toml|cfg|ini|json|ya?ml|md|txt|ts|js|sql|sh)$/i;

interface Sources {
  forge: Pick<Forge, 'files' | 'read'>;
  artifacts: Pick<Artifacts, 'keys' | 'text'>;
  repository: Repository;
}

/** Reads the newest job log and the files that the ticket or the log name, within fixed sizes. */
export async function gather(
  { title, body, metadata = {} }: Pick<Ticket, 'title' | 'body' | 'metadata'>,
  { forge, artifacts, repository }: Sources,
): Promise<Gathered> {
  const log = await newestLog(artifacts, repository.logPrefix);
  const tree = await forge.files(repository.defaultBranch);
  const texts = [title, body, JSON.stringify(metadata), log?.text].join('\n');
  const chosen = relevant(tree, texts);
  const files = await Promise.all(
    chosen.map(async (path) => ({
      id: `file:${path}`,
      what: path,
      text: cut(await forge.read(path, repository.defaultBranch), MAX_FILE_CHARS),
    })),
  );
  return {
    evidence: [...(log ? fromLog(log) : []), ...files],
    paths: tree.map(({ path }) => path),
    missing: log ? [] : ['No job log of this integration is kept.'],
  };
}

async function newestLog(artifacts: Sources['artifacts'], prefix: string | undefined) {
  if (!prefix) return undefined;
  const key = (await artifacts.keys(prefix)).at(-1);
  if (!key) return undefined;
  try {
    return { key, text: await artifacts.text(key) };
  } catch (error) {
    if (error instanceof Fault && error.code === 'NotFound') return undefined;
    throw error;
  }
}

/** The log's telling lines with their neighbours, and its end, as blocks named by their line numbers (from 1). */
export function fromLog({ key, text }: { key: string; text: string }): Evidence[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const last = lines.length;
  const telling = lines.flatMap((line, at) =>
    TELLING.test(line) ? [[at - AROUND, at + AROUND] as const] : [],
  );
  const tail = [last - TAIL_LINES, last - 1] as const;
  const spans = merged(
    [...telling.slice(-40), tail].map(([from, to]) => [Math.max(0, from), Math.min(last - 1, to)]),
  );
  return spans.slice(-MAX_BLOCKS).map(([from, to]) => ({
    id: `log:${from + 1}-${to + 1}`,
    what: `lines ${from + 1} to ${to + 1} of ${key}`,
    text: cut(
      lines
        .slice(from, to + 1)
        .map((line) => cut(line, 500))
        .join('\n'),
      MAX_FILE_CHARS,
    ),
  }));
}

function merged(spans: [number, number][]): [number, number][] {
  const ordered = spans.filter(([from, to]) => to >= from).sort(([a], [b]) => a - b);
  return ordered.reduce<[number, number][]>((done, [from, to]) => {
    const open = done.at(-1);
    if (open && from <= open[1] + 1) open[1] = Math.max(open[1], to);
    else done.push([from, to]);
    return done;
  }, []);
}

/** README first, then files that the words name, then sources by how near the root they are. */
export function relevant(tree: { path: string; size: number }[], words: string): string[] {
  const said = words.toLowerCase();
  const readable = tree.filter(({ path, size }) => TEXT_FILE.test(path) && size <= MAX_FILE_BYTES);
  const scored = readable.map(({ path }) => ({ path, score: score(path, said) }));
  return scored
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || (a.path < b.path ? -1 : 1))
    .slice(0, MAX_FILES)
    .map(({ path }) => path);
}

function score(path: string, said: string): number {
  const lower = path.toLowerCase();
  const name = lower.split('/').at(-1) ?? lower;
  const stem = name.replace(/\.\w+$/, '');
  const isSource = /\.(py|ts|js)$/.test(name);
  const isTest = /(^|\/)tests?\//.test(lower);
  return (
    (/^readme\.\w+$/.test(lower) ? 100 : 0) +
    (said.includes(lower) ? 50 : 0) +
    (said.includes(name) ? 20 : 0) +
    (stem.length > 3 && said.includes(stem) ? 10 : 0) +
    (isSource ? 6 : 0) -
    (isTest ? 3 : 0) -
    (isSource && stem.startsWith('__') ? 5 : 0) -
    (lower.split('/').length - 1)
  );
}
