import pc from 'picocolors';
import { changesOf } from '#core/approvals/fields.ts';
import { Fault } from '#core/fault.ts';
import type { Client } from '../client.ts';
import { facts } from '../layout.ts';
import { ask, canAsk } from '../prompt.ts';
import { typed } from '../session.ts';
import { CommandError, EXIT, type Terminal } from '../terminal.ts';
import { type Approval, addressOf, described, read, statusOf } from './read.ts';

/** What somebody at the command line wants decided. */
export interface Wanted {
  id: string;
  decision: 'approve' | 'decline' | 'modify';
  reason?: string;
  /** `/subject=Hello`, one for each field. */
  set?: string[];
  yes?: boolean;
  hash?: string;
}

/** Shows all of it, asks, and decides exactly what was shown, as whoever is signed in. */
export async function decide(wanted: Wanted, { api, out }: { api: Client; out: Terminal }): Promise<void> {
  const approval = await read(api, wanted.id);
  out.say(`${described(approval)}\n`);
  refuseUnlessOpen(api, approval, wanted);
  const patch = wanted.set && patchOf(approval, wanted.set);
  if (patch)
    out.say(
      `${pc.bold('Changed to')}\n${facts(Object.entries(patch).map(([path, value]) => [path, JSON.stringify(value)]))}\n`,
    );
  if (!wanted.yes) await confirmed(api, approval, { wanted, json: out.json });
  const { revision, payload_hash } = approval;
  const decided = await api.ask<Approval>(`${addressOf(wanted.id)}/decision`, {
    method: 'POST',
    body: { decision: wanted.decision, revision, payload_hash, reason: wanted.reason, patch },
  });
  out.result(decided, () => pc.bold(outcome(decided)));
}

function refuseUnlessOpen({ url }: Client, approval: Approval, { hash }: Wanted): void {
  const { action_id, payload_hash, status, ways, risk } = approval;
  if (hash !== undefined && hash !== payload_hash)
    throw new CommandError('It has changed since it had that hash: look at it again. Nothing was decided.');
  if (status !== 'PENDING')
    throw new CommandError(`There is nothing to decide: it is ${statusOf(approval)}.`);
  if (ways.includes('session')) return;
  throw new CommandError(
    `It is of ${risk} risk and takes your passkey, which only a browser can ask for. Decide it at:\n  ${url}/a/${action_id}`,
  );
}

/** New values as typed: texts as they are, anything else as JSON. */
function patchOf({ modifiable, payload }: Approval, set: readonly string[]): Record<string, unknown> {
  const given = set.map((one) => one.split(/=(.*)/s, 2) as [string, string?]);
  for (const [path, value] of given)
    if (value === undefined || !modifiable.includes(path))
      throw new CommandError(
        `${path} cannot be set. Write --set ${modifiable[0] ?? '/field'}=VALUE; policy lets you change: ${modifiable.join(', ') || 'nothing'}`,
        EXIT.usage,
      );
  try {
    return changesOf(payload as Record<string, unknown>, Object.fromEntries(given) as Record<string, string>);
  } catch (error) {
    if (error instanceof Fault) throw new CommandError(error.message, EXIT.usage);
    throw error;
  }
}

async function confirmed(
  { url }: Client,
  { payload_hash }: Approval,
  { wanted, json }: { wanted: Wanted; json: boolean },
): Promise<void> {
  if (!canAsk(json))
    throw new CommandError(
      `Nothing was decided. To decide exactly this:\n  ${typed(url, `${again(wanted)} --yes --hash ${payload_hash}`)}`,
      EXIT.usage,
    );
  const question = {
    approve: 'Approve exactly this',
    decline: 'Decline this',
    modify: 'Change it like this',
  };
  const said = await ask(`${question[wanted.decision]}? [y/N] `);
  if (!/^y(es)?$/i.test(said)) throw new CommandError('Nothing was decided.');
}

/** The same command, for a shell. */
function again({ id, decision, reason, set = [] }: Wanted): string {
  const options = [...set.map((one) => ['--set', one]), ...(reason ? [['--reason', reason]] : [])];
  const words = options.map(([name, value = '']) => `${name} '${value.replaceAll("'", "'\\''")}'`);
  return ['approvals', decision, id, ...words].join(' ');
}

function outcome(decided: Approval): string {
  const { status, votes, quorum } = decided;
  if (status !== 'PENDING') return `It is ${statusOf(decided)}.`;
  if (votes.length > 0) return `Your vote counts: ${votes.length} of ${quorum} agree.`;
  return 'Changed. It goes beyond what was asked, so the others who were asked decide on it.';
}
