import * as z from 'zod/mini';
import type { Spend } from '#core/agents/spend.ts';
import { type Spending, spendingOf } from '#core/agents/spending.ts';
import { parse } from '#core/parse.ts';
import type { Clock, Tickets } from '#core/ports.ts';
import type { CostRow } from '#core/runs/run.ts';

interface Asked {
  spend: Pick<Spend, 'rows' | 'caps'>;
  tickets: Pick<Tickets, 'find'>;
  clock: Clock;
  org: string;
  query: Record<string, string | undefined>;
}

const Window = z.strictObject({
  days: z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(92)), 7),
});
const DAY = 86_400_000;

/** GET /api/spend: what the last days cost, today (UTC) included. */
export async function spending(asked: Asked): Promise<Spending & { from: string; to: string }> {
  const { rows, from, to } = await rowsOf(asked);
  const ids = [...new Set(rows.flatMap(({ ticketId }) => ticketId ?? []))];
  const found = await Promise.all(ids.map((id) => asked.tickets.find(asked.org, id)));
  const merged = new Set(found.flatMap((ticket) => (ticket?.status === 'merged' ? ticket.id : [])));
  return { from, to, ...spendingOf(rows, (id) => merged.has(id)) };
}

/** GET /api/costs: the rows behind it. */
export async function costRows(asked: Asked): Promise<{ costs: CostRow[] }> {
  return { costs: (await rowsOf(asked)).rows };
}

async function rowsOf({ spend, clock, org, query }: Asked) {
  const { days } = parse(Window, query);
  const now = clock.now();
  const dates = Array.from({ length: days }, (_, back) => dayOf(now.getTime() - (days - 1 - back) * DAY));
  const rows = (await Promise.all(dates.map((date) => spend.rows(org, date, now)))).flat();
  return { rows, from: dates[0] ?? '', to: dates.at(-1) ?? '' };
}

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
