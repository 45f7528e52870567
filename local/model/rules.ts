import type { IncomingHttpHeaders } from 'node:http';
import { brokenThinking } from './binding.ts';
import { type Traits, traitsOf } from './models.ts';
import { refusal } from './refusal.ts';
import type { Block, Conversation, MessagesRequest } from './request.ts';
import { unsupported } from './schema-subset.ts';
import { checkToolPairs } from './tool-pairs.ts';
import { turnsOf } from './turns.ts';

export const VERSIONS = ['2023-06-01', '2026-10-21'];

/** Betas that change nothing a script could show, or that are played here. */
const BETAS = [
  'context-1m-2025-08-07',
  'extended-cache-ttl-2025-04-11',
  'interleaved-thinking-2025-05-14',
  'prompt-caching-2024-07-31',
  'structured-outputs-2025-11-13',
  'task-budgets-2026-03-13',
  'thinking-binding-controls-2026-08-01',
  'token-counting-2024-11-01',
];

/** The version asked for. Throws what the API answers to a missing key, a wrong version or an unknown beta. */
export function checkHeaders(headers: IncomingHttpHeaders, key: string): { isOld: boolean; betas: string[] } {
  const version = headers['anthropic-version'];
  if (!version) throw refusal(400, 'anthropic-version: header is required');
  if (!VERSIONS.includes(String(version)))
    throw refusal(400, `anthropic-version: "${version}" is not a valid version`);
  const isOld = version === VERSIONS[0];
  const given = isOld && headers['x-api-key'] ? headers['x-api-key'] : bearer(headers.authorization);
  if (!given) throw refusal(401, 'Authentication is required: send the API key as `Authorization: Bearer`');
  if (given !== key) throw refusal(401, 'invalid bearer token');
  const betas = String(headers['anthropic-beta'] ?? '')
    .split(',')
    .map((beta) => beta.trim())
    .filter(Boolean);
  const unknown = betas.find((beta) => !BETAS.includes(beta));
  if (unknown) throw refusal(400, `Unexpected value(s) \`${unknown}\` for the \`anthropic-beta\` header.`);
  return { isOld, betas };
}

function bearer(authorization = ''): string | undefined {
  return /^Bearer (.+)$/.exec(authorization)?.[1];
}

/** Everything the API checks beyond the shape of a conversation. Throws its kind of 400 (404 for the model). */
export function checkConversation(request: Conversation, betas: readonly string[]): void {
  const traits = traitsOf(request.model);
  checkThinking(request, traits, betas);
  checkTools(request, traits);
  checkTexts(request);
  checkToolPairs(request);
  checkCache(request);
  const last = request.messages.at(-1);
  if (last?.role === 'assistant' && !traits.takesPrefill && !isPaused(request))
    throw refusal(
      400,
      'This model does not support assistant message prefill. The conversation must end with a user message.',
    );
  const odd = request.output_config?.format && unsupported(request.output_config.format.schema);
  if (odd) throw refusal(400, `output_config.format.schema: ${odd}`);
  if (request.output_config?.task_budget && !betas.includes('task-budgets-2026-03-13'))
    throw refusal(400, 'output_config.task_budget: Extra inputs are not permitted');
}

/** A turn that ended in work of the provider's own is gone on with by sending it back. */
function isPaused(request: Conversation): boolean {
  return turnsOf(request).at(-1)?.blocks.at(-1)?.type === 'server_tool_use';
}

/** The bounds of `max_tokens`. */
export function checkOutput({ model, max_tokens, thinking, stream }: MessagesRequest): void {
  const { maxOutput } = traitsOf(model);
  if (max_tokens > maxOutput) {
    const limit = 'which is the maximum allowed number of output tokens for';
    throw refusal(400, `max_tokens: ${max_tokens} > ${maxOutput}, ${limit} ${model}`);
  }
  if (max_tokens === 0 && stream) throw refusal(400, 'max_tokens: 0 is not supported with streaming');
  if (thinking?.type === 'enabled' && thinking.budget_tokens >= max_tokens)
    throw refusal(400, '`max_tokens` must be greater than `thinking.budget_tokens`.');
}

