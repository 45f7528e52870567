import type { Copies, Copy } from '#adapters/dynamodb/slack-copies.ts';
import { log } from '#adapters/log.ts';
import type { SlackApp, SlackApps } from '#adapters/slack/apps.ts';
import type { Message, Slack } from '#adapters/slack/client.ts';
import { requestMessage } from '#adapters/slack/messages.ts';
import type { Approval } from '#core/approvals/approval.ts';
import type { Approvals } from '#core/approvals/ports.ts';
import { hashOf } from '#core/canonical.ts';
import { Fault, isForLater } from '#core/fault.ts';

export interface CopyNeeds {
  apps: Pick<SlackApps, 'find'>;
  connect(app: SlackApp): Slack;
  approvals: Pick<Approvals, 'find' | 'payload'>;
  copies: Copies;
  publicUrl: string;
}

/** Every copy of a request's message, as the request now is. */
export async function renewAll(
  { org, approvalId }: { org: string; approvalId: string },
  needs: CopyNeeds,
): Promise<void> {
  const copies = await needs.copies.of(org, approvalId);
  const done = await Promise.allSettled(copies.map((copy) => renew(copy, needs)));
  const failed = done.find(({ status }) => status === 'rejected');
  if (failed) throw (failed as PromiseRejectedResult).reason;
}

/** Edits a copy until it shows the request as it is: an edit that was overtaken by another is made good by whoever is last. */
export async function renew(copy: Copy, needs: CopyNeeds, shown = 0): Promise<void> {
  const { org, approvalId, revision, channel, ts } = copy;
  const approval = await needs.approvals.find(org, approvalId);
  if (!approval || approval.version === shown) return;
  const isDone = await attempt(org, needs, async (bot) =>
    bot.edit({ channel, ts }, await messageOf(approval, { revision }, needs)),
  );
  if (isDone) await renew(copy, needs, approval.version);
}

/** The message of one revision. Throws `Invalid` when what is stored is not what was asked. */
export async function messageOf(
  approval: Approval,
  { revision, opening }: { revision: number; opening?: string | undefined },
  { approvals, publicUrl }: Pick<CopyNeeds, 'approvals' | 'publicUrl'>,
): Promise<Message> {
  const { org, id, payloadHash } = approval;
  const payload = await approvals.payload(org, id, revision);
  if (!payload || (revision === approval.revision && hashOf(payload) !== payloadHash)) {
    throw new Fault('Invalid', `The stored text of ${id} does not match its fingerprint`);
  }
  return requestMessage({ approval, payload, revision, opening, url: `${publicUrl}/a/${id}` });
}

/** Answers whether it worked. What would be refused again is logged and given up; what may work later is thrown. */
export async function attempt(
  org: string,
  { apps, connect }: Pick<CopyNeeds, 'apps' | 'connect'>,
  work: (bot: Slack) => Promise<void>,
): Promise<boolean> {
  const app = await apps.find(org);
  if (!app) return false;
  try {
    await work(connect(app));
    return true;
  } catch (error) {
    if (!(error instanceof Fault) || isForLater(error)) throw error;
    log.error('Slack refused a message for good', { org, code: error.code, reason: error.message });
    return false;
  }
}
