import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { KINDS } from '#core/triage/classifier.ts';

const Issue = z.object({ repo: z.string(), kind: z.enum(KINDS), title: z.string(), body: z.string() });
export type Issue = z.infer<typeof Issue>;

/** The labelled issues of a file in the form of the NLBSE'24 competition: repo, created_at, label, title, body. */
export function issuesOf(path: string): { issues: Issue[]; hash: string } {
  const bytes = readFileSync(path);
  const [header = [], ...rows] = records(bytes.toString());
  const issues = rows.map((row) => {
    const { label, ...rest } = Object.fromEntries(header.map((name, at) => [name, row[at]]));
    return Issue.parse({ ...rest, kind: label });
  });
  return { issues, hash: createHash('sha256').update(bytes).digest('hex') };
}

/** RFC 4180: quoted fields may hold commas, line ends and doubled quotes. */
function records(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const [, quoted, plain = '', end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^,\r\n]*))(,|\r?\n|$)/g)) {
    row.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === ',') continue;
    if (row.length > 1) rows.push(row);
    row = [];
  }
  return rows;
}
