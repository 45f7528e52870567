import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import pc from 'picocolors';
import type { IntegrationEntry } from '#core/projects/health.ts';
import type { Integration, RegisterIntegration } from '#core/projects/integration.ts';
import { client } from '../client.ts';
import { columns, facts, moment } from '../layout.ts';
import { configIn, fileCredentials } from '../taps/credentials.ts';
import { inventoryAt } from '../taps/source.ts';
import { terminal, tone } from '../terminal.ts';

interface Options extends Pick<RegisterIntegration, 'project' | 'package' | 'tenant' | 'kind' | 'branch'> {
  schedule: string;
  credentials?: string;
  discovery: string;
  source?: string;
  approver: string[];
}

const HELP = `
Credentials are named with add, and given with credentials put: a file, or standard input, never an argument.
--discovery auto, with --source, reads from the code whether the catalog is written down (static), asked from the API (dynamic) or
made from sample records (inferred).
Example:
  npx signalbox integrations add https://github.com/acme/tap-shop.git --project shop --package tap-shop --tenant acme \\
    --credentials shop --source ../tap-shop --approver paula@acme.example
  npx signalbox integrations credentials put acme/tap-shop --file config.json`;

const many = (value: string, before: string[]) => [...before, value];

/** `signalbox integrations list|show|add|remove|credentials`: what is run and checked, for whom, and how it fares. */
export function integrations(program: Command): void {
  const command = program
    .command('integrations')
    .description('what is run and checked: list, show, add, remove, credentials');
  const asked: Asked = () => {
    const { url, json } = program.opts();
    return { api: client(url), out: terminal(json) };
  };
  command
    .command('list')
    .description('every integration with its health')
    .action(async () => {
      const { api, out } = asked();
      const { integrations: found } = await api.ask<{ integrations: IntegrationEntry[] }>(
        '/api/integrations',
      );
      out.result(found, () => (found.length > 0 ? table(found) : NONE));
    });
  command
    .command('show')
    .description('one integration, and why its catalog counts as it does')
    .argument('<repository>', 'OWNER/NAME')
    .action(async (repository: string) => {
      const { api, out } = asked();
      const { integration } = await api.ask<{ integration: IntegrationEntry }>(addressOf(repository));
      out.result(integration, () => text(integration));
    });
  adding(command, asked);
  command
    .command('remove')
    .description('forget what it is run with, and check it no more; its repository stays in its project')
    .argument('<repository>', 'OWNER/NAME')
    .action(async (repository: string) => {
      const { api, out } = asked();
      const said = await api.ask<object>(addressOf(repository), { method: 'DELETE' });
      out.result(said, () => `${repository} is registered no more. Its repository stays in its project.`);
    });
  credentials(command, asked);
}

type Asked = () => { api: ReturnType<typeof client>; out: ReturnType<typeof terminal> };

function credentials(command: Command, asked: Asked): void {
  command
    .command('credentials')
    .description('the config, with its secrets, that an integration is run with')
    .command('put')
    .description('keep it where the integration says; nobody is shown it again')
    .argument('<repository>', 'OWNER/NAME')
    .requiredOption('--file <path>', 'its config as JSON; - is standard input')
    .action(async (repository: string, { file }: { file: string }) => {
      const { api, out } = asked();
      const text = file === '-' ? readFileSync(0, 'utf8') : (await fileCredentials(file).read()).text;
      const body = configIn(text, file);
      const kept = await api.ask<Kept>(`${addressOf(repository)}/credentials`, { method: 'PUT', body });
      out.result(kept, () => `Kept as ${kept.secret}: ${kept.settings.join(', ')}`);
    });
}

interface Kept {
  secret: string;
  /** Their names. */
  settings: string[];
}

function adding(command: Command, asked: Asked): void {
  command
    .command('add')
    .description('register an integration, or change it')
    .argument('<clone-url>', 'https://HOST/OWNER/NAME.git')
    .requiredOption('--project <id>', 'the project that it belongs to; made if it is not there')
    .requiredOption('--package <name>', 'the Python package')
    .requiredOption('--tenant <name>', 'whose data it moves')
    .option('--kind <kind>', 'tap, target or etl', 'tap')
    .option('--schedule <when>', 'daily, weekly or manual', 'weekly')
    .option(
      '--credentials <name>',
      "of the tenant's secret that holds them: signalbox integrations credentials put",
    )
    .option('--discovery <kind>', 'auto, static, dynamic or inferred', 'auto')
    .option('--source <path>', 'its code on this machine, for --discovery auto')
    .option('--branch <branch>', 'default branch', 'main')
    .option('--approver <email>', 'who decides about its plans; may be given again', many, [])
    .addHelpText('after', HELP)
    .action(async (repository: string, options: Options) => {
      const { api, out } = asked();
      const { source, approver: approvers, ...given } = options;
      const read = given.discovery === 'auto' && source ? await discoveryAt(source) : {};
      const body = { repository, approvers, ...given, ...read };
      const { integration } = await api.ask<{ integration: Integration }>('/api/integrations', {
        ...{ method: 'POST', body },
      });
      out.result(integration, () => text(integration));
    });
}

const NONE = 'No integrations yet. Register one: npx signalbox integrations add --help';

async function discoveryAt(path: string): Promise<Pick<Integration, 'discovery' | 'reason'>> {
  const { kind, reason, at } = (await inventoryAt(resolve(path))).discovery;
  return { discovery: kind, reason: `${reason}${at ? ` (${at})` : ''}`.slice(0, 500) };
}

function addressOf(repository: string): string {
  return `/api/integrations/${repository.split('/').map(encodeURIComponent).join('/')}`;
}

function table(found: IntegrationEntry[]): string {
  const rows = found.map(({ repository, kind, tenant, schedule, discovery, health }) => {
    const { lastRun, lastCheck, openTickets } = health;
    const check = lastCheck ? `${lastCheck.state}, ${moment(lastCheck.at)}` : pc.dim('none yet');
    const run = lastRun ? `${tone(lastRun.status)}, ${moment(lastRun.at)}` : pc.dim('none yet');
    const catalog = lastCheck?.discovery ? `${discovery} (${lastCheck.discovery.kind})` : discovery;
    return [repository, kind, tenant, schedule, catalog, String(openTickets), check, run];
  });
  return columns([
    ['REPOSITORY', 'KIND', 'TENANT', 'SCHEDULE', 'CATALOG', 'OPEN', 'LAST CHECK', 'LAST RUN'],
    ...rows,
  ]);
}

function text(one: Integration & Partial<IntegrationEntry>): string {
  const { repository, kind, discovery, reason, health } = one;
  const { lastRun, lastCheck, openTickets } = health ?? {};
  const read = lastCheck?.discovery;
  return [
    `${pc.bold(repository)}, a ${kind} in project ${one.projectId}`,
    facts([
      ['package', one.package],
      ['tenant', one.tenant],
      ['schedule', one.schedule],
      ['credentials', one.credentials ?? 'none named'],
      ['catalog', reason ? `${discovery}: ${reason}` : discovery],
      ['its code says', read && `${read.kind}: ${read.reason}${read.at ? ` (${read.at})` : ''}`],
      ['last check', lastCheck && `${lastCheck.state}, ${moment(lastCheck.at)}`],
      ['because', lastCheck?.reason],
      ['open tickets', openTickets?.toString()],
      ['last run', lastRun && `${lastRun.title}: ${tone(lastRun.status)}, ${moment(lastRun.at)}`],
    ]),
  ].join('\n');
}
