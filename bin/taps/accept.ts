import type { Command } from 'commander';
import type { CheckRecord } from '#core/taps/check.ts';
import type { Client } from '../client.ts';
import { CommandError, EXIT, type terminal } from '../terminal.ts';
import { changesTold } from './catalogs.ts';

/** `signalbox drift accept`: what the last check saw becomes the baseline. */
export function acceptCommand(
  command: Command,
  asked: () => { api: Client; out: ReturnType<typeof terminal> },
): void {
  command
    .command('accept')
    .description('make what the last check saw the baseline, and close its ticket')
    .argument('<repository>', 'OWNER/NAME')
    .option('--check <id>', 'only if that is still the last check; "drift show" says which it is')
    .option('--reason <text>', 'why, for the history and the ticket')
    .action(async (repository: string, given: { check?: string; reason?: string }) => {
      const { api, out } = asked();
      const { reason, check = await lastOf(repository, api) } = given;
      const found = await api.ask<{ check: CheckRecord }>(`/api/drift/${repository}/accept`, {
        ...{ method: 'POST', body: { check, ...(reason !== undefined && { reason }) } },
      });
      out.result(found, () => told(found.check));
    });
}

async function lastOf(repository: string, api: Client): Promise<string> {
  const { checks } = await api.ask<{ checks: CheckRecord[] }>(`/api/drift/${repository}`);
  const [last] = checks;
  if (last) return last.check;
  throw new CommandError(
    `${repository} was never checked. Look now with: npx signalbox drift run ${repository}`,
    EXIT.notFound,
  );
}

function told({ repository, check, accepted, changes }: CheckRecord): string {
  return `${changesTold(changes)}\n\nAccepted by ${accepted?.by}: what check ${check} saw is the baseline of ${repository}.`;
}
