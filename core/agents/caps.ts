import * as z from 'zod';

const Amount = z.int().positive().max(1e15);

/** What an organization's models may cost at most, in nano-dollars: one call, one run, one ticket, one day (UTC). */
export const Caps = z.strictObject({ call: Amount, run: Amount, ticket: Amount, day: Amount });
export type Caps = z.infer<typeof Caps>;

/** Until an admin sets others. */
export const DEFAULT_CAPS: Caps = { call: 5e9, run: 10e9, ticket: 25e9, day: 100e9 };
