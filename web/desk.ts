import type { ApprovalEntry } from '#core/approvals/view.ts';
import { type Approvals, api, type Figures } from './api.ts';

/** Everything on the page of approvals. */
export interface Desk {
  waiting: ApprovalEntry[];
  /** As far back as somebody asked for. */
  settled: ApprovalEntry[];
  cursor?: string | undefined;
  figures: Figures;
  measuredAt: number;
}

/** Figures are made of everything in their period, so they are asked for seldom. */
const MEASURE_AGAIN_MS = 30_000;

/** The desk as it is now, with what was opened on it before. */
export async function lookAtDesk(days: number, before?: Desk): Promise<Desk> {
  const isFresh = before?.figures.days === days && Date.now() - before.measuredAt < MEASURE_AGAIN_MS;
  const [waiting, settled, figures] = await Promise.all([
    api.approvals(),
    api.settled(),
    isFresh ? before.figures : api.figures(days),
  ]);
  return {
    waiting: waiting.approvals,
    ...continued(settled, before),
    figures,
    measuredAt: isFresh ? before.measuredAt : Date.now(),
  };
}

/** The desk with the next page of what is over. */
export async function withOlder(desk: Desk): Promise<Desk> {
  const { approvals, cursor } = await api.settled(desk.cursor);
  return { ...desk, settled: joined(desk.settled, approvals), cursor };
}

/** What was shown before stays below a newer page, unless so much came in between that there would be a gap. */
function continued(page: Approvals, before?: Desk): Pick<Desk, 'settled' | 'cursor'> {
  const isNext = before?.settled.some(({ id }) => page.approvals.some((one) => one.id === id));
  if (!before || !isNext) return { settled: page.approvals, cursor: page.cursor };
  return { settled: joined(page.approvals, before.settled), cursor: before.cursor };
}

function joined(first: ApprovalEntry[], rest: ApprovalEntry[]): ApprovalEntry[] {
  const known = new Set(first.map(({ id }) => id));
  return [...first, ...rest.filter(({ id }) => !known.has(id))];
}
