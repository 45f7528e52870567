import type { Middleware } from '@anthropic-ai/sdk/client';
import type { RawMessageStreamEvent } from '@anthropic-ai/sdk/resources/messages';
import type { Usage } from '#core/agents/prices.ts';

/** What one HTTP request to the provider used, as far as its answer told. */
export interface Used {
  /** The provider's own name for it. */
  requestId?: string;
  usage: Usage;
  /** Why the model stopped, if it said so. */
  stop?: string;
  /** Whether `usage` is the provider's last word on it. */
  final: boolean;
}

const NOTHING: Usage = { input_tokens: 0, output_tokens: 0 };

/** Characters per token, low on purpose: an estimate should not be less than the bill. */
const CHARACTERS_PER_TOKEN = 3;

/** Told of each attempt, by its number, before it is sent; what it answers is told, once, what the attempt used. Throwing sends nothing. */
export type OnAttempt = (number: number) => Promise<(used: Used) => Promise<void>>;

export interface Meter {
  middleware: Middleware;
  /** Waits until every attempt so far has been told of. */
  settled(): Promise<void>;
}

/** Watches each HTTP attempt of one call: retries, errors and streams that break off are all seen. `onBytes` hears of everything that arrives. */
export function meter(onAttempt: OnAttempt, onBytes: () => void): Meter {
  const streams: Promise<void>[] = [];
  const middleware: Middleware = async (request, next, context) => {
    const number = Number(request.headers.get('x-stainless-retry-count') ?? 0) + 1;
    const settle = await onAttempt(number);
    const response = await next(request).catch(async (error: unknown) => {
      await settle({ usage: NOTHING, final: false });
      throw error;
    });
    const requestId = response.headers.get('request-id') ?? undefined;
    if (!response.ok || !response.body) {
      await settle({ requestId, usage: NOTHING, final: true });
      return response;
    }
    onBytes();
    const watched = new Response(response.body.pipeThrough(listener(onBytes)), response);
    const events = await context.parse<AsyncIterable<RawMessageStreamEvent>>(watched);
    const done = read(events).then((used) => settle({ requestId, ...used }));
    done.catch(() => undefined); // told by `settled`
    streams.push(done);
    return watched;
  };
  return { middleware, settled: async () => void (await Promise.all(streams)) };
}

function listener(onBytes: () => void): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream({
    transform(chunk, controller) {
      onBytes();
      controller.enqueue(chunk);
    },
  });
}

async function read(events: AsyncIterable<RawMessageStreamEvent>): Promise<Used> {
  let usage = NOTHING;
  let stop: string | undefined;
  let characters = 0;
  try {
    for await (const event of events) {
      if (event.type === 'message_start') usage = event.message.usage as Usage;
      if (event.type === 'message_delta') {
        usage = { ...usage, ...reported(event.usage) };
        stop = event.delta.stop_reason ?? undefined;
      }
      if (event.type === 'content_block_delta') characters += JSON.stringify(event.delta).length;
      if (event.type === 'message_stop') return { usage, stop, final: true };
    }
  } catch {
    // The caller's own reading of the same stream reports why; here only what was used until then counts.
  }
  const guessed = Math.ceil(characters / CHARACTERS_PER_TOKEN);
  return { usage: { ...usage, output_tokens: Math.max(usage.output_tokens, guessed) }, stop, final: false };
}

/** The counters are cumulative, and absent ones keep their value. */
function reported(usage: object): Partial<Usage> {
  return Object.fromEntries(
    Object.entries(usage).filter(([, value]) => value !== null && value !== undefined),
  );
}
