import type {
  MessageCreateParams,
  MessageParam,
  OutputConfig,
  TextBlockParam,
  Tool as WireTool,
} from '@anthropic-ai/sdk/resources/messages';
import { type Capabilities, capabilitiesOf } from '#core/agents/capabilities.ts';
import type { Block, Message, Tool } from '#core/agents/model.ts';
import type { Effort, Role, RoleLimits } from '#core/agents/roles.ts';

const HOUR = { type: 'ephemeral', ttl: '1h' } as const;
const MINUTES = { type: 'ephemeral', ttl: '5m' } as const;

export interface Draft {
  role: Role;
  system: string;
  messages: Message[];
  maxTokens: number;
  tools?: Tool[];
  /** In place of the role's. */
  effort?: Effort;
  /** JSON Schema that the answer must have. */
  schema?: object;
  /** Which repair of an unusable answer this asks for. */
  repair?: number;
}

/** A request as the role's provider takes it: no sampling parameters, no forced tool, tools and system first because they never change. */
export function requestOf(
  { system, messages, maxTokens, tools, schema, effort: wanted }: Draft,
  { provider, model, effort, thinks }: RoleLimits,
): MessageCreateParams {
  const can = capabilitiesOf(provider, model);
  const output: OutputConfig = {
    ...(can.adaptiveThinking && { effort: wanted ?? effort }),
    ...(schema && can.strictSchema && { format: { type: 'json_schema', schema: { ...schema } } }),
  };
  const words = schema && !can.strictSchema ? `${system}\n\n${inWords(schema)}` : system;
  return {
    model,
    max_tokens: maxTokens,
    system: [
      {
        type: 'text',
        text: words,
        ...(tools && can.cache && { cache_control: can.hourCache ? HOUR : MINUTES }),
      },
    ],
    messages:
      tools && can.cache ? withBreakpoints(replayed(messages, can)) : replayed(messages, can).map(wire),
    ...(Object.keys(output).length > 0 && { output_config: output }),
    ...(thinks && can.adaptiveThinking && { thinking: { type: 'adaptive' } }),
    ...(tools && { tools: tools.map((tool) => wireTool(tool, can)) }),
  } as MessageCreateParams;
}

/** For models whose provider does not enforce a schema: it is asked for, and checked afterwards. */
function inWords(schema: object): string {
  return `Answer with one JSON value of this JSON Schema, and nothing before or after it:\n${JSON.stringify(schema)}`;
}

function wireTool({ name, description, schema }: Tool, { strictSchema }: Capabilities): WireTool {
  return {
    ...{ name, description, input_schema: schema as WireTool.InputSchema },
    ...(strictSchema && { strict: true }),
  };
}

/** Thinking that its provider cannot read again would be refused, or worse, believed. */
function replayed(messages: Message[], { thinkingReplay }: Capabilities): Message[] {
  if (thinkingReplay) return messages;
  return messages.map(({ role, content }) => ({
    role,
    content: content.filter(({ type }) => type !== 'thinking' && type !== 'redacted_thinking'),
  }));
}

/**
 * All four that are allowed: system with tools, the brief, what came last, and what came last before that. The provider
 * looks only some blocks back from a breakpoint for what it has, and calls side by side are many blocks.
 */
function withBreakpoints(messages: Message[]): MessageParam[] {
  const asked = [...messages.keys()].filter((index) => messages[index]?.role === 'user');
  const marks = [0, ...asked.slice(-2)];
  return messages.map((message, index) => (marks.includes(index) ? marked(message) : wire(message)));
}

function marked({ role, content }: Message): MessageParam {
  const blocks = content.map((block, index) =>
    index === content.length - 1 ? { ...block, cache_control: MINUTES } : block,
  );
  return wire({ role, content: blocks as Block[] });
}

function wire({ role, content }: Message): MessageParam {
  return { role, content: content as unknown as TextBlockParam[] };
}
