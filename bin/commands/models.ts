import type { Command } from 'commander';
import pc from 'picocolors';
import { lifecycle } from '#adapters/anthropic/lifecycle.ts';
import type { Finding } from '#adapters/anthropic/probe.ts';
import { accessTo } from '#adapters/anthropic/providers.ts';
import { unfit } from '#core/agents/capabilities.ts';
import { ROLES, type Role, type RoleLimits, routeOf } from '#core/agents/roles.ts';
import type { RouteState } from '#core/agents/routes.ts';
import { Fault } from '#core/fault.ts';
import { client } from '../client.ts';
import { moment } from '../layout.ts';
import { probed, rolesNamed } from '../probing.ts';
import { CommandError, EXIT, terminal } from '../terminal.ts';
import { recordModels } from './record-models.ts';

const HELP = `
SIGNALBOX_MODEL_KEY is the provider's key, or {"anthropic": "…", "minimax": "…"}. Without it, only the table is checked.
Example:
  SIGNALBOX_MODEL_KEY=… npx signalbox models check --role engineer`;

interface Options {
  baseUrl: string;
  role?: string;
}

/** What was found of one role's route, now and by the product's own last look. */
interface Checked {
  role: string;
  route: string;
  findings: Finding[];
  state?: RouteState | undefined;
}

/** `signalbox models check`: whether each role's model can do its work, stays, and does at its provider what the product counts on. */
export function models(program: Command): void {
  const command = program.command('models').description('the models that roles work with');
  recordModels(command, () => program.opts().json);
  command
    .command('check')
    .description(
      'table, retirements and a conformance probe of each route (about twenty requests, cents); ends with 1 on a finding',
    )
    .option('--base-url <url>', "where Anthropic's API is", 'https://api.anthropic.com')
    .option('--role <role>', 'only this one')
    .addHelpText('after', HELP)
    .action(async ({ baseUrl, role }: Options) => {
      const secret = process.env.SIGNALBOX_MODEL_KEY;
      const states = await statesAt(program.opts().url);
      const looks = typeof states === 'string' ? [] : states;
      const unasked = typeof states === 'string' ? { unasked: states } : {};
      const checked: Checked[] = [];
      for (const name of rolesNamed(role)) {
        const findings = [
          ...tableFindings(ROLES[name]),
          ...(secret ? await liveFindings(name, secret, baseUrl) : []),
        ];
        const route = routeOf(name);
        const state = looks.find((one) => one.route === route);
        checked.push({ role: name, route, findings, ...(state && { state }) });
      }
      terminal(program.opts().json).result({ probed: Boolean(secret), ...unasked, checked }, () =>
        [text(checked, Boolean(secret)), notes(unasked)].filter(Boolean).join('\n'),
      );
      const isBad = ({ findings, state }: Checked) =>
        state?.isOpen === false || findings.some(({ isGood }) => !isGood);
      if (checked.some(isBad)) process.exitCode = EXIT.failed;
    });
}

function tableFindings(role: RoleLimits): Finding[] {
  const why = unfit(role, new Date());
  return [{ check: 'can do what the role needs', isGood: why.length === 0, detail: why.join('; ') }];
}

async function liveFindings(name: Role, apiKey: string, baseUrl: string): Promise<Finding[]> {
  const role = ROLES[name];
  try {
    const access = accessTo(role.provider, { apiKey, baseUrl });
    const stays = role.provider === 'anthropic' ? await lifecycle(access, [role.model], new Date()) : [];
    return [...stays, ...(await probed(name, { apiKey, baseUrl }))];
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return [{ check: 'can be asked', isGood: false, detail: error.message }];
  }
}

function notes({ unasked }: { unasked?: string }): string {
  return unasked ? `What the product found at night is not shown: ${unasked}` : '';
}

function text(checked: Checked[], isProbed: boolean): string {
  const parts = checked.map(({ role, route, findings, state }) =>
    [`${role}: ${route}`, ...findings.map(line), ...(state ? [line(asFinding(state))] : [])].join('\n'),
  );
  return [...parts, ...(isProbed ? [] : ['Not probed: SIGNALBOX_MODEL_KEY is not set.'])].join('\n\n');
}

/** What the product found on its nightly look, or why it cannot be asked. */
async function statesAt(url: string): Promise<RouteState[] | string> {
  try {
    return (await client(url).ask<{ routes: RouteState[] }>('/api/models')).routes;
  } catch (error) {
    if (error instanceof CommandError) return error.message;
    throw error;
  }
}

function asFinding({ isOpen, since, why, checkedAt }: RouteState): Finding {
  const detail = isOpen ? `looked at ${moment(checkedAt)}` : `since ${moment(since)}: ${why.join('; ')}`;
  return { check: isOpen ? 'is open' : 'is closed', isGood: isOpen, detail };
}

function line({ check, isGood, detail }: Finding): string {
  return `  ${isGood ? pc.green('ok  ') : pc.red('FAIL')}  ${check}${detail ? `: ${detail}` : ''}`;
}
