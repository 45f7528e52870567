import type { Command } from 'commander';
import pc from 'picocolors';
import { messagesClient } from '#adapters/anthropic/client.ts';
import { lifecycle } from '#adapters/anthropic/lifecycle.ts';
import { type Finding, probe } from '#adapters/anthropic/probe.ts';
import { accessTo } from '#adapters/anthropic/providers.ts';
import { unfit } from '#core/agents/capabilities.ts';
import { ROLES, type Role, type RoleLimits, routeOf } from '#core/agents/roles.ts';
import { Fault } from '#core/fault.ts';
import { CommandError, EXIT, terminal } from '../terminal.ts';

const HELP = `
SIGNALBOX_MODEL_KEY is the provider's key, or {"anthropic": "…", "minimax": "…"}. Without it, only the table is checked.
Example:
  SIGNALBOX_MODEL_KEY=… npx signalbox models check --role engineer`;

interface Options {
  baseUrl: string;
  role?: string;
}

/** What was found of one role's route. */
interface Checked {
  role: string;
  route: string;
  findings: Finding[];
}

/** `signalbox models check`: whether each role's model can do its work, stays, and does at its provider what the product counts on. */
export function models(program: Command): void {
  program
    .command('models')
    .description('the models that roles work with')
    .command('check')
    .description(
      'table, retirements and a conformance probe of each route (about twenty requests, cents); ends with 1 on a finding',
    )
    .option('--base-url <url>', "where Anthropic's API is", 'https://api.anthropic.com')
    .option('--role <role>', 'only this one')
    .addHelpText('after', HELP)
    .action(async ({ baseUrl, role }: Options) => {
      const names = (Object.keys(ROLES) as Role[]).filter((name) => !role || name === role);
      if (names.length === 0)
        throw new CommandError(
          `There is no role ${role}; there are ${Object.keys(ROLES).join(', ')}`,
          EXIT.usage,
        );
      const secret = process.env.SIGNALBOX_MODEL_KEY;
      const checked: Checked[] = [];
      for (const name of names) {
        const findings = [
          ...tableFindings(ROLES[name]),
          ...(secret ? await liveFindings(ROLES[name], secret, baseUrl) : []),
        ];
        checked.push({ role: name, route: routeOf(name), findings });
      }
      terminal(program.opts().json).result({ probed: Boolean(secret), checked }, () =>
        text(checked, Boolean(secret)),
      );
      if (checked.some(({ findings }) => findings.some(({ isGood }) => !isGood)))
        process.exitCode = EXIT.failed;
    });
}

function tableFindings(role: RoleLimits): Finding[] {
  const why = unfit(role, new Date());
  return [{ check: 'can do what the role needs', isGood: why.length === 0, detail: why.join('; ') }];
}

async function liveFindings(role: RoleLimits, apiKey: string, baseUrl: string): Promise<Finding[]> {
  try {
    const access = accessTo(role.provider, { apiKey, baseUrl });
    const stays = role.provider === 'anthropic' ? await lifecycle(access, [role.model], new Date()) : [];
    return [...stays, ...(await probe(role, messagesClient(access)))];
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return [{ check: 'can be asked', isGood: false, detail: error.message }];
  }
}

function text(checked: Checked[], isProbed: boolean): string {
  const parts = checked.map(({ role, route, findings }) =>
    [`${role}: ${route}`, ...findings.map(line)].join('\n'),
  );
  return [...parts, ...(isProbed ? [] : ['Not probed: SIGNALBOX_MODEL_KEY is not set.'])].join('\n\n');
}

function line({ check, isGood, detail }: Finding): string {
  return `  ${isGood ? pc.green('ok  ') : pc.red('FAIL')}  ${check}${detail ? `: ${detail}` : ''}`;
}
