import * as z from 'zod';

/** What stands in each file that an ETL writes: by stream (one without a name in a plain table), its rows and a digest of each column. */
export const Digests = z.record(
  z.string(),
  z.record(z.string(), z.object({ rows: z.int(), columns: z.record(z.string(), z.string()) })),
);
export type Digests = z.infer<typeof Digests>;

/** What differs between two outputs, a sentence each; the order of rows and columns does not count. */
export function outputChanges(before: Digests, after: Digests): string[] {
  return names(before, after).flatMap((file) => {
    const [was, is] = [before[file], after[file]];
    if (!was || !is) return `${file} ${is ? 'is new' : 'is not written any more'}`;
    return names(was, is).flatMap((stream) =>
      tableChanges(`${file} ${stream}`.trim(), was[stream], is[stream]),
    );
  });
}

type Table = Digests[string][string];

function tableChanges(title: string, was: Table | undefined, is: Table | undefined): string[] {
  if (!was || !is) return [`${title} ${is ? 'is new' : 'is not written any more'}`];
  const rows = was.rows === is.rows ? [] : [`${title}: ${was.rows} rows → ${is.rows}`];
  const columns = names(was.columns, is.columns).flatMap((name) => {
    const [a, b] = [was.columns[name], is.columns[name]];
    if (a === b) return [];
    return `${title}: column ${name} ${a === undefined ? 'is new' : b === undefined ? 'is gone' : 'has other values'}`;
  });
  return [...rows, ...columns];
}

function names(...all: object[]): string[] {
  return [...new Set(all.flatMap((one) => Object.keys(one)))].sort();
}