function checkThinking(request: Conversation, traits: Traits, betas: readonly string[]): void {
  const { model, thinking } = request;
  if (traits.thinksAlways && thinking && thinking.type !== 'adaptive')
    throw refusal(400, `thinking.type: '${thinking.type}' is not supported for ${model}; use 'adaptive'`);
  if (thinking?.type === 'between_tools' && !traits.thinksBetweenTools)
    throw refusal(400, `thinking.type: 'between_tools' is not supported for ${model}`);
  const binding = thinking && 'block_binding' in thinking ? thinking.block_binding : undefined;
  if (binding && !betas.includes('thinking-binding-controls-2026-08-01'))
    throw refusal(400, 'thinking.block_binding: Extra inputs are not permitted');
  if (binding?.prefix_mismatch_behavior === 'drop_block') return;
  const broken = brokenThinking(request);
  if (broken) throw refusal(400, `${broken}: Invalid \`signature\` in \`thinking\` block`);
}

function checkTools(request: Conversation, traits: Traits): void {
  const { tools = [] } = request;
  const names = tools.map(({ name }) => name);
  if (new Set(names).size < names.length) throw refusal(400, 'tools: Tool names must be unique.');
  if (request.tool_choice) checkToolChoice(request.tool_choice, request, traits);
  for (const [index, tool] of tools.entries()) {
    const odd = tool.strict && 'input_schema' in tool && unsupported(tool.input_schema);
    if (odd) throw refusal(400, `tools.${index}.custom.input_schema: ${odd}`);
  }
}

function checkToolChoice(
  choice: NonNullable<Conversation['tool_choice']>,
  { model, tools = [], output_config }: Conversation,
  traits: Traits,
): void {
  const isForced = choice.type === 'any' || choice.type === 'tool';
  if (isForced && !traits.takesForcedTool)
    throw refusal(400, `tool_choice.type: '${choice.type}' is not supported for ${model}`);
  if (choice.type !== 'none' && tools.length === 0)
    throw refusal(400, 'tool_choice: may only be specified while providing tools');
  if (choice.type === 'tool' && !tools.some(({ name }) => name === choice.name))
    throw refusal(400, `Tool '${choice.name}' not found in provided tools`);
  if (output_config?.format && isForced)
    throw refusal(400, 'output_config.format: cannot be combined with a forced tool_choice');
}

function checkTexts(request: Conversation): void {
  for (const [index, { role, blocks }] of turnsOf(request).entries()) {
    const at = `messages.${index}`;
    if (blocks.length === 0) throw refusal(400, `${at}: content must be non-empty`);
    for (const block of blocks) if (block.type === 'text') checkText(at, role, block);
  }
  if (request.messages[0]?.role !== 'user')
    throw refusal(400, 'messages: first message must use the "user" role');
}

function checkText(at: string, role: string, { text, citations }: Extract<Block, { type: 'text' }>): void {
  if (text === '') throw refusal(400, `${at}: text content blocks must be non-empty`);
  if (!text.trim()) throw refusal(400, `${at}: text content blocks must contain non-whitespace text`);
  if (role === 'user' && citations?.length)
    throw refusal(400, `${at}: citations are not permitted on user text blocks`);
}

function checkCache({ system, tools = [], messages, cache_control }: Conversation): void {
  const places = [tools, system ?? [], messages.map(({ content }) => content), { cache_control }];
  const marks: { ttl?: string }[] = [];
  JSON.stringify(places, (key, value) => {
    if (key === 'cache_control' && value) marks.push(value);
    return value;
  });
  if (marks.length > 4)
    throw refusal(400, `A maximum of 4 blocks with cache_control may be provided. Found ${marks.length}.`);
  const short = marks.findIndex(({ ttl }) => ttl !== '1h');
  if (short >= 0 && marks.slice(short).some(({ ttl }) => ttl === '1h'))
    throw refusal(400, "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block.");
}
