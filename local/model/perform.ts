import { refusal } from './refusal.ts';
import type { Conversation } from './request.ts';
import type { Script, ScriptBlock, ScriptTurn } from './script.ts';
import { systemText, type Turn, textOf, turnsOf } from './turns.ts';

/** How the engineer is told that nobody knows what a call did. */
const INTERRUPTED = /^Interrupted by a restart/m;

export interface Performance {
  script: string;
  /** How many assistant turns came before. */
  index: number;
  turn: ScriptTurn;
  content: ScriptBlock[];
}

/** What the first fitting script says next. Throws a 400 that says why when none does. */
export function perform(scripts: readonly Script[], request: Conversation): Performance {
  const turns = turnsOf(request);
  const system = systemText(request);
  const user = textOf(turns[0]?.blocks ?? []);
  for (const script of scripts) {
    const captures = fits(script, { model: request.model, system, user });
    if (captures) return next(script, request, captures);
  }
  throw uncovered(`model ${request.model}, system prompt "${system.slice(0, 60)}"`);
}

/** What the script captures from a conversation's beginning; undefined if it is for another conversation. */
function fits(
  { match }: Script,
  { model, system, user }: { model: string; system: string; user: string },
): Record<string, string> | undefined {
  if (!new RegExp(match.model).test(model)) return undefined;
  if (!match.system.every((text) => system.includes(text))) return undefined;
  if (!match.user.every((text) => user.includes(text))) return undefined;
  const captures: Record<string, string> = {};
  for (const [name, pattern] of Object.entries(match.captures)) {
    const found = new RegExp(pattern).exec(user) ?? new RegExp(pattern).exec(system);
    if (found?.[1] === undefined) return undefined;
    captures[name] = found[1];
  }
  return captures;
}

function next({ name, turns }: Script, request: Conversation, captures: Record<string, string>): Performance {
  const said = turnsOf(request);
  const { index, isRepeat } = place(turns, said);
  const turn = turns[index];
  if (!turn) throw uncovered(`${name} has ${turns.length} turns and this is turn ${index + 1}`);
  const result = index > 0 ? textOf(said.at(-1)?.blocks ?? []) : '';
  const missing = isRepeat ? undefined : turn.expect.find((text) => !result.includes(text));
  if (missing) throw uncovered(`${name} expects "${missing}" in the result before turn ${index + 1}`);

  const fill = (value: unknown) => filled(value, { ...captures, result });
  const json =
    turn.json === undefined ? [] : [{ type: 'text', text: JSON.stringify(fill(turn.json)) } as const];
  const content = [...((fill(turn.content) as ScriptBlock[] | undefined) ?? []), ...json];
  const offered = (request.tools ?? []).map((tool) => tool.name);
  const alien = content.find((block) => block.type === 'tool_use' && !offered.includes(block.name));
  if (alien?.type === 'tool_use' && !turn.invents)
    throw uncovered(`${name} uses the tool ${alien.name}, which is not offered`);
  return { script: name, index, turn, content };
}

/** Which turn is next: the last one again, where it may be repeated and a restart interrupted it. */
function place(turns: readonly ScriptTurn[], said: readonly Turn[]): { index: number; isRepeat: boolean } {
  let index = 0;
  let isRepeat = false;
  for (const { role, blocks, messages } of said) {
    if (role === 'assistant') index += messages;
    isRepeat = role === 'user' && !!turns[index - 1]?.repeats && INTERRUPTED.test(textOf(blocks));
    if (isRepeat) index--;
  }
  return { index, isRepeat };
}

/**
 * Replaces `{{name}}` by what was captured, `{{result}}` by the last tool result, and `{{result /pattern/}}` by the
 * pattern's first group in it, in every string of `value`.
 */
function filled(value: unknown, values: Record<string, string>): unknown {
  if (typeof value === 'string')
    return value.replaceAll(/\{\{(\w+)(?: \/(.+?)\/)?\}\}/g, (_, ...parts) => one(parts));
  if (Array.isArray(value)) return value.map((item) => filled(item, values));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, filled(item, values)]));

  function one([name, pattern]: string[]): string {
    const text = values[name ?? ''];
    if (text === undefined) throw uncovered(`nothing was captured as ${name}`);
    if (!pattern) return text;
    const found = new RegExp(pattern).exec(text)?.[1];
    if (found === undefined) throw uncovered(`there is nothing like /${pattern}/ in the last tool result`);
    return found;
  }
}

function uncovered(why: string) {
  return refusal(400, `No script covers this conversation: ${why}`);
}
