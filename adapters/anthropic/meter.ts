import { randomUUID } from 'node:crypto';
import type { Middleware } from '@anthropic-ai/sdk/client';
import type { RawMessageStreamEvent } from '@anthropic-ai/sdk/resources/messages';
import type { Usage } from '#core/agents/prices.ts';

/** One HTTP request to the provider, and what it used as far as its answer told. */
export interface Attempt {
  id: string;
  number: number;
  usage: Usage;
  /** Whether `usage` is the provider's last word on it. */
  final: boolean;
}

const NOTHING: Usage = { input_tokens: 0, output_tokens: 0 };

/** Characters per token, low on purpose: an estimate should not be less than the bill. */
const CHARACTERS_PER_TOKEN = 3;

export interface Meter {
  middleware: Middleware;
  /** Every attempt so far, each once it has ended. */
  attempts(): Promise<Attempt[]>;
}

/** Watches each HTTP attempt of one call: retries, errors and streams that break off are all seen. `onBytes` hears of everything that arrives. */
export function meter(onBytes: () => void): Meter {
  const seen: Promise<Attempt>[] = [];
  const middleware: Middleware = async (request, next, context) => {
    const number = Number(request.headers.get('x-stainless-retry-count') ?? 0) + 1;
    const response = await next(request).catch((error: unknown) => {
      seen.push(Promise.resolve({ id: randomUUID(), number, usage: NOTHING, final: false }));
      throw error;
    });
    const id = response.headers.get('request-id') ?? randomUUID();
    if (!response.ok || !response.body) {
      seen.push(Promise.resolve({ id, number, usage: NOTHING, final: true }));
      return response;
    }
    onBytes();
    const watched = new Response(response.body.pipeThrough(listener(onBytes)), response);
    const events = await context.parse<AsyncIterable<RawMessageStreamEvent>>(watched);
    seen.push(read(events).then((used) => ({ id, number, ...used })));
    return watched;
  };
  return { middleware, attempts: () => Promise.all(seen) };
}

function listener(onBytes: () => void): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream({
    transform(chunk, controller) {
      onBytes();
      controller.enqueue(chunk);
    },
  });
}

async function read(events: AsyncIterable<RawMessageStreamEvent>): Promise<Pick<Attempt, 'usage' | 'final'>> {
  let usage = NOTHING;
  let characters = 0;
  try {
    for await (const event of events) {
      if (event.type === 'message_start') usage = event.message.usage;
      if (event.type === 'message_delta') usage = { ...usage, ...reported(event.usage) };
      if (event.type === 'content_block_delta') characters += JSON.stringify(event.delta).length;
      if (event.type === 'message_stop') return { usage, final: true };
    }
  } catch {
    // The caller's own reading of the same stream reports why; here only what was used until then counts.
  }
  const guessed = Math.ceil(characters / CHARACTERS_PER_TOKEN);
  return { usage: { ...usage, output_tokens: Math.max(usage.output_tokens, guessed) }, final: false };
}

/** The counters are cumulative, and absent ones keep their value. */
function reported(usage: object): Partial<Usage> {
  return Object.fromEntries(
    Object.entries(usage).filter(([, value]) => value !== null && value !== undefined),
  );
}
