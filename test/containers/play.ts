import { engage, type Work } from '#containers/agent/loop.ts';
import type { Result } from '#containers/agent/tools.ts';
import type { Ending, Entry, Line } from '#core/agents/journal.ts';
import type { Block, Message, Model, Reply, Turn } from '#core/agents/model.ts';
import { ROLES } from '#core/agents/roles.ts';
import { memoryJournal } from '../support/memory-journal.ts';

export const HANDOVER = { summary: 'Done', rootCause: '', changes: [], tests: [], risks: [] };

export type Use = [name: string, input?: object];
/** What a model says: calls, words, a whole reply, or an error instead. */
export type Said = Use[] | Partial<Reply> | Error | string;

export interface Played {
  ending: Ending;
  lines: Line[];
  turns: Turn[];
  used: string[];
}

export interface Told extends Partial<Work> {
  /** What the journal holds already, and since when. */
  before?: Entry[];
  at?: string;
  tool?: (name: string, input: unknown) => Promise<Result>;
}

let ids = 0;

export function replyOf(said: Exclude<Said, Error>): Reply {
  if (typeof said === 'string')
    return { content: [{ type: 'text', text: said }], stop: 'end_turn', nanoUsd: 10, tokens: 0 };
  if (!Array.isArray(said)) return { content: [], stop: 'end_turn', nanoUsd: 10, tokens: 0, ...said };
  const content: Block[] = said.map(([name, input = {}]) => ({
    ...{ type: 'tool_use', id: `call_${++ids}`, name, input },
  }));
  return { content, stop: 'tool_use', nanoUsd: 10, tokens: 0 };
}

/** The real loop over a journal in memory, with a model that says one thing after the other. */
export async function play(script: Said[], { before, at, tool, ...work }: Told = {}): Promise<Played> {
  const journal = memoryJournal(before, at);
  const turns: Turn[] = [];
  const used: string[] = [];
  const model = {
    converse: async (turn: Turn) => {
      turns.push({ ...turn, messages: structuredClone(turn.messages) });
      const said = script.shift();
      if (!said) throw new Error('The script is over');
      if (said instanceof Error) throw said;
      return replyOf(said);
    },
  } as Model;
  let trees = 0;
  const { ending } = await engage({
    role: ROLES.engineer,
    ...{
      model,
      journal,
      system: 'You are an engineer',
      brief: 'Mend it',
      mark: '0123',
      budget: 5_000_000_000,
    },
    useTool: async (name, input) => {
      used.push(name);
      if (name === 'finish') return { text: 'Handed over', handover: HANDOVER };
      return tool ? tool(name, input) : { text: `${name} ${used.length}` };
    },
    checkpoint: async () => ({ tree: `t${++trees}`, patch: `p${trees}` }),
    recap: async () => 'Where it stands',
    outage: 600_000,
    carried: { up: 0, down: 0 },
    steering: async () => ({}),
    onStep: async () => {},
    onStruck: async () => {},
    onProgress: () => {},
    signal: new AbortController().signal,
    ...work,
  });
  return { ending, lines: journal.all(), turns, used };
}

export function lastText(messages: readonly Message[] = []): string {
  return JSON.stringify(messages.at(-1)?.content);
}
