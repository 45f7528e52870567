import type { Command } from 'commander';
import type { ApprovalEntry } from '#core/approvals/view.ts';
import { decide, type Wanted } from '../approvals/decide.ts';
import { delegating } from '../approvals/delegate.ts';
import { described, read } from '../approvals/read.ts';
import { client } from '../client.ts';
import { columns, moment } from '../layout.ts';
import { terminal } from '../terminal.ts';

const HELP = `
Examples:
  npx signalbox approvals list
  npx signalbox approvals show act_0123456789ABCDEFGHJKMNPQRS
  npx signalbox approvals approve act_0123456789ABCDEFGHJKMNPQRS
  npx signalbox approvals decline act_0123456789ABCDEFGHJKMNPQRS --reason "wrong repository"
  npx signalbox approvals modify act_0123456789ABCDEFGHJKMNPQRS --set /subject="Order 4711 is late"
  npx signalbox approvals approve act_0123456789ABCDEFGHJKMNPQRS --yes --hash HASH     (in scripts)
  npx signalbox approvals delegate ben@acme.example --for 7d
High risk takes your passkey, and so the page in a browser: the command prints its address.`;

const LATEST = 25;

/** `signalbox approvals …`: what waits for people, deciding it, and who stands in for whom. */
export function approvals(program: Command): void {
  const command = program
    .command('approvals')
    .description('what waits for people: list, show, approve, decline, modify, delegate')
    .addHelpText('after', HELP);
  const asked = () => {
    const { url, json } = program.opts();
    return { api: client(url), out: terminal(json) };
  };
  command
    .command('list')
    .description('every request that waits, the most urgent first')
    .option('--settled', `the newest ${LATEST} that are over instead`)
    .option('--type <kind>', 'one kind of action only: change_code, email.send')
    .action(async ({ settled, type }: { settled?: boolean; type?: string }) => {
      const { api, out } = asked();
      const query = new URLSearchParams({
        ...(settled && { status: 'settled', limit: String(LATEST) }),
        ...(type && { type }),
      });
      const { approvals: all } = await api.ask<{ approvals: ApprovalEntry[] }>(`/api/approvals?${query}`);
      out.result(all, () => columns(all.map(settled ? over : waiting)) || 'Nothing here.');
    });
  command
    .command('show')
    .description('everything about one: what would be done exactly, why it waits, who agreed')
    .argument('<approval>', 'its id, as list shows it')
    .action(async (id: string) => {
      const { api, out } = asked();
      const approval = await read(api, id);
      out.result(approval, () => described(approval));
    });
  const deciding = (decision: Wanted['decision'], description: string) =>
    command
      .command(decision)
      .description(description)
      .argument('<approval>', 'its id, as list shows it')
      .option('--yes', 'do not ask again')
      .option('--hash <hash>', 'only if it still has this hash, so that nothing unseen is decided')
      .action((id: string, options: Omit<Wanted, 'id' | 'decision'>) =>
        decide({ id, decision, ...options }, asked()),
      );
  deciding('approve', 'show it, ask, and approve exactly that').option('--reason <words>', 'why');
  deciding('decline', 'show it, ask, and decline it').requiredOption('--reason <words>', 'why');
  deciding('modify', 'change what policy lets you; what asks for less is your approval of it')
    .requiredOption('--set <field=value>', 'a field by JSON pointer; again for another', collected)
    .option('--reason <words>', 'why');
  delegating(command, asked);
}

function collected(one: string, before: string[] = []): string[] {
  return [...before, one];
}

function waiting({ id, expiresAt, risk, mayDecide, headline }: ApprovalEntry): string[] {
  return [id, `until ${moment(expiresAt)}`, risk, mayDecide ? 'yours' : '', headline];
}

function over({ id, status, decision, decidedAt, headline }: ApprovalEntry): string[] {
  const by = decision ? `by ${decision.by}` : '';
  return [id, status.toLowerCase(), decidedAt ? moment(decidedAt) : '', by, headline];
}
