import * as z from 'zod';
import { refusal } from './refusal.ts';

const Cache = z
  .strictObject({ type: z.literal('ephemeral'), ttl: z.enum(['5m', '1h']).optional() })
  .nullish();
const Text = z.strictObject({
  type: z.literal('text'),
  text: z.string(),
  cache_control: Cache,
  citations: z.array(z.unknown()).nullish(),
});
const Image = z.strictObject({
  type: z.literal('image'),
  source: z.looseObject({ type: z.string() }),
  cache_control: Cache,
});
const Document = z.strictObject({
  type: z.literal('document'),
  source: z.looseObject({ type: z.string() }),
  title: z.string().nullish(),
  context: z.string().nullish(),
  citations: z.strictObject({ enabled: z.boolean() }).nullish(),
  cache_control: Cache,
});
const SearchResult = z.strictObject({
  type: z.literal('search_result'),
  source: z.string(),
  title: z.string(),
  content: z.array(Text),
  citations: z.strictObject({ enabled: z.boolean() }).nullish(),
  cache_control: Cache,
});
const Thinking = z.strictObject({ type: z.literal('thinking'), thinking: z.string(), signature: z.string() });
const ToolUse = z.strictObject({
  type: z.literal('tool_use'),
  id: z.string().regex(/^[a-zA-Z0-9_-]+$/),
  name: z.string().min(1).max(200),
  input: z.record(z.string(), z.unknown()),
  caller: z.strictObject({ type: z.literal('direct') }).optional(),
  cache_control: Cache,
});
const ToolResult = z.strictObject({
  type: z.literal('tool_result'),
  tool_use_id: z.string(),
  content: z
    .union([z.string(), z.array(z.discriminatedUnion('type', [Text, Image, Document, SearchResult]))])
    .optional(),
  is_error: z.boolean().optional(),
  cache_control: Cache,
});

const UserBlock = z.discriminatedUnion('type', [Text, Image, Document, SearchResult, ToolResult]);

/** Blocks of the provider's own, that only go back as they came: of a paused turn, and one of a later day. */
export const FOREIGN = ['server_tool_use', 'x_unheard_of'] as const;
const Foreign = z.looseObject({ type: z.enum(FOREIGN) });
const AssistantBlock = z.discriminatedUnion('type', [Text, Thinking, ToolUse, Foreign]);
const textOr = <T extends z.ZodType>(block: T) => z.union([z.string(), z.array(block)]);
const Message = z.discriminatedUnion('role', [
  z.strictObject({ role: z.literal('user'), content: textOr(UserBlock) }),
  z.strictObject({ role: z.literal('assistant'), content: textOr(AssistantBlock) }),
  z.strictObject({ role: z.literal('system'), content: textOr(Text) }),
]);

const ToolOptions = {
  cache_control: Cache,
  strict: z.boolean().optional(),
  defer_loading: z.boolean().optional(),
};
const CustomTool = z.strictObject({
  type: z.literal('custom').nullish(),
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,128}$/),
  description: z.string().optional(),
  input_schema: z.looseObject({ type: z.literal('object') }),
  eager_input_streaming: z.boolean().nullish(),
  input_examples: z.array(z.record(z.string(), z.unknown())).optional(),
  ...ToolOptions,
});
const BashTool = z.strictObject({
  type: z.literal('bash_20250124'),
  name: z.literal('bash'),
  ...ToolOptions,
});
const EditorTool = z.strictObject({
  type: z.literal('text_editor_20250728'),
  name: z.literal('str_replace_based_edit_tool'),
  max_characters: z.int().positive().nullish(),
  ...ToolOptions,
});

const Display = { display: z.enum(['summarized', 'omitted']).nullish() };
const Binding = {
  block_binding: z.strictObject({ prefix_mismatch_behavior: z.enum(['error', 'drop_block']) }).optional(),
};
const ThinkingConfig = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('adaptive'), ...Display, ...Binding }),
  z.strictObject({ type: z.literal('between_tools') }),
  z.strictObject({ type: z.literal('disabled') }),
  z.strictObject({ type: z.literal('enabled'), budget_tokens: z.int().min(1024), ...Display, ...Binding }),
]);
const Parallel = { disable_parallel_tool_use: z.boolean().optional() };

