import { APPROVAL_ID, type Approval, Verdict } from './approval.ts';

/** What a button in a message stands for: a verdict on one payload, which is named by the start of its hash. */
export interface Button {
  approvalId: string;
  revision: number;
  hashStart: string;
  verdict: Verdict;
}

const HASH_START = 16;

/** A button's value: `v1|act_…|1|0123456789abcdef|approve`. */
export function buttonValue(
  approval: Pick<Approval, 'id' | 'revision' | 'payloadHash'>,
  verdict: Verdict,
): string {
  return ['v1', approval.id, approval.revision, hashStart(approval), verdict].join('|');
}

export function readButton(value: string): Button | undefined {
  const [, approvalId = '', revision, start = '', verdict] =
    /^v1\|([^|]+)\|([1-9]\d{0,3})\|([0-9a-f]{16})\|([a-z]+)$/.exec(value) ?? [];
  const said = Verdict.safeParse(verdict);
  if (!APPROVAL_ID.test(approvalId) || !said.success) return undefined;
  return { approvalId, revision: Number(revision), hashStart: start, verdict: said.data };
}

/** Whether the request is still the one that the button was made for. */
export function isFor(button: Button, approval: Approval): boolean {
  return button.revision === approval.revision && button.hashStart === hashStart(approval);
}

function hashStart({ payloadHash }: Pick<Approval, 'payloadHash'>): string {
  return payloadHash.slice('sha256:'.length).slice(0, HASH_START);
}
