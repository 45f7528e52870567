import type { CostRow } from '../runs/run.ts';

/** What one ticket, role, model or day cost. */
export interface Line {
  name: string;
  nanoUsd: number;
  attempts: number;
}

/** What an organization's models cost over some days, and what it got for it. Nano-dollars throughout. */
export interface Spending {
  nanoUsd: number;
  attempts: number;
  /** Tickets of these days whose change was merged, and what each cost with all that was not merged beside it. */
  accepted: { tickets: number; nanoUsdEach?: number };
  byTicket: Line[];
  byRole: Line[];
  byModel: Line[];
  byDay: Line[];
  /** Of all prompt tokens, the part that came from the cache; absent without prompts. */
  cacheHitRatio?: number;
  /** Paid for, and of no use: refusals, answers that had to be repaired, streams that broke off, steps in a circle. */
  waste: { refused: number; repaired: number; brokenOff: number; struck: number };
  /** What rests on less than the provider's own word. */
  unsure: { estimated: number; unknown: number; unpriced: number };
}

/** Sums up rows; `isMerged` tells whether a ticket's change was accepted. */
export function spendingOf(rows: readonly CostRow[], isMerged: (ticketId: string) => boolean): Spending {
  const nanoUsd = sum(rows);
  const byTicket = grouped(rows, ({ ticketId }) => ticketId ?? 'unknown');
  const tickets = byTicket.filter(({ name }) => isMerged(name)).length;
  const hits = cacheHitRatio(rows);
  const status = (wanted: CostRow['status']) => sum(rows.filter((row) => row.status === wanted));
  return {
    nanoUsd,
    attempts: rows.length,
    accepted: { tickets, ...(tickets > 0 && { nanoUsdEach: Math.round(nanoUsd / tickets) }) },
    byTicket,
    byRole: grouped(rows, ({ role }) => role),
    byModel: grouped(rows, ({ model }) => model),
    byDay: grouped(rows, ({ at }) => at.slice(0, 10)).sort((a, b) => a.name.localeCompare(b.name)),
    ...(hits !== undefined && { cacheHitRatio: hits }),
    waste: wasteOf(rows),
    unsure: {
      estimated: status('estimated'),
      unknown: status('unknown'),
      unpriced: status('unpriced'),
    },
  };
}

/** A row counts once: a refusal before a repair, a repair before a stream that broke off. */
export function wasteOf(rows: readonly CostRow[]): Spending['waste'] {
  const kinds = { refused: 0, repaired: 0, brokenOff: 0, struck: 0 };
  for (const row of rows) {
    const kind = wasted(row);
    if (kind) kinds[kind] += row.nanoUsd;
  }
  return kinds;
}

function wasted({ stop, repair, status, struck }: CostRow): keyof Spending['waste'] | undefined {
  if (stop === 'refusal') return 'refused';
  if (repair) return 'repaired';
  if (stop === undefined && status === 'estimated') return 'brokenOff';
  return struck ? 'struck' : undefined;
}

function cacheHitRatio(rows: readonly CostRow[]): number | undefined {
  const read = rows.reduce((all, row) => all + row.cacheReadTokens, 0);
  const fresh = rows.reduce((all, row) => all + row.inputTokens + row.cacheWriteTokens, 0);
  return read + fresh > 0 ? read / (read + fresh) : undefined;
}

/** Dearest first. */
function grouped(rows: readonly CostRow[], nameOf: (row: CostRow) => string): Line[] {
  const groups = Map.groupBy(rows, nameOf);
  return [...groups]
    .map(([name, some]) => ({ name, nanoUsd: sum(some), attempts: some.length }))
    .sort((a, b) => b.nanoUsd - a.nanoUsd);
}

function sum(rows: readonly CostRow[]): number {
  return rows.reduce((all, { nanoUsd }) => all + nanoUsd, 0);
}
