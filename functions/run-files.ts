import { basename } from 'node:path';
import * as z from 'zod/mini';
import { journalFolder, segmentKey } from '#core/agents/journal.ts';
import { Fault } from '#core/fault.ts';
import { parse } from '#core/parse.ts';
import type { Artifacts, Runs } from '#core/ports.ts';
import type { Run } from '#core/runs/run.ts';

interface Asked {
  runs: Pick<Runs, 'find'>;
  artifacts: Pick<Artifacts, 'text' | 'bytes'>;
  /** Whose runs there are. */
  org: string;
  id: string;
  query: Record<string, string | undefined>;
}

const Part = z._default(z.coerce.number().check(z.int(), z.minimum(0)), 0);
const JournalQuery = z.strictObject({
  part: Part,
  round: z.optional(z.coerce.number().check(z.int(), z.minimum(1))),
});
const PatchQuery = z.strictObject({ part: Part });

/** Bytes of a file in one answer: what a function may answer at most, less what base64 adds. */
const PART_BYTES = 3_000_000;

/** GET /api/runs/{id}/journal: a part of one of its conversations as it was written, by default the last; `next` names the part after it. */
export async function journal(asked: Asked) {
  const run = await found(asked);
  const { part, round } = parse(JournalQuery, asked.query);
  const all = [...(run.earlier ?? []), ...(run.journal ? [run.journal] : [])];
  const kept = all[(round ?? all.length) - 1];
  if (!kept || part >= kept.segments)
    throw new Fault(
      'NotFound',
      `Run ${run.id} has ${all.length} conversations, and no part ${part} of ${round ? `number ${round}` : 'the last'}`,
    );
  const { segments, ...about } = kept;
  const text = await asked.artifacts.text(segmentKey(journalFolder(run), kept, part));
  return { ...about, rounds: all.length, text, ...(part + 1 < segments && { next: part + 1 }) };
}

/** GET /api/runs/{id}/patch: a part of its change, in base64: what it handed over last, or what there was when a limit ended it. */
export async function patch(asked: Asked) {
  const { partial, patchKey, ...run } = await found(asked);
  const key = partial?.patchKey ?? patchKey;
  if (!key) throw new Fault('NotFound', `Run ${run.id} has left no change`);
  const { part } = parse(PatchQuery, asked.query);
  const bytes = await asked.artifacts.bytes(key);
  const rest = bytes.length - (part + 1) * PART_BYTES;
  return {
    name: basename(key),
    ...{
      isPartial: partial !== undefined,
      isVerified: partial?.isVerified ?? run.verification?.verdict === 'passed',
    },
    base64: Buffer.from(bytes.slice(part * PART_BYTES, (part + 1) * PART_BYTES)).toString('base64'),
    ...(rest > 0 && { next: part + 1 }),
  };
}

async function found({ runs, org, id }: Asked): Promise<Run> {
  const run = await runs.find(org, id);
  if (!run) throw new Fault('NotFound', `There is no run ${id}`);
  return run;
}
