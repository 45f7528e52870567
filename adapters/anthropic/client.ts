import { BaseAnthropic, type Middleware } from '@anthropic-ai/sdk/client';
import { APIUserAbortError } from '@anthropic-ai/sdk/error';
import type { Message, MessageCreateParams } from '@anthropic-ai/sdk/resources/messages';
import { Messages } from '@anthropic-ai/sdk/resources/messages';
import { Fault } from '#core/fault.ts';
import { meter, type OnAttempt } from './meter.ts';
import { noLongSleep } from './retry-after.ts';
import { watchdog } from './watchdog.ts';

export interface Access {
  apiKey: string;
  /** Without `/v1`. Always given, so that no environment variable sends an organization's words elsewhere. */
  baseUrl: string;
  /** Of the API, where a provider does not know the SDK's own. */
  version?: string;
  patience?: Patience;
  /** See every HTTP attempt as it goes over the wire. */
  onWire?: Middleware[];
}

/** Milliseconds. */
export interface Patience {
  /** Until the response's headers. */
  headers: number;
  /** Between two pieces of a stream. */
  idle: number;
  /** Between two pieces that say something: pings only tell that the line is open. */
  silent: number;
}

const PATIENCE: Patience = { headers: 30_000, idle: 90_000, silent: 300_000 };

/** Retries by the SDK of a request that has not been answered yet; a stream that breaks off is the caller's to repeat. */
const RETRIES = 2;

export interface Call {
  turnSeconds: number;
  signal?: AbortSignal;
  onProgress?: () => void;
  /** Awaited before a turn that broke off is sent again, and told why; throwing ends it. */
  onRepeat?: (why: string) => Promise<void>;
  /** What it answers is awaited before the call ends, whether that answers or throws. */
  onAttempt: OnAttempt;
}

export type Send = (request: MessageCreateParams, call: Call) => Promise<Message>;

/**
 * The Messages API, always streamed. Answers only complete messages: a stream without its end throws, as does one that
 * says nothing for too long. The SDK's own timeout ends with the headers, hence the watchdogs.
 */
export function messagesClient({ apiKey, baseUrl, version, onWire = [], patience = PATIENCE }: Access): Send {
  const client = new BaseAnthropic({
    apiKey,
    baseURL: baseUrl,
    maxRetries: RETRIES,
    timeout: patience.headers,
    logLevel: 'off',
    openTelemetry: false,
    ...(version && { defaultHeaders: { 'anthropic-version': version } }),
  });
  const messages = new Messages(client);

  return async (request, { turnSeconds, signal, onProgress, onAttempt }) => {
    const idle = watchdog(patience.idle, `the model said nothing for ${patience.idle / 1_000} s`);
    const silent = watchdog(
      patience.silent,
      `the model said nothing but pings for ${patience.silent / 1_000} s`,
    );
    const turn = AbortSignal.timeout(turnSeconds * 1_000);
    const stop = AbortSignal.any([idle.signal, silent.signal, turn, ...(signal ? [signal] : [])]);
    const { middleware, settled } = meter(onAttempt, () => {
      idle.touch();
      onProgress?.();
    });
    try {
      const stream = messages.stream(request, {
        signal: stop,
        middleware: [noLongSleep, middleware, ...onWire],
      });
      stream.on('streamEvent', silent.touch); // the SDK keeps pings to itself
      return await stream.finalMessage();
    } catch (error) {
      if (error instanceof APIUserAbortError) throw stop.reason;
      // The SDK wraps what our own middleware threw.
      throw (error as Error).cause instanceof Fault ? (error as Error).cause : error;
    } finally {
      idle.stop();
      silent.stop();
      await settled();
    }
  };
}
