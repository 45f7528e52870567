import { createHash } from 'node:crypto';
import * as z from 'zod';
import { isRefusal, refusal } from './refusal.ts';
import { checked, parsed } from './request.ts';

/** What goes wrong with batches; none of it happens by itself. */
export interface BatchTrouble {
  /** Creations, from the first on, whose answer is lost after the batch was made. */
  lostCreates?: number;
  /** Looks at a batch before it has ended. */
  looks?: number;
  /** What becomes of an item instead of an answer. */
  fates?: Record<string, Fate>;
  /** Batches, from the first on, in which that happens; all, unless said. */
  fatal?: number;
  /** Where results are said to be, if not here. */
  resultsHost?: string;
}

type Fate = 'errored' | 'expired' | 'canceled' | 'missing';

interface Batch {
  id: string;
  createdAt: string;
  requests: { custom_id: string; params: unknown }[];
  looks: number;
  isCanceled: boolean;
}

/** What to send (lines as text), or that the connection breaks instead. */
export type BatchReply = { body: object | string } | 'lost';

export interface BatchAsked {
  /** Method and path. */
  route: string;
  text: string;
  host: string;
}

const ROUTE = /^(GET|POST) \/v1\/messages\/batches(?:\/(msgbatch_\w+))?(?:\/(results|cancel))?$/;

const Create = z.strictObject({
  requests: z
    .array(z.strictObject({ custom_id: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/), params: z.unknown() }))
    .min(1)
    .max(100_000),
});

interface Site {
  answer: (params: unknown) => object;
  trouble: BatchTrouble;
  /** Newest first. */
  batches: Batch[];
  lost: number;
}

/** The Message Batches API in memory. Parameters of items are looked at only when the batch is worked on, as the real one does. */
export function scriptedBatches(
  answer: Site['answer'],
  trouble: BatchTrouble = {},
): (asked: BatchAsked) => BatchReply | undefined {
  const site: Site = { answer, trouble, batches: [], lost: 0 };
  return ({ route, text, host }) => {
    const [, method, id, rest] = ROUTE.exec(route) ?? [];
    if (!method) return undefined;
    if (!id) return method === 'POST' ? create(site, text) : list(site);
    const batch = found(site, id);
    if (rest === 'results') return results(site, batch);
    if (rest === 'cancel') batch.isCanceled = true;
    return retrieve(site, batch, host);
  };
}

function found({ batches }: Site, id: string): Batch {
  const batch = batches.find((one) => one.id === id);
  if (!batch) throw refusal(404, `batch: ${id}`);
  return batch;
}

function create(site: Site, text: string): BatchReply {
  const { requests } = checked(Create, parsed(text));
  if (new Set(requests.map(({ custom_id: id }) => id)).size < requests.length)
    throw refusal(400, 'requests: custom_id must be unique');
  const digest = createHash('sha256')
    .update(JSON.stringify([site.batches.length, requests]))
    .digest('hex');
  const id = `msgbatch_${digest.slice(0, 24)}`;
  const batch: Batch = { id, createdAt: new Date().toISOString(), requests, looks: 0, isCanceled: false };
  site.batches.unshift(batch);
  if (site.lost >= (site.trouble.lostCreates ?? 0)) return { body: described(batch) };
  site.lost += 1;
  return 'lost';
}

function list({ batches }: Site): BatchReply {
  const data = batches.map((batch) => described(batch));
  return { body: { data, has_more: false, first_id: null, last_id: null } };
}

function retrieve({ trouble }: Site, batch: Batch, host: string): BatchReply {
  const isEnded = batch.isCanceled || batch.looks >= (trouble.looks ?? 0);
  batch.looks += 1;
  const url = `http://${trouble.resultsHost ?? host}/v1/messages/batches/${batch.id}/results`;
  return { body: described(batch, isEnded ? url : undefined) };
}

/** Last first: nobody may count on an order. */
function results(site: Site, batch: Batch): BatchReply {
  const fates = fatesIn(site, batch);
  const known = batch.requests.filter(({ custom_id: id }) => fates[id] !== 'missing').reverse();
  const lines = known.map(({ custom_id, params }) => ({
    custom_id,
    result: result(site, params, batch.isCanceled ? 'canceled' : fates[custom_id]),
  }));
  return { body: lines.map((line) => `${JSON.stringify(line)}\n`).join('') };
}

function fatesIn({ batches, trouble }: Site, batch: Batch): Record<string, Fate> {
  const number = batches.length - batches.indexOf(batch);
  return number <= (trouble.fatal ?? Number.POSITIVE_INFINITY) ? (trouble.fates ?? {}) : {};
}

function result({ answer }: Site, params: unknown, fate?: Fate): object {
  if (fate === 'errored') return errored('overloaded_error', 'Overloaded');
  if (fate) return { type: fate };
  try {
    return { type: 'succeeded', message: answer(params) };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return errored('invalid_request_error', error.message);
  }
}

function errored(type: string, message: string): object {
  return { type: 'errored', error: { type: 'error', error: { type, message } } };
}

/** Counts stay in `processing` until the end, as they do there. */
function described({ id, createdAt, requests }: Batch, resultsUrl?: string): object {
  const none = { canceled: 0, errored: 0, expired: 0, processing: 0, succeeded: 0 };
  const isEnded = resultsUrl !== undefined;
  return {
    ...{ type: 'message_batch', id, created_at: createdAt, expires_at: createdAt, archived_at: null },
    ...{ cancel_initiated_at: null, ended_at: isEnded ? createdAt : null },
    processing_status: isEnded ? 'ended' : 'in_progress',
    request_counts: { ...none, [isEnded ? 'succeeded' : 'processing']: requests.length },
    results_url: resultsUrl ?? null,
  };
}
