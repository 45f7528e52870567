import type {
  MessageCreateParams,
  MessageParam,
  OutputConfig,
  TextBlockParam,
  Tool as WireTool,
} from '@anthropic-ai/sdk/resources/messages';
import type { Block, Message, Tool } from '#core/agents/model.ts';
import { ROLES, type Role } from '#core/agents/roles.ts';

const HOUR = { type: 'ephemeral', ttl: '1h' } as const;
const MINUTES = { type: 'ephemeral', ttl: '5m' } as const;

export interface Draft {
  role: Role;
  system: string;
  messages: Message[];
  maxTokens: number;
  tools?: Tool[];
  /** JSON Schema that the answer must have. */
  schema?: object;
  /** Which repair of an unusable answer this asks for. */
  repair?: number;
}

/** A request as the API takes it: no sampling parameters, no forced tool, tools and system first because they never change. */
export function requestOf({ role, system, messages, maxTokens, tools, schema }: Draft): MessageCreateParams {
  const { model, effort, thinks } = ROLES[role];
  const output: OutputConfig = {
    effort,
    ...(schema && { format: { type: 'json_schema', schema: { ...schema } } }),
  };
  return {
    model,
    max_tokens: maxTokens,
    system: [{ type: 'text', text: system, ...(tools && { cache_control: HOUR }) }],
    messages: tools ? withBreakpoints(messages) : messages.map(wire),
    output_config: output,
    ...(thinks && { thinking: { type: 'adaptive' } }),
    ...(tools && { tools: tools.map(wireTool) }),
  } as MessageCreateParams;
}

function wireTool({ name, description, schema }: Tool): WireTool {
  return { name, description, input_schema: schema as WireTool.InputSchema, strict: true };
}

/** Three of the four that are allowed: system with tools, the brief, and what came last. */
function withBreakpoints(messages: Message[]): MessageParam[] {
  const last = messages.findLastIndex(({ role }) => role === 'user');
  return messages.map((message, index) =>
    message.role === 'user' && (index === 0 || index === last) ? marked(message) : wire(message),
  );
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
