import * as z from 'zod';
import { capabilitiesOf } from '#core/agents/capabilities.ts';
import type { Block, Message, Tool } from '#core/agents/model.ts';
import type { Role, RoleLimits } from '#core/agents/roles.ts';
import { jsonSchema } from '#core/agents/schema.ts';
import { Fault, type FaultCode } from '#core/fault.ts';
import { brokeOff } from './faults.ts';
import type { Draft } from './request.ts';
import type { Speak, Spoken } from './speak.ts';
import { stopOf } from './stop.ts';
import { check } from './structured.ts';

/** Something that a route was seen to do, or not to do. */
export interface Finding {
  check: string;
  isGood: boolean;
  detail: string;
  /** The provider did not answer, which says nothing of the model. */
  isUnheard?: true;
}

interface Said {
  content: Block[];
  stop: string;
  answer: Spoken['answer'];
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

/** Has a role's model do some twenty small things and tells how it did; costs cents. What fails is tried once more. Nothing of anybody's is sent. */
export async function probe(role: Role, { provider, model }: RoleLimits, speak: Speak): Promise<Finding[]> {
  const can = capabilitiesOf(provider, model);
  const say = saying(role, speak);
  const wanted: [string, boolean, (say: Say) => Promise<string | undefined>][] = [
    ['calls a tool', can.tools, callsTool],
    ['calls two tools at once', can.tools, callsTwo],
    ['takes its own thinking and a result back', can.thinkingReplay, takesResult],
    ['reads what it cached', can.cache, readsCache],
    ['keeps to a schema', true, keepsToSchema],
    ['says what it used, and ends its streams', true, saysUsage],
  ];
  const findings: Finding[] = [];
  for (const [name, , run] of wanted.filter(([, isClaimed]) => isClaimed)) {
    const one = await found(name, () => run(say));
    findings.push(one);
    if (one.isUnheard) return findings;
  }
  return findings;
}

async function found(check: string, run: () => Promise<string | undefined>): Promise<Finding> {
  const wrong = (await tried(run)) && (await tried(run));
  return { check, isGood: !wrong, detail: '', ...wrong };
}

async function tried(
  run: () => Promise<string | undefined>,
): Promise<Omit<Finding, 'check' | 'isGood'> | undefined> {
  try {
    const detail = await run();
    return detail === undefined ? undefined : { detail };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const isUnheard = UNHEARD.includes(error.code) && !brokeOff(error.cause);
    return { detail: error.message, ...(isUnheard && { isUnheard }) };
  }
}

const UNHEARD: FaultCode[] = ['Unavailable', 'TooMany', 'Unauthorized', 'OverBudget'];

function saying(role: Role, speak: Speak): Say {
  return async (draft) => {
    const { answer } = await speak({ role, system: SYSTEM, maxTokens: 2_000, ...draft });
    return { content: answer.content as unknown as Block[], stop: stopOf(answer), answer };
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
  const { answer } = await say({ ...asked, messages: [...asked.messages, answered, user('Say yes again.')] });
  return (answer.usage.cache_read_input_tokens ?? 0) > 0
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
  const { answer } = await say({ messages: [user('Say yes.')] });
  const { input_tokens: input, output_tokens: output } = answer.usage;
  return input > 0 && output > 0 ? undefined : `it says ${input} tokens in, ${output} out`;
}
