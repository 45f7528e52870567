import * as z from 'zod';
import { type Mode, Risk } from '../approvals/approval.ts';
import { evaluate } from './evaluate.ts';
import { type Judgement, looserIn, MODES } from './judgement.ts';
import { type ActivePolicy, unused } from './policy.ts';

/** An action that was judged before, as it was measured then. Budgets that it says nothing of were unused. */
export const PastAction = z.object({
  id: z.string(),
  type: z.string().min(1).max(100),
  facts: z.record(z.string(), z.unknown()).default({}),
  spent: z.record(z.string(), z.number()).default({}),
  declaredRisk: Risk.optional(),
  people: z.int().positive().default(10),
});
export type PastAction = z.infer<typeof PastAction>;

/** An action that the new policy would be looser about, and in what. */
export interface Loosened {
  id: string;
  type: string;
  in: string[];
  before: Judgement;
  after: Judgement;
}

/** What past actions would have met under two policies. */
export interface Replay {
  actions: number;
  before: Record<Mode, number>;
  after: Record<Mode, number>;
  looser: Loosened[];
}

/** Judges what happened again under both policies: what would have become looser is what an approver must see. */
export function replay(old: ActivePolicy, next: ActivePolicy, past: readonly PastAction[]): Replay {
  const judged = past.map((action) => ({
    ...{ id: action.id, type: action.type },
    ...{ before: judge(old, action), after: judge(next, action) },
  }));
  return {
    actions: past.length,
    before: counted(judged.map(({ before }) => before)),
    after: counted(judged.map(({ after }) => after)),
    looser: judged
      .map((one) => ({ ...one, in: looserIn(one.before, one.after) }))
      .filter((one) => one.in.length > 0),
  };
}

/** What a policy says about an action of the past, or about one that is only thought of. */
export function judge(active: ActivePolicy, action: PastAction): Judgement {
  return evaluate(active, { ...action, spent: { ...unused(active.policy), ...action.spent } });
}

function counted(judgements: Judgement[]): Record<Mode, number> {
  const none = Object.fromEntries(MODES.map((mode) => [mode, 0])) as Record<Mode, number>;
  for (const { mode } of judgements) none[mode] += 1;
  return none;
}
