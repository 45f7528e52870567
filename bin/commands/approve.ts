import type { Command } from 'commander';
import pc from 'picocolors';
import type { PlanPayload } from '#core/approvals/plan.ts';
import type { approvalView } from '#core/approvals/view.ts';
import { type Client, client } from '../client.ts';
import { facts, moment } from '../layout.ts';
import { ask, canAsk } from '../prompt.ts';
import { typed } from '../session.ts';
import { CommandError, EXIT, money, terminal } from '../terminal.ts';

type Approval = ReturnType<typeof approvalView>;

interface Options {
  decline?: string;
  hash?: string;
  yes: boolean;
}

const HELP = `
Examples:
  npx signalbox approve act_0123456789ABCDEFGHJKMNPQRS
  npx signalbox approve act_0123456789ABCDEFGHJKMNPQRS --decline "wrong repository"
  npx signalbox approve act_0123456789ABCDEFGHJKMNPQRS --yes --hash HASH     (in scripts)`;

/** `signalbox approve ID`: shows exactly what would be done, asks, and decides it as the person who is signed in. */
export function approve(program: Command): void {
  program
    .command('approve')
    .description('decide an approval; without --yes it shows what it is and asks')
    .argument('<approval>', 'its id, as status shows it')
    .option('--decline <reason>', 'decline it, and say why')
    .option('--yes', 'do not ask again')
    .option('--hash <hash>', 'decide only if it still has this hash, so that nothing unseen is decided')
    .addHelpText('after', HELP)
    .action(async (id: string, options: Options) => {
      const { url, json } = program.opts();
      const api = client(url);
      const out = terminal(json);
      const approval = await api.ask<Approval>(`/v1/approvals/${encodeURIComponent(id)}`);
      out.say(described(approval));
      refuseUnlessOpen(approval, options);
      if (!options.yes) await confirmed(api, approval, { options, json });
      const decided = await decide(api, approval, options);
      out.result(decided, () => pc.bold(`${options.decline ? 'Declined' : 'Approved'}.`));
    });
}

function decide(
  api: Client,
  { action_id: id, revision, payload_hash }: Approval,
  { decline }: Options,
): Promise<Approval> {
  return api.ask(`/v1/approvals/${encodeURIComponent(id)}/decision`, {
    method: 'POST',
    body: {
      decision: decline ? 'decline' : 'approve',
      revision,
      payload_hash,
      ...(decline && { reason: decline }),
    },
  });
}

function refuseUnlessOpen({ status, decision, payload_hash }: Approval, { hash }: Options): void {
  if (hash !== undefined && hash !== payload_hash)
    throw new CommandError('It has changed since it had that hash: look at it again. Nothing was decided.');
  if (status === 'PENDING') return;
  const by = decision ? ` by ${decision.by}${decision.at ? `, ${moment(decision.at)}` : ''}` : '';
  throw new CommandError(`There is nothing to decide: it is ${status.toLowerCase()} already${by}.`);
}

async function confirmed(
  { url }: Client,
  { action_id: id, payload_hash }: Approval,
  { options: { decline }, json }: { options: Options; json: boolean },
): Promise<void> {
  const words = `approve ${id}${decline ? ` --decline '${decline.replaceAll("'", "'\\''")}'` : ''} --yes --hash ${payload_hash}`;
  if (!canAsk(json))
    throw new CommandError(
      `Nothing was decided. To decide exactly this:\n  ${typed(url, words)}`,
      EXIT.usage,
    );
  const said = await ask(`${decline ? 'Decline this' : 'Approve exactly this'}? [y/N] `);
  if (!/^y(es)?$/i.test(said)) throw new CommandError('Nothing was decided.');
}

/** Everything that is decided about, for reading; the hash stands for its bytes. */
function described(approval: Approval): string {
  const { headline, action_id, status, expires_at, approvers, payload, payload_hash, revision } = approval;
  const frame = facts([
    ['id', action_id],
    ['status', `${status.toLowerCase()}, until ${moment(expires_at)}`],
    ['asked', approvers.join(', ')],
    ['hash', `${payload_hash} (revision ${revision})`],
  ]);
  return `${pc.bold(headline)}\n${frame}${payload ? `\n${exactly(payload)}` : ''}\n`;
}

function exactly(payload: { type?: string }): string {
  return payload.type === 'change_code' ? plan(payload as PlanPayload) : JSON.stringify(payload, null, 2);
}

function plan({ ticket, repository, diagnosis, cost }: PlanPayload): string {
  const { rootCause, confidence, summary, evidence, files } = diagnosis;
  const steps = diagnosis.plan.map((step, index) => `${index + 1}. ${step}`).join('\n');
  const shown = evidence.map(({ id, what, excerpt }) => `${id}: ${what}\n${pc.dim(excerpt)}`).join('\n\n');
  return facts([
    [
      'ticket',
      `${ticket.externalId} (${ticket.source}, ${ticket.type}, ${ticket.priority}) by ${ticket.reporter}`,
    ],
    ['', ticket.url],
    ['title', ticket.title],
    ['text', ticket.body],
    ['repository', `${repository.fullName}, from ${repository.base}`],
    ['cause', `${rootCause.replaceAll('_', ' ')} (${Math.round(confidence * 100)} %): ${summary}`],
    ['evidence', shown],
    ['plan', steps],
    ['files', files.join('\n')],
    ['cost', `${money(cost.spentNanoUsd)} so far, ${money(cost.budgetNanoUsd)} at most`],
  ]);
}
