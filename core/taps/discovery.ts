import * as z from 'zod';

/** Where a tap's schema comes from: its code, the API's own description, or sample rows. */
export const Discovery = z.enum(['static', 'dynamic', 'inferred']);
export type Discovery = z.infer<typeof Discovery>;
