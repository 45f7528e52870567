import * as z from 'zod/mini';
import { Fault } from '#core/fault.ts';
import { parse } from '#core/parse.ts';
import type { Deliveries } from '#core/ports.ts';
import { Source } from '#core/tickets/ticket.ts';
import type { Request } from './http.ts';

interface Asked {
  deliveries: Deliveries;
  org: string;
  query: Request['query'];
}

const DeliveryFilters = z.strictObject({
  source: z.optional(Source),
  outcome: z.optional(
    z.enum(['ticket', 'update', 'stale', 'early', 'known', 'event', 'ignored', 'malformed']),
  ),
  limit: z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(100)), 25),
  cursor: z.optional(z.string().check(z.maxLength(500))),
});

/** Newest first; or with `source` and `id` the one, with its bytes as base64. */
export async function deliveryList({ deliveries, org, query }: Asked) {
  const { id, ...filters } = query;
  const wanted = parse(DeliveryFilters, filters);
  if (id === undefined) return deliveries.list(org, wanted);
  const found = wanted.source && (await deliveries.find(org, wanted.source, id.slice(0, 200)));
  if (!found) throw new Fault('NotFound', `No delivery ${id} of ${wanted.source ?? 'no source'} is kept`);
  return { ...found.kept, body: found.delivery.body };
}
