import { fieldsOf } from '#core/approvals/fields.ts';
import { type Block, doesFit, plain, sections, type View } from './blocks.ts';
import type { Submission } from './interactions.ts';
import { ACTION, REASON } from './messages.ts';

/** The action of every field that changes something; its block is the field's JSON pointer. */
export const FIELD = 'field';

const MAX_INPUT = 3_000;

/** Asks why somebody declines. `metadata` comes back with the answer. */
export function declineView(metadata: string): View {
  return {
    type: 'modal',
    callback_id: ACTION.decline,
    private_metadata: metadata,
    title: plain('Decline'),
    submit: plain('Decline'),
    close: plain('Back'),
    blocks: [
      {
        type: 'input',
        block_id: REASON,
        label: plain('Why? Whoever asked will read it.'),
        element: { type: 'plain_text_input', action_id: FIELD, multiline: true, max_length: 2_000 },
      },
    ],
  };
}

/** What may be changed, each as it is now. None where nothing would survive the way through Slack: see {@link survives}. */
export function changeView(
  metadata: string,
  payload: string,
  modifiable: readonly string[],
): View | undefined {
  const fields = fieldsOf(payload, modifiable).filter(({ value }) => survives(value));
  if (fields.length === 0) return undefined;
  return {
    type: 'modal',
    callback_id: ACTION.change,
    private_metadata: metadata,
    title: plain('Change and approve'),
    submit: plain('Approve as changed'),
    close: plain('Back'),
    blocks: [...sections([WHAT]), ...fields.map(input)],
  };
}

const WHAT =
  'A change that only makes it less is your approval of the rest. Any other is asked of the others, and you do not decide on it.';

/** Slack escapes some characters and trims on some ways and not on others; a text that it could alter is changed on the page. */
function survives(value: string): boolean {
  return doesFit(value, MAX_INPUT) && !/[&<>\r]/.test(value) && value.trim() === value;
}

function input({ path, value }: { path: string; value: string }): Block {
  return {
    type: 'input',
    block_id: path,
    optional: true,
    label: plain(path.slice(1)),
    element: {
      type: 'plain_text_input',
      action_id: FIELD,
      multiline: true,
      max_length: MAX_INPUT,
      ...(value && { initial_value: value }),
    },
  };
}

/** What a member typed, by block. */
export function typedIn({ view }: Submission): Record<string, string> {
  return Object.fromEntries(
    Object.entries(view.state.values).map(([block, actions]) => [block, actions[FIELD]?.value ?? '']),
  );
}
