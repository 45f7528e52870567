import { randomUUID } from 'node:crypto';
import type { Message as Answer } from '@anthropic-ai/sdk/resources/messages';
import { type CacheWatch, cacheWatch } from '#core/agents/cache-watch.ts';
import type { Provider } from '#core/agents/capabilities.ts';
import { affordable, requestTokens, type Tariff, worstCase } from '#core/agents/prices.ts';
import type { Role, RoleLimits } from '#core/agents/roles.ts';
import { type Routes, refuseClosed } from '#core/agents/routes.ts';
import type { Claim, Purse } from '#core/agents/spend.ts';
import { metricsOfCost } from '#core/agents/spend-metrics.ts';
import { Fault } from '#core/fault.ts';
import { dollars } from '#core/money.ts';
import type { Clock } from '#core/ports.ts';
import { emit } from '../emf.ts';
import { type Book, booking } from './booking.ts';
import type { Call, Send } from './client.ts';
import { brokeOff, fault } from './faults.ts';
import type { OnAttempt } from './meter.ts';
import { outcomeOf } from './outcome.ts';
import { type Draft, requestOf } from './request.ts';

export interface Speaking {
  send: (provider: Provider) => Send;
  roles: Record<Role, RoleLimits>;
  clock: Clock;
  purse: Purse;
  /** Which of them are closed; none unless given. */
  routes?: Pick<Routes, 'find'> | undefined;
  /** Where figures go. */
  measure?: typeof emit;
}

export interface Spoken {
  answer: Answer;
  /** What all its attempts cost, and the rows that say so. */
  nanoUsd: number;
  paid: string[];
  /** Once that is in the ledger. */
  booked: Promise<void>;
}

export type Speak = (draft: Draft, call?: Partial<Call>) => Promise<Spoken>;

/** A draft and how many tokens its prompt is taken for. */
type Sized = Draft & { prompt: number };

/** Times that a turn is sent again after its stream broke off or stalled, or after others took the money it counted on. */
const REPEATS = 2;

/** Below this an answer is not worth its prompt. */
const USEFUL_TOKENS = 500;

/**
 * One answer, paid for: every attempt is reserved before it is sent, no longer than the money lasts, and settled beside
 * what follows. What is left is looked at only once a reservation was refused: most of the time there is enough.
 */
export function speaking({ send, roles, clock, purse, routes, measure = emit }: Speaking): Speak {
  const watch = cacheWatch();
  const refuse = refusing(routes);
  return async (draft, call) => {
    const limits = roles[draft.role];
    const { provider, model, turnSeconds } = limits;
    await refuse(`${provider}/${model}`);
    const whole = { ...draft, prompt: promptTokens(draft) };
    const book = booking(purse);
    let isShort = false;
    for (let repeat = 0; ; ) {
      const allowed = isShort ? await clamped(whole, purse, { model, at: clock.now() }) : whole;
      const onAttempt = attempting(allowed, { limits, clock, purse, watch, measure, book });
      const request = requestOf(allowed, limits);
      const answer = await send(provider)(request, { turnSeconds, ...call, onAttempt }).catch(
        async (error) => {
          await book.done();
          const isRefused = error instanceof Fault && error.code === 'OverBudget';
          const wasShort = isShort;
          isShort ||= isRefused;
          if (isShort && !wasShort) return;
          if (repeat++ === REPEATS || !(isRefused || brokeOff(error))) throw fault(error);
          await call?.onRepeat?.((error as Error).message);
        },
      );
      if (!answer) continue;
      await refuseUnpriced(book, model);
      const nanoUsd = book.rows.reduce((sum, one) => sum + one.nanoUsd, 0);
      return { answer, nanoUsd, paid: book.rows.map(({ id }) => id), booked: book.done() };
    }
  };
}

/** Looks at each route once: a conversation stays with the one that it began with. */
function refusing(routes: Speaking['routes']): (route: string) => Promise<void> {
  const open = new Set<string>();
  return async (route) => {
    if (!routes || open.has(route)) return;
    refuseClosed(await routes.find(route));
    open.add(route);
  };
}

/** What is charged without a known price would go on being charged. */
async function refuseUnpriced({ rows, done }: Book, model: string): Promise<void> {
  if (rows.every(({ status }) => status !== 'unpriced')) return;
  await done();
  throw new Fault(
    'OverBudget',
    `${model} answered with a surcharge whose price is not known; it is charged at what was set aside`,
  );
}

/** The same with as many tokens as its dearest outcome leaves within every cap. */
async function clamped(draft: Sized, purse: Purse, tariff: Tariff): Promise<Sized> {
  const { nanoUsd, of } = await purse.left(tariff.at);
  const maxTokens = Math.min(draft.maxTokens, affordable(nanoUsd, draft.prompt, tariff));
  if (maxTokens >= Math.min(USEFUL_TOKENS, draft.maxTokens)) return { ...draft, maxTokens };
  throw new Fault(
    'OverBudget',
    `The budget is used up: ${dollars(Math.max(0, nanoUsd))} are left of what a ${of} may cost, which is not enough for another step`,
  );
}

function promptTokens({ system, tools, messages, schema }: Draft): number {
  return requestTokens({ system, tools, messages, schema });
}

interface Attempting extends Pick<Speaking, 'clock' | 'purse'> {
  limits: RoleLimits;
  watch: CacheWatch;
  measure: typeof emit;
  book: Book;
}

function attempting(draft: Sized, { limits, clock, purse, watch, measure, book }: Attempting): OnAttempt {
  const { provider, model } = limits;
  return async (number) => {
    const at = clock.now();
    const nanoUsd = worstCase(draft.prompt, draft.maxTokens, { model, at });
    const claim: Claim = {
      id: `${randomUUID()}#${number}`,
      ...{ at: at.toISOString(), role: draft.role, provider, model, attempt: number, nanoUsd },
      ...(draft.repair && { repair: draft.repair }),
    };
    await book.done(); // else what an attempt before this one did not use would still be set aside
    await purse.reserve(claim);
    return async (used) => {
      const told = outcomeOf(used, { claim, tariff: { model, at } });
      const { cacheReadTokens: read, cacheWriteTokens: written } = told;
      const missed = draft.tools && used.stop ? watch(draft.messages, { at, read, written }) : 0;
      const outcome = { ...told, ...(missed > 0 && { cacheMissedTokens: missed }) };
      book.settle(claim, outcome, () =>
        measure(metricsOfCost({ ...claim, ...outcome }), { model, provider }, clock.now()),
      );
    };
  };
}
