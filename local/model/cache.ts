import { createHash } from 'node:crypto';
import { traitsOf } from './models.ts';
import type { Conversation } from './request.ts';
import { tokens } from './usage.ts';

/** A prompt as far as one of its blocks, in the order in which caching reads it: tools, system, messages. */
interface Prefix {
  tokens: number;
  hash: string;
  /** How long it is kept, in milliseconds, if a breakpoint stands here. */
  keep?: number;
}

export interface Prompt {
  fresh: number;
  read: number;
  written5m: number;
  written1h: number;
}

/** Counts a prompt's tokens and keeps what its breakpoints say. */
export type PromptCache = (request: Conversation) => Prompt;

const MINUTE = 60_000;
/** So many blocks before a breakpoint, the end of an earlier request is still found. */
const LOOKBACK = 20;

/** The provider's prompt cache: finds prefixes that are the same to the byte, forgets them after their time, and keeps none that is too short. */
export function promptCache(now: () => number = Date.now): PromptCache {
  const until = new Map<string, number>();
  return (request) => {
    for (const [hash, time] of until) if (time <= now()) until.delete(hash);
    const prefixes = prefixesOf(request);
    const marks = [...prefixes.keys()].filter((index) => prefixes[index]?.keep);
    const read = Math.max(0, ...marks.map((mark) => found(prefixes.slice(0, mark + 1), until)));
    const kept = marks.map((mark) => prefixes[mark] as Prefix).filter(isLong(request));
    for (const { hash, keep = 0 } of kept) until.set(hash, now() + keep);
    return counted(kept, read, prefixes.at(-1)?.tokens ?? 0);
  };
}

/** All tokens of a prompt. */
export function promptTokens(request: Conversation): number {
  return prefixesOf(request).at(-1)?.tokens ?? 0;
}

function isLong({ model }: Conversation): (prefix: Prefix) => boolean {
  const { minCached } = traitsOf(model);
  return ({ tokens }) => tokens >= minCached;
}

/** Tokens of the longest prefix near its end that is kept. */
function found(prefixes: readonly Prefix[], until: Map<string, number>): number {
  return prefixes.slice(-LOOKBACK - 1).findLast(({ hash }) => until.has(hash))?.tokens ?? 0;
}

function counted(kept: readonly Prefix[], read: number, all: number): Prompt {
  const prompt = { read, written5m: 0, written1h: 0 };
  let end = read;
  for (const { tokens, keep = 0 } of kept.filter((one) => one.tokens > read)) {
    prompt[keep > 5 * MINUTE ? 'written1h' : 'written5m'] += tokens - end;
    end = tokens;
  }
  return { ...prompt, fresh: all - end };
}

function prefixesOf({ model, tools = [], system = [], messages, ...rest }: Conversation): Prefix[] {
  const { thinking, tool_choice, cache_control } = rest;
  const fixed = [...tools, ...blocksOf(system)].map((block) => ({ block, of: '' }));
  const said = messages.flatMap(({ role, content }) =>
    blocksOf(content).map((block) => ({ block, of: JSON.stringify([role, thinking, tool_choice]) })),
  );
  const all = [...fixed, ...said];
  let [size, hash] = [0, model];
  return all.map(({ block, of }, index) => {
    const { cache_control: own, ...bare } = block;
    const mark = own ?? (index === all.length - 1 ? cache_control : undefined);
    size += tokens(bare);
    hash = createHash('sha256')
      .update(`${hash}${of}${JSON.stringify(bare)}`)
      .digest('hex');
    return { tokens: size, hash, ...(mark && { keep: (mark.ttl === '1h' ? 60 : 5) * MINUTE }) };
  });
}

function blocksOf(content: string | object[]): { cache_control?: { ttl?: string } | null }[] {
  return typeof content === 'string' ? [{ type: 'text', text: content } as object] : content;
}
