import { refusal } from './refusal.ts';
import type { Block, Conversation } from './request.ts';
import { type Turn, turnsOf } from './turns.ts';

/** Each tool use is answered once, at the start of the next turn, and nothing is said after the answers. */
export function checkToolPairs(request: Conversation): void {
  const turns = turnsOf(request);
  const used = turns.flatMap(usesIn);
  if (new Set(used).size < used.length) throw refusal(400, 'messages: `tool_use` ids must be unique');
  const hasTools = turns.some(({ blocks }) => blocks.some(isToolBlock));
  if (hasTools && !request.tools?.length)
    throw refusal(400, 'Requests which include `tool_use` or `tool_result` blocks must define tools');
  for (const [index, turn] of turns.entries()) checkTurn(index, turn, turns[index - 1]);
  const open = turns.at(-1);
  if (open) checkAnswered(turns.length - 1, usesIn(open), []);
}

function checkTurn(index: number, turn: Turn, before: Turn | undefined): void {
  const asked = before ? usesIn(before) : [];
  const answers = turn.blocks.flatMap((block) => (block.type === 'tool_result' ? [block.tool_use_id] : []));
  const stray = answers.find((id) => !asked.includes(id));
  if (stray)
    throw refusal(
      400,
      `messages.${index}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${stray}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`,
    );
  const twice = answers.find((id, place) => answers.indexOf(id) !== place);
  if (twice)
    throw refusal(
      400,
      `messages.${index}: each tool_use must have a single result. Found multiple \`tool_result\` blocks with id: ${twice}`,
    );
  checkAnswered(index - 1, asked, answers);
  if (answers.length > 0 && turn.blocks.some(({ type }) => type !== 'tool_result'))
    throw refusal(400, `messages.${index}: nothing may stand beside \`tool_result\` blocks in a turn`);
}

function checkAnswered(index: number, asked: string[], answers: string[]): void {
  const open = asked.filter((id) => !answers.includes(id));
  if (open.length === 0) return;
  throw refusal(
    400,
    `messages.${index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${open.join(', ')}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
  );
}

function usesIn({ blocks }: Turn): string[] {
  return blocks.flatMap((block) => (block.type === 'tool_use' ? [block.id] : []));
}

function isToolBlock({ type }: Block): boolean {
  return type === 'tool_use' || type === 'tool_result';
}
