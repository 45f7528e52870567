import * as z from 'zod';
import { Shape } from './shape.ts';

/** One tap of one organization, to be looked at this week. */
export const TapRef = z.object({ org: z.string(), projectId: z.string(), repository: z.string() });
export type TapRef = z.infer<typeof TapRef>;

export const ListTaps = { input: z.object({}).loose(), output: z.object({ taps: z.array(TapRef) }) };

/** What a tap's container answers. What it saw at that commit is in a file, whose key it does not choose. */
export const Discovered = z.object({
  state: z.literal('discovered'),
  commit: z.string().regex(/^[0-9a-f]{40,64}$/),
});
export type Discovered = z.infer<typeof Discovered>;

/** The catalog of a tap at a commit; as baseline, the one that the next is compared with. */
export const Seen = z.object({ commit: z.string(), shape: Shape });
export type Seen = z.infer<typeof Seen>;

const Verdict = z.object({
  state: z.enum(['first', 'same', 'drift', 'inconclusive']),
  ticketId: z.string().optional(),
});

export const RecordCheck = {
  input: TapRef.extend({
    /** Names this week's check: the same one recorded twice is one. */
    check: z.string(),
    looked: z.discriminatedUnion('state', [
      Discovered,
      /** Why nothing was seen. That is never a drift, and never becomes a baseline. */
      z.object({ state: z.literal('inconclusive'), reason: z.string() }),
    ]),
  }),
  output: Verdict,
};

/** The result of a tap's last check; earlier ones are versions of the same file. */
export const CheckRecord = Verdict.extend({
  check: z.string(),
  at: z.string(),
  commit: z.string().optional(),
  reason: z.string().optional(),
  changes: z.array(z.object({ severity: z.string(), kind: z.string(), text: z.string() })).optional(),
});
export type CheckRecord = z.infer<typeof CheckRecord>;

/** Where what is known of a tap is kept. Containers write below `discovered/` only. */
export const keyOf = {
  discovered: ({ org, repository }: TapRef, commit: string) =>
    `discovered/${org}/${repository}/${commit}.json`,
  baseline: ({ org, repository }: TapRef) => `catalogs/${org}/${repository}.json`,
  record: ({ org, repository }: TapRef) => `checks/${org}/${repository}.json`,
};
