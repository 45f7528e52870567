import * as z from 'zod';

/** One tap of one organization, to be looked at this week. */
export const TapRef = z.object({ org: z.string(), projectId: z.string(), repository: z.string() });
export type TapRef = z.infer<typeof TapRef>;

export const ListTaps = { input: z.object({}).loose(), output: z.object({ taps: z.array(TapRef) }) };

/** What a tap's container found: a catalog, kept under a key, or why there is none. The latter is never a drift. */
export const Looked = z.discriminatedUnion('state', [
  z.object({ state: z.literal('discovered'), commit: z.string(), key: z.string() }),
  z.object({ state: z.literal('inconclusive'), reason: z.string().max(2_000) }),
]);
export type Looked = z.infer<typeof Looked>;

export const RecordCheck = {
  input: TapRef.extend({ looked: Looked }),
  output: z.object({
    state: z.enum(['first', 'same', 'drift', 'inconclusive']),
    ticketId: z.string().optional(),
  }),
};

/** Where what is known of a tap's catalog is kept. */
export const catalogKey = ({ org, repository }: TapRef, name: string) =>
  `catalogs/${org}/${repository}/${name}.json`;
