import type { Command } from 'commander';
import { milliseconds } from '#core/duration.ts';
import type { delegationView } from '#core/people/delegation.ts';
import type { Client } from '../client.ts';
import { columns, moment } from '../layout.ts';
import { CommandError, EXIT, type Terminal } from '../terminal.ts';

type Delegation = ReturnType<typeof delegationView>;

/** `signalbox approvals delegate|delegations|undelegate`: who stands in for whom. */
export function delegating(command: Command, asked: () => { api: Client; out: Terminal }): void {
  command
    .command('delegate')
    .description('let somebody decide in your place for a time; high risk stays with you')
    .argument('<email>', 'who takes your place')
    .option('--for <duration>', 'how long: 8h, 7d', '7d')
    .option('--action <kind>', 'one kind of action, or all of a family: change_code, slack.*', '*')
    .option('--max-risk <risk>', 'low or medium', 'medium')
    .action(async (to: string, given: { for: string; action: string; maxRisk: string }) => {
      const { api, out } = asked();
      const until = new Date(Date.now() + lasting(given.for)).toISOString();
      const body = { to, until, action: given.action, max_risk: given.maxRisk };
      const made = await api.ask<Delegation>('/v1/delegations', { method: 'POST', body });
      out.result(
        made,
        () =>
          `${to} decides in your place until ${moment(made.ends_at)}. Take it back with: npx signalbox approvals undelegate ${made.id}`,
      );
    });
  command
    .command('delegations')
    .description('who stands in for whom now')
    .action(async () => {
      const { api, out } = asked();
      const { delegations: all } = await api.ask<{ delegations: Delegation[] }>('/api/delegations');
      out.result(
        all,
        () =>
          columns(
            all.map((one) => [one.id, `${one.from} → ${one.to}`, one.action, `until ${moment(one.ends_at)}`]),
          ) || 'Nobody stands in for anybody.',
      );
    });
  command
    .command('undelegate')
    .description('take your place back')
    .argument('<delegation>', 'its id, as delegations shows it')
    .action(async (id: string) => {
      const { api, out } = asked();
      const ended = await api.ask(`/v1/delegations/${encodeURIComponent(id)}`, { method: 'DELETE' });
      out.result(ended, () => 'Taken back.');
    });
}

function lasting(text: string): number {
  try {
    return milliseconds(text);
  } catch (error) {
    throw new CommandError((error as Error).message, EXIT.usage);
  }
}
