import * as z from 'zod/mini';
import type { Bill } from '#core/agents/reconcile.ts';
import { Fault } from '#core/fault.ts';
import { parse } from '#core/parse.ts';

/** Amounts are cents, as decimal text. */
const Day = z.object({
  starting_at: z.string(),
  results: z.array(
    z.object({ amount: z.string(), model: z.nullish(z.string()), workspace_id: z.nullish(z.string()) }),
  ),
});
type Day = z.infer<typeof Day>;
const Report = z.object({
  data: z.array(Day),
  has_more: z.boolean(),
  next_page: z.nullish(z.string()),
});

export interface AdminAccess {
  adminKey: string;
  baseUrl: string;
  /** Only what this workspace was charged. */
  workspace?: string | undefined;
}

/** What Anthropic charged from one day (UTC) until before another, by model. */
export async function bill(
  { adminKey, baseUrl, workspace }: AdminAccess,
  from: Date,
  to: Date,
): Promise<Bill> {
  const charged: Bill = [];
  for (let page: string | undefined; ; ) {
    const report = await ask({ adminKey, baseUrl }, query(from, to, page));
    charged.push(...report.data.flatMap((day) => linesOf(day, workspace)));
    if (!report.has_more || !report.next_page) return charged;
    page = report.next_page;
  }
}

function linesOf({ starting_at: at, results }: Day, workspace?: string): Bill {
  return results
    .filter(({ workspace_id: place }) => !workspace || place === workspace)
    .map(({ amount, model }) => ({
      day: at.slice(0, 10),
      model: model ?? 'other',
      usd: Number(amount) / 100,
    }));
}

function query(from: Date, to: Date, page?: string): URLSearchParams {
  const asked = new URLSearchParams({
    ...{ starting_at: from.toISOString(), ending_at: to.toISOString(), bucket_width: '1d', limit: '31' },
    ...(page && { page }),
  });
  for (const group of ['description', 'workspace_id']) asked.append('group_by[]', group);
  return asked;
}

async function ask(
  { adminKey, baseUrl }: AdminAccess,
  asked: URLSearchParams,
): Promise<z.infer<typeof Report>> {
  const response = await fetch(`${baseUrl}/v1/organizations/cost_report?${asked}`, {
    headers: { 'x-api-key': adminKey, 'anthropic-version': '2023-06-01' },
    signal: AbortSignal.timeout(30_000),
  }).catch((cause) => {
    throw new Fault('Unavailable', 'The cost report cannot be reached', { cause });
  });
  if (!response.ok)
    throw new Fault(
      'Unavailable',
      `The cost report answered ${response.status}: ${(await response.text()).slice(0, 300)}`,
    );
  return parse(Report, await response.json());
}
