import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { type Client, client } from '../client.ts';
import { CommandError, EXIT, terminal } from '../terminal.ts';

interface Approval {
  id: string;
  status: string;
  revision: number;
  payloadHash: string;
  payload: unknown;
  expiresAt: string;
}

interface Options {
  decline?: string;
  yes: boolean;
}

/** `signalbox approve ID`: shows exactly what would be done, asks, and decides it as the person who is signed in. */
export function approve(program: Command): void {
  program
    .command('approve')
    .description('decide an approval; without --yes it shows what it is and asks')
    .argument('<approval>', 'its id, as in the mail and on the dashboard')
    .option('--decline <reason>', 'decline it, and say why')
    .option('--yes', 'do not ask again', false)
    .action(async (id: string, options: Options) => {
      const { url, json } = program.opts();
      const api = client(url);
      const out = terminal(json);
      const approval = await api.ask<Approval>(`/v1/approvals/${encodeURIComponent(id)}`);
      out.say(
        `${JSON.stringify(approval.payload, null, 2)}\n\n${approval.status}, until ${approval.expiresAt}`,
      );
      if (!options.yes) await confirmed(options);
      const decided = await decide(api, approval, options);
      out.result(decided, () => `${options.decline ? 'Declined' : 'Approved'} ${id}.`);
    });
}

function decide(
  api: Client,
  { id, revision, payloadHash }: Approval,
  { decline }: Options,
): Promise<unknown> {
  return api.ask(`/v1/approvals/${encodeURIComponent(id)}/decision`, {
    method: 'POST',
    headers: { 'idempotency-key': `cli-${id}-${revision}-${decline ? 'decline' : 'approve'}` },
    body: {
      decision: decline ? 'decline' : 'approve',
      revision,
      payload_hash: payloadHash,
      ...(decline && { reason: decline }),
    },
  });
}

async function confirmed({ decline }: Options): Promise<void> {
  if (!process.stdin.isTTY)
    throw new CommandError('Not a terminal: read it, then run again with --yes', EXIT.usage);
  const prompt = createInterface({ input: process.stdin, output: process.stdout });
  const said = await prompt.question(`${decline ? 'Decline' : 'Approve exactly this'}? [y/N] `);
  prompt.close();
  if (!/^y(es)?$/i.test(said.trim())) throw new CommandError('Nothing was decided.');
}