const Shared = {
  model: z.string().min(1),
  messages: z.array(Message).min(1),
  system: textOr(Text).optional(),
  tools: z.array(z.union([CustomTool, BashTool, EditorTool])).optional(),
  tool_choice: z
    .discriminatedUnion('type', [
      z.strictObject({ type: z.literal('auto'), ...Parallel }),
      z.strictObject({ type: z.literal('any'), ...Parallel }),
      z.strictObject({ type: z.literal('tool'), name: z.string(), ...Parallel }),
      z.strictObject({ type: z.literal('none') }),
    ])
    .optional(),
  thinking: ThinkingConfig.optional(),
  output_config: z
    .strictObject({
      effort: z.enum(['low', 'medium', 'high', 'xhigh', 'max']).nullish(),
      format: z
        .strictObject({ type: z.literal('json_schema'), schema: z.record(z.string(), z.unknown()) })
        .nullish(),
      task_budget: z
        .strictObject({ type: z.literal('tokens'), total: z.int().positive(), remaining: z.int().optional() })
        .optional(),
    })
    .optional(),
  cache_control: Cache,
};

/** The body of `POST /v1/messages/count_tokens`. */
export const CountRequest = z.strictObject(Shared);

/** The body of `POST /v1/messages`, as version 2026-10-21 takes it. */
export const MessagesRequest = z.strictObject({
  ...Shared,
  max_tokens: z.int().min(0),
  stream: z.boolean().optional(),
  stop_sequences: z.array(z.string().min(1)).optional(),
  metadata: z.strictObject({ user_id: z.string().max(256).nullish() }).optional(),
  service_tier: z.enum(['auto', 'standard_only']).optional(),
  inference_geo: z.string().nullish(),
});

/** Version 2023-06-01 still takes sampling parameters. */
export const OldMessagesRequest = MessagesRequest.extend({
  temperature: z.number().min(0).max(1).optional(),
  top_p: z.number().min(0).max(1).optional(),
  top_k: z.int().min(0).optional(),
});

export type MessagesRequest = z.infer<typeof MessagesRequest>;
export type Conversation = z.infer<typeof CountRequest>;
export type Block = z.infer<typeof UserBlock> | z.infer<typeof AssistantBlock>;
export type Tool = NonNullable<Conversation['tools']>[number];

/** Throws the API's kind of 400 for what is not JSON. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw refusal(400, 'The request body is not valid JSON');
  }
}

/** What `schema` makes of a body. Throws the API's kind of 400 for the first thing that is wrong. */
export function checked<T>(schema: z.ZodType<T>, body: unknown): T {
  const { success, data, error } = schema.safeParse(body);
  if (success) return data;
  throw refusal(400, complaint(error.issues[0], []));
}

function complaint(issue: z.core.$ZodIssue | undefined, above: PropertyKey[]): string {
  if (!issue) return 'Invalid request';
  const path = [...above, ...issue.path];
  const at = (...more: PropertyKey[]) => [...path, ...more].map(String).join('.');
  if (issue.code === 'unrecognized_keys') return `${at(issue.keys[0] ?? '')}: Extra inputs are not permitted`;
  if (issue.code === 'invalid_union') return unionComplaint(issue, path);
  if (issue.code === 'invalid_type' && issue.input === undefined && /undefined/.test(issue.message))
    return `${at()}: Field required`;
  if (issue.code === 'invalid_type') return `${at()}: Input should be a valid ${issue.expected}`;
  if (issue.code === 'invalid_value')
    return `${at()}: Input should be ${issue.values.map(quoted).join(' or ')}`;
  if (issue.code === 'invalid_format') return `${at()}: String should match pattern '${issue.pattern}'`;
  return `${at()}: ${issue.message}`;
}

function unionComplaint(issue: z.core.$ZodIssueInvalidUnion, path: PropertyKey[]): string {
  const at = path.map(String).join('.');
  if (issue.discriminator) return `${at}: Input tag does not match any of the expected tags`;
  const deepest = issue.errors.map((issues) => issues[0]).sort((a, b) => depth(b) - depth(a))[0];
  return complaint(deepest, path);
}

/** Which branch of a union the sender meant: the one that failed farthest in, a missing or odd `type` counting least. */
function depth(issue: z.core.$ZodIssue | undefined): number {
  if (!issue) return -1;
  const isTag = issue.path.at(-1) === 'type' || issue.code === 'unrecognized_keys';
  return issue.path.length * 2 - (isTag ? 1 : 0);
}

function quoted(value: unknown): string {
  return `'${String(value)}'`;
}
