import * as z from 'zod';
import { capabilitiesOf } from '#core/agents/capabilities.ts';
import type { Block, Message, Tool } from '#core/agents/model.ts';
import type { RoleLimits } from '#core/agents/roles.ts';
import { jsonSchema } from '#core/agents/schema.ts';
import type { Send } from './client.ts';
import { fault } from './faults.ts';
import type { Used } from './meter.ts';
import { type Draft, requestOf } from './request.ts';
import { stopOf } from './stop.ts';
import { check } from './structured.ts';

/** Something that a route was seen to do, or not to do. */
export interface Finding {
  check: string;
  isGood: boolean;
  detail: string;
}

interface Said {
  content: Block[];
  stop: string;
  used: Used | undefined;
  answer: Awaited<ReturnType<Send>>;
}

type Say = (draft: Pick<Draft, 'messages'> & Partial<Draft>) => Promise<Said>;

const SYSTEM = "You are Signalbox's probe: do exactly what you are asked, briefly.";
const ADD: Tool = {
  name: 'add',
  description: 'Adds two whole numbers',
  schema: jsonSchema(z.object({ a: z.int(), b: z.int() })),
};
const Colour = z.object({ colour: z.enum(['red', 'green', 'blue']), shade: z.int().min(0).max(9) });
const TIMES = 10;

/** Sends a route some twenty small requests and tells what it did with them; costs cents. Only for providers' own answers: nothing of anybody's is sent. */
export async function probe(limits: RoleLimits, send: Send): Promise<Finding[]> {
  const can = capabilitiesOf(limits.provider, limits.model);
  const say = saying(limits, send);
  const wanted: [string, boolean, (say: Say) => Promise<string | undefined>][] = [
    ['calls a tool', can.tools, callsTool],
    ['calls two tools at once', can.tools, callsTwo],
    ['takes its own thinking and a result back', can.thinkingReplay, takesResult],
    ['reads what it cached', can.cache, readsCache],
    ['keeps to a schema', true, keepsToSchema],
    ['says what it used, and ends its streams', true, saysUsage],
  ];
  const findings: Finding[] = [];
  for (const [name, isClaimed, run] of wanted)
    if (isClaimed) findings.push(await found(name, () => run(say)));
  return findings;
}

async function found(name: string, run: () => Promise<string | undefined>): Promise<Finding> {
  try {
    const wrong = await run();
    return { check: name, isGood: wrong === undefined, detail: wrong ?? '' };
  } catch (error) {
    return { check: name, isGood: false, detail: (fault(error) as Error).message };
  }
}

function saying(limits: RoleLimits, send: Send): Say {
  return async (draft) => {
    let used: Used | undefined;
    const onAttempt = async () => async (one: Used) => {
      used = one;
    };
    const whole: Draft = { role: 'engineer', system: SYSTEM, maxTokens: 2_000, ...draft };
    const answer = await send(requestOf(whole, limits), { turnSeconds: 120, onAttempt });
    return { content: answer.content as unknown as Block[], stop: stopOf(answer), used, answer };
  };
}

function user(text: string): Message {
  return { role: 'user', content: [{ type: 'text', text }] };
}

const callsOf = (content: Block[]) => content.filter((block) => block.type === 'tool_use');

const ASKED = user('Call the tool add with a = 2 and b = 3, and say nothing.');

async function callsTool(say: Say): Promise<string | undefined> {
  const { content, stop } = await say({ messages: [ASKED], tools: [ADD] });
  const [call] = callsOf(content);
  if (!call) return `no call arrived; it stopped with ${stop}`;
  return JSON.stringify(call.input) === '{"a":2,"b":3}'
    ? undefined
    : `it called with ${JSON.stringify(call.input)}`;
}

async function callsTwo(say: Say): Promise<string | undefined> {
  const asked = user('Call the tool add twice in one answer: 1 + 1, and 2 + 2.');
  const calls = callsOf((await say({ messages: [asked], tools: [ADD] })).content).length;
  return calls >= 2 ? undefined : `${calls} calls arrived`;
}

async function takesResult(say: Say): Promise<string | undefined> {
  const asked = user('Use the tool add for 20 + 22, then say the sum.');
  const { content } = await say({ messages: [asked], tools: [ADD] });
  const [call] = callsOf(content);
  if (!call) return 'no call arrived';
  const unsigned = content.some((block) => block.type === 'thinking' && !block.signature);
  if (unsigned) return 'its thinking is not signed, so it cannot be sent back';
  const results = callsOf(content).map(({ id }) => ({
    type: 'tool_result' as const,
    tool_use_id: id,
    content: '42',
  }));
  const messages: Message[] = [asked, { role: 'assistant', content }, { role: 'user', content: results }];
  const last = await say({ messages, tools: [ADD] });
  return JSON.stringify(last.content).includes('42') ? undefined : `it stopped with ${last.stop} and no sum`;
}

async function readsCache(say: Say): Promise<string | undefined> {
  const system = `${SYSTEM}\n${'The quick brown fox jumps over the lazy dog. '.repeat(600)}`;
  const asked = { system, tools: [ADD], messages: [user('Say yes.')] };
  const first = await say(asked);
  const answered: Message = { role: 'assistant', content: first.content };
  const { used } = await say({ ...asked, messages: [...asked.messages, answered, user('Say yes again.')] });
  return (used?.usage.cache_read_input_tokens ?? 0) > 0
    ? undefined
    : 'the second request read nothing from the cache';
}

async function keepsToSchema(say: Say): Promise<string | undefined> {
  for (let time = 1; time <= TIMES; time++) {
    const messages = [user(`Name a colour and a shade from 0 to 9 (number ${time}).`)];
    const { answer } = await say({ messages, schema: jsonSchema(Colour) });
    const checked = check(Colour, answer);
    if ('problem' in checked) return `answer ${time} of ${TIMES}: ${checked.problem}`;
  }
  return undefined;
}

async function saysUsage(say: Say): Promise<string | undefined> {
  const { used } = await say({ messages: [user('Say yes.')] });
  if (!used?.final) return 'its stream ended without message_stop';
  const { input_tokens: input, output_tokens: output } = used.usage;
  return input > 0 && output > 0 ? undefined : `it says ${input} tokens in, ${output} out`;
}
