import * as z from 'zod';

/** What Slack's reference says about the blocks that we use: lengths, counts, and no member that is not known. */

const text = (max: number) =>
  z.strictObject({
    type: z.literal('plain_text'),
    text: z.string().min(1).max(max),
    emoji: z.boolean().optional(),
  });
const id = z.string().min(1).max(255);

const Button = z.strictObject({
  type: z.literal('button'),
  action_id: id,
  text: text(75),
  value: z.string().max(2_000).optional(),
  url: z.url().max(3_000).optional(),
  style: z.enum(['primary', 'danger']).optional(),
  confirm: z
    .strictObject({ title: text(100), text: text(300), confirm: text(30), deny: text(30) })
    .optional(),
});

const Input = z.strictObject({
  type: z.literal('plain_text_input'),
  action_id: id,
  multiline: z.boolean().optional(),
  max_length: z.int().min(1).max(3_000).optional(),
  initial_value: z.string().min(1).max(3_000).optional(),
});

const block = { block_id: id.optional() };
const Block = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('header'), text: text(150), ...block }),
  z.strictObject({ type: z.literal('section'), text: text(3_000), ...block }),
  z.strictObject({ type: z.literal('actions'), elements: z.array(Button).min(1).max(25), ...block }),
  z.strictObject({
    type: z.literal('input'),
    label: text(2_000),
    element: Input,
    optional: z.boolean().optional(),
    ...block,
  }),
]);

const Blocks = z
  .array(Block)
  .min(1)
  .max(50)
  .superRefine((blocks, context) => {
    const ids = blocks.flatMap(({ block_id: one }) => one ?? []);
    if (new Set(ids).size < ids.length) context.addIssue('block_id is not unique');
  });

const View = z.strictObject({
  type: z.literal('modal'),
  callback_id: z.string().max(255),
  private_metadata: z.string().max(3_000),
  title: text(24),
  submit: text(24),
  close: text(24),
  blocks: z.array(Block).min(1).max(100),
});

/** Where blocks are more than Slack takes in sum; it does not document this. Seen from 12,000 characters on. */
const MAX_SUM = 12_000;

interface Refused {
  error: string;
  response_metadata?: { messages: string[] };
}

/** Why Slack would refuse a message; nothing when it takes it. */
export function refuseMessage({
  text: words,
  blocks,
}: {
  text?: unknown;
  blocks?: unknown;
}): Refused | undefined {
  if (typeof words !== 'string' || words === '') return { error: 'no_text' };
  if (words.length > 40_000) return { error: 'msg_too_long' };
  if (blocks === undefined) return undefined;
  if (JSON.stringify(blocks).length > MAX_SUM) return { error: 'msg_blocks_too_long' };
  return found(Blocks.safeParse(blocks), '/blocks', 'invalid_blocks');
}

export function refuseView(view: unknown): Refused | undefined {
  return found(View.safeParse(view), '/view', 'invalid_arguments');
}

function found(result: z.ZodSafeParseResult<unknown>, root: string, error: string): Refused | undefined {
  if (result.success) return undefined;
  const messages = result.error.issues.map(
    ({ message, path }) => `[ERROR] ${message} [json-pointer:${[root, ...path].join('/')}]`,
  );
  return { error, response_metadata: { messages } };
}
