import type { Approval } from '#core/approvals/approval.ts';
import { buttonValue } from '#core/approvals/button.ts';
import { outcome } from '#core/approvals/outcome.ts';
import { claimOf, factsOf } from '#core/approvals/request.ts';
import { summarise } from '#core/approvals/summary.ts';
import { oneLine, visible } from '#core/visible.ts';
import { type Block, doesFit, escaped, fitted, LIMIT, plain, sections } from './blocks.ts';
import type { Message } from './client.ts';

/** A request as it is told to one person in Slack. */
export interface Told {
  approval: Approval;
  /** The canonical bytes of the revision that the message is about. */
  payload: string;
  /** That revision; the approval's own may be newer. */
  revision: number;
  /** Where the exact request is shown. */
  url: string;
  /** What is said first, of a reminder. */
  opening?: string | undefined;
}

export const ACTION = { approve: 'approve', change: 'change', decline: 'decline', open: 'open' };
/** The one field of the modal for declining: its block and its action. */
export const REASON = 'reason';

/** Characters that a message takes. Slack refuses long messages at a sum that it does not document: 11,000 was too much. */
const MAX_SHOWN = 7_000;
const CUT = { line: 400, lines: 12, claim: 1_500 };
const CHANGED = 'It was changed since this message; a newer message says what is to decide now';
const TOO_LONG = 'Not everything that decides fits here: open the exact request to decide.';

/** The message as it has to be now: a question with buttons while it can be decided on, and what became of it afterwards. */
export function requestMessage(told: Told): Message {
  const { approval, revision } = told;
  const isOpen = approval.status === 'PENDING';
  if (isOpen && revision !== approval.revision) return settled(told, CHANGED);
  return isOpen ? question(told) : settled(told, outcome(approval));
}

function question(told: Told): Message {
  const { approval, opening } = told;
  const { headline, lines, claim } = content(told);
  const all = [headline, ...lines, ...claim];
  const isWhole = all.every((line) => doesFit(line, LIMIT.section)) && sum(all) <= MAX_SHOWN;
  const standing = [...(approval.votes.length > 0 ? [outcome(approval)] : []), ...(opening ? [opening] : [])];
  const blocks = [
    ...heading(headline),
    ...sections([...standing.map(oneLine), ...(isWhole ? lines : cut(lines))]),
    ...(isWhole ? sections(claim) : sections([fitted(claim.join('\n'), CUT.claim)].filter(Boolean))),
    buttons(told, { headline, isWhole }),
  ];
  const text = `${opening ? 'Still waiting' : 'Decide'}: ${headline}`;
  return { text: escaped(fitted(text, LIMIT.section)), blocks };
}

function cut(lines: string[]): string[] {
  return [...lines.slice(0, CUT.lines).map((line) => fitted(line, CUT.line)), TOO_LONG];
}

function settled(told: Told, standing: string): Message {
  const { headline } = content(told);
  const said = fitted(oneLine(standing), LIMIT.section);
  const blocks = [...heading(headline), ...sections([said]), buttons(told, { headline, isWhole: false })];
  return { text: escaped(fitted(`${said}: ${headline}`, LIMIT.section)), blocks };
}

/** A headline that is too long for a header stands below it, whole. */
function heading(headline: string): Block[] {
  const header: Block = { type: 'header', text: plain(fitted(headline, LIMIT.header)) };
  return doesFit(headline, LIMIT.header)
    ? [header]
    : [header, ...sections([fitted(headline, LIMIT.section)])];
}

/**
 * What decides, made of the payload's own fields by us, each fact on a line of its own, and the payload itself: only a
 * plan's is told in full by its facts and its claim. Apart from it what an agent claims, each line marked, so that none of
 * them passes for one of ours.
 */
function content({ approval, payload }: Told) {
  const summary = summarise(approval.type, payload);
  const facts = factsOf(approval, summary).map(({ name, value }) => `${name}: ${oneLine(value)}`);
  const everything = approval.type === 'change_code' ? [] : ['Everything you approve:', ...pretty(payload)];
  const effects = summary.effects.map((effect, at) => `If approved, ${at + 1}: ${oneLine(effect)}`);
  const words = visible(claimOf(approval, summary));
  const marked = words.split('\n').map((line) => `│ ${line}`);
  const claim = words ? ['The agent says (not verified):', ...marked] : [];
  return { headline: oneLine(summary.headline), lines: [...facts, ...everything, ...effects], claim };
}

/** One field a line; ends of lines inside a text are written out. */
function pretty(payload: string): string[] {
  return visible(JSON.stringify(JSON.parse(payload), null, 1)).split('\n');
}

function sum(lines: string[]): number {
  return escaped(lines.join('\n')).length;
}

/** Slack alone decides only where the request says so, and approves only what it shows whole. */
function buttons(
  { approval, revision, url }: Told,
  { headline, isWhole }: { headline: string; isWhole: boolean },
): Block {
  const isOpen =
    approval.status === 'PENDING' && revision === approval.revision && approval.auths.includes('slack');
  const open = {
    type: 'button' as const,
    action_id: ACTION.open,
    text: plain('Open the exact request'),
    url,
  };
  const decline = {
    type: 'button' as const,
    action_id: ACTION.decline,
    text: plain('Decline…'),
    value: buttonValue(approval, 'decline'),
    style: 'danger' as const,
  };
  const approve = {
    type: 'button' as const,
    action_id: ACTION.approve,
    text: plain('Approve exactly this'),
    value: buttonValue(approval, 'approve'),
    style: 'primary' as const,
    confirm: {
      title: plain('Approve exactly this?'),
      text: plain(fitted(headline, LIMIT.confirm)),
      confirm: plain('Approve'),
      deny: plain('Not yet'),
    },
  };
  const change = {
    type: 'button' as const,
    action_id: ACTION.change,
    text: plain('Change…'),
    value: buttonValue(approval, 'approve'),
  };
  const yes = isWhole ? [approve, ...(approval.modifiable.length > 0 ? [change] : [])] : [];
  const elements = isOpen ? [...yes, decline, open] : [open];
  return { type: 'actions', block_id: 'decision', elements };
}
