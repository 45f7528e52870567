/** How many weights a class has: a feature is the hash of its text, modulo this. */
export const BUCKETS = 2 ** 16;

const MAX_TITLE = 300;
const MAX_BODY = 4_000;
const MAX_CODE = 600;
const MAX_CHARS = 2_000;

/** One group of features: where they are found, and its share of a ticket's length. */
interface Group {
  share: number;
  visit: (text: Text, seen: Seen) => void;
}

/** The hash of a feature, the text that it stands in, and where its middle is; before the start: it is the whole text. */
type Seen = (hash: number, text: string, middle: number) => void;

interface Text {
  title: string;
  body: string;
  /** Cut for character sequences, of which there are many. */
  start: string;
  marks: string[];
}

const GROUPS: Group[] = [
  { share: 1.6, visit: ({ title, body }, seen) => words(`${title}\n${body}`, 1, seen) },
  { share: 0.7, visit: ({ title }, seen) => words(title, 2, seen) },
  { share: 0.7, visit: ({ title }, seen) => characters(title, [2, 5], seen) },
  { share: 1.1, visit: ({ start }, seen) => characters(start, [3, 5], seen) },
  { share: 0.5, visit: ({ marks }, seen) => each(marks, seen) },
];

/**
 * A ticket as weights of buckets: each group of features has the length of its share. Shares were chosen by
 * cross-validation; whatever is changed here, the weights have to be trained again.
 */
export function features(ticket: { title: string; body: string }): Map<number, number> {
  const text = plain(ticket);
  const all = new Map<number, number>();
  for (const { share, visit } of GROUPS) {
    const counts = new Map<number, number>();
    visit(text, (hash) => {
      const bucket = bucketOf(hash);
      counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
    });
    let square = 0;
    for (const [bucket, count] of counts) {
      const value = 1 + Math.log(count);
      counts.set(bucket, value);
      square += value * value;
    }
    const scale = share / Math.sqrt(square || 1);
    for (const [bucket, value] of counts) all.set(bucket, (all.get(bucket) ?? 0) + value * scale);
  }
  return all;
}

function bucketOf(hash: number): number {
  return (hash ^ (hash >>> 16)) & (BUCKETS - 1);
}

function plain({ title, body }: { title: string; body: string }): Text {
  const text = flat(
    body
      .slice(0, 3 * MAX_BODY)
      .replaceAll(/```([\s\S]*?)(```|$)/g, (_, code) => ` _code_ ${code.slice(0, MAX_CODE)} `),
  ).slice(0, MAX_BODY);
  return {
    title: flat(title.slice(0, MAX_TITLE)),
    body: text,
    start: text.slice(0, MAX_CHARS),
    marks: marks(title, body.slice(0, 3 * MAX_BODY)),
  };
}

function flat(text: string): string {
  return text
    .replaceAll(/https?:\/\/\S+/g, ' _url_ ')
    .toLowerCase()
    .replaceAll(/\d+/g, '0')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

const QUESTION = /^\W*(how|why|what|when|where|who|which|can|could|does|is|are|do|should|any)\b/i;

function marks(title: string, body: string): string[] {
  const found: [boolean, string][] = [
    [/\?\s*$/.test(title), 'title ends with ?'],
    [QUESTION.test(title), 'title begins like a question'],
    [/\?/.test(body), 'asks something'],
    [/\?[^?]*\?[^?]*\?/.test(body), 'asks several things'],
    [/```/.test(body), 'has code'],
    [/!\[|<img/.test(body), 'has a picture'],
    [/traceback|\bat .+:\d+:\d+|[a-z]Error:/i.test(body), 'has a stack trace'],
    [/^#{1,4} /m.test(body), 'has headings'],
    [/(^#{1,4} [\s\S]*?){6}/m.test(body), 'has many headings'],
    [/^- \[[ x]\]/m.test(body), 'has boxes to tick'],
    [/\b\d+\.\d+\.\d+\b/.test(body), 'names a version'],
    [/https?:/.test(body), 'has a link'],
    [/steps? to reproduce|repro/i.test(body), 'says how to reproduce it'],
    [/expected|should/i.test(body), 'says what was expected'],
    [/^\d+\. /m.test(body), 'has numbered steps'],
    [/^[*-] /m.test(body), 'has a list'],
    ...[20, 200, 600, 1500, 4000].map((n): [boolean, string] => [body.length < n, `shorter than ${n}`]),
    ...[30, 60].map((n): [boolean, string] => [title.length < n, `title shorter than ${n}`]),
  ];
  const said = flat(title).match(/[\w']+/g) ?? [];
  return [
    ...found.flatMap(([is, text]) => (is ? [text] : [])),
    `title begins with ${said[0] ?? 'nothing'}`,
    `title begins with ${said.slice(0, 2).join(' ')}`,
    `title ends with ${said.at(-1) ?? 'nothing'}`,
  ];
}

const PRIME = 0x01000193;

function hashOf(text: string, seed: number): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), PRIME);
  return hash >>> 0;
}

const WORD = /[a-z_][\w'-]+|0(?:\.0)*|[?!#`]|[^\p{ASCII}]/gu;

function each(marks: string[], seen: Seen): void {
  for (const mark of marks) seen(hashOf(mark, 5), mark, -1);
}

/** Words and pairs of neighbours. */
function words(text: string, seed: number, seen: Seen): void {
  let before: { hash: number } | undefined;
  for (const match of text.matchAll(WORD)) {
    const from = match.index;
    const to = from + match[0].length;
    const hash = hashOf(match[0], seed);
    seen(hash, text, (from + to) >> 1);
    if (before) seen(Math.imul(before.hash ^ (hash >>> 7), PRIME) ^ hash, text, from);
    before = { hash };
  }
}

function characters(text: string, [least, most]: [number, number], seen: Seen): void {
  const padded = ` ${text} `;
  for (let from = 0; from + least <= padded.length; from++) {
    let hash = 0x811c9dc5 ^ (most + least);
    for (let to = from; to < from + most && to < padded.length; to++) {
      hash = Math.imul(hash ^ padded.charCodeAt(to), PRIME);
      if (to - from + 1 >= least) seen(hash ^ (hash >>> 13), padded, (from + to + 1) >> 1);
    }
  }
}

/** The words that the features of these buckets stand in, one for each time that they stand there. */
export function occurrences(
  ticket: { title: string; body: string },
  buckets: Set<number>,
): Map<number, string[]> {
  const text = plain(ticket);
  const found = new Map<number, string[]>();
  for (const { visit } of GROUPS)
    visit(text, (hash, where, middle) => {
      const bucket = bucketOf(hash);
      if (!buckets.has(bucket)) return;
      const words = found.get(bucket) ?? [];
      words.push(middle < 0 ? where : wordAt(where, middle));
      found.set(bucket, words);
    });
  return found;
}

/** Texts are flat: between words there is one space. */
function wordAt(text: string, at: number): string {
  const end = text.indexOf(' ', at);
  return text
    .slice(at === 0 ? 0 : text.lastIndexOf(' ', at - 1) + 1, end < 0 ? undefined : end)
    .replaceAll(/^[^\p{L}_?]+|[^\p{L}_?]+$/gu, '');
}
