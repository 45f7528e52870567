import * as z from 'zod';

const Count = z.coerce.number().int().nonnegative().catch(0);

/** What a target says of one sink at the end of its state. */
const Summary = z
  .object({
    success: Count.default(0),
    fail: Count.default(0),
    existing: Count.default(0),
    updated: Count.default(0),
  })
  .loose();

const State = z.object({
  bookmarks: z.record(z.string(), z.unknown()).default({}),
  /** Of targets that count what became of each record. */
  summary: z.record(z.string(), Summary).optional(),
});
export type TargetState = z.infer<typeof State> & {
  /** Lines that are no JSON object: a target prints states and nothing else. */
  noise: string[];
  /** No state at all was printed. */
  isSilent: boolean;
  /** Why records were refused, as their bookmarks tell. */
  errors: string[];
};

/** Reads what a target printed: its last state counts. Exit code 0 says nothing about refused records. */
export function targetState(stdout: string): TargetState {
  const lines = stdout.split('\n').filter((line) => line.trim() !== '');
  const read = lines.map((line) => ({ line, state: stateIn(line) }));
  const last = read.findLast(({ state }) => state !== undefined)?.state;
  const known = last ?? { bookmarks: {} };
  return {
    ...known,
    noise: read.filter(({ state }) => state === undefined).map(({ line }) => line.slice(0, 200)),
    isSilent: last === undefined,
    errors: errorsIn(known.bookmarks),
  };
}

function stateIn(line: string): z.infer<typeof State> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const inner =
      (value as { type?: unknown; value?: unknown }).type === 'STATE'
        ? (value as { value: unknown }).value
        : value;
    const { success, data } = State.safeParse(inner);
    return success ? data : undefined;
  } catch {
    return undefined;
  }
}

const Refused = z.object({
  success: z.literal(false),
  error: z.unknown().optional(),
  hg_error_class: z.string().optional(),
});

function errorsIn(bookmarks: Record<string, unknown>): string[] {
  const all = Object.values(bookmarks).flatMap((one) => (Array.isArray(one) ? one : []));
  return all.flatMap((one) => {
    const { success, data } = Refused.safeParse(one);
    if (!success) return [];
    const error =
      typeof data.error === 'string' ? data.error : JSON.stringify(data.error ?? 'no reason given');
    return [`${data.hg_error_class ? `${data.hg_error_class}: ` : ''}${error}`.slice(0, 300)];
  });
}

/** HTTP statuses that an SDK's metrics tell, as JSON or as Python writes a dictionary. */
export function statusesIn(stderr: string): number[] {
  return [...stderr.matchAll(/['"]http_status_code['"]:\s*['"]?(\d{3})/g)].map(([, status]) =>
    Number(status),
  );
}
