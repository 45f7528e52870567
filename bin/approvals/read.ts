import pc from 'picocolors';
import { claimOf, measured, whyItWaits } from '#core/approvals/request.ts';
import { summarise } from '#core/approvals/summary.ts';
import type { approvalView } from '#core/approvals/view.ts';
import { canonical, hashOf } from '#core/canonical.ts';
import type { Client } from '../client.ts';
import { facts, moment } from '../layout.ts';
import { CommandError } from '../terminal.ts';

/** An approval as the API tells it, with its payload. */
export type Approval = ReturnType<typeof approvalView>;

/** What would be done, if what is shown is what its hash is over: nobody is asked about other bytes than they see. */
export async function read(api: Client, id: string): Promise<Approval & { payload: object }> {
  const approval = await api.ask<Approval>(addressOf(id));
  const { payload, payload_hash } = approval;
  if (payload && hashOf(canonical(payload)) === payload_hash) return { ...approval, payload };
  throw new CommandError(
    'Its stored text does not match its fingerprint. Decide nothing, and tell an admin.',
  );
}

export function addressOf(id: string): string {
  return `/v1/approvals/${encodeURIComponent(id)}`;
}

/** Everything there is to know before one decides, for reading. */
export function described(approval: Approval & { payload: object }): string {
  const { headline, payload, ledger } = approval;
  const summary = summarise(approval.type, canonical(payload));
  const { facts: about, texts = [], effects } = summary;
  const claim = claimOf(approval, summary);
  return [
    pc.bold(headline),
    facts([
      ['id', approval.action_id],
      ['status', statusOf(approval)],
      ...about.map(({ name, value }): [string, string] => [name, value]),
      ['why it waits', whyItWaits(approval)],
      ['mode', approval.mode.replaceAll('_', ' ')],
      ['measured', measured(approval)[0]?.value],
      ['asked', asked(approval)],
      ['agree', votes(approval)],
      ['decide with', `${approval.ways.join(', ')}${approval.ways.includes('session') ? '' : ' alone'}`],
      ['may change', approval.modifiable.join(', ')],
      ['requested', `${moment(approval.requested_at)} by ${approval.requested_by}`],
      ['first opened', approval.first_viewed_at ? moment(approval.first_viewed_at) : 'not yet'],
      [
        'ledger',
        `${ledger.entries} ${ledger.entries === 1 ? 'entry' : 'entries'}, the last is ${ledger.head}`,
      ],
      ['settled by', ledger.settled_by && `entry ${ledger.settled_by.seq}, ${ledger.settled_by.hash}`],
      ['if approved', effects.join('\n')],
    ]),
    ...texts.map(({ name, text }) => `${pc.bold(name)}\n${text}`),
    `${pc.bold('Exactly this')}, revision ${approval.revision}, ${approval.payload_hash}`,
    JSON.stringify(payload, null, 2),
    ...(claim ? [`${pc.bold('The agent says (not verified)')}\n${claim}`] : []),
  ].join('\n');
}

/** How it stands, and who decided it when. */
export function statusOf({ status, expires_at, decided_at, decision }: Approval): string {
  const word = status.toLowerCase().replaceAll('_', ' ');
  if (status === 'PENDING') return `${word}, until ${moment(expires_at)}`;
  const by = decision ? ` by ${decision.by} (${decision.channel})` : '';
  const reason = decision?.reason ? `: ${decision.reason}` : '';
  return `${word}${by}${decided_at ? `, ${moment(decided_at)}` : ''}${reason}`;
}

function asked({ approvers, quorum }: Approval): string {
  return `${approvers.join(', ')}${quorum > 1 ? `; ${quorum} must agree` : ''}`;
}

function votes({ votes, quorum }: Approval): string {
  const cast = votes.map(({ by, channel, at }) => `${by} (${channel}), ${moment(at)}`);
  return [`${votes.length} of ${quorum}`, ...cast].join('\n');
}
