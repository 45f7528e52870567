import type { Command } from 'commander';
import { parse } from '#core/parse.ts';
import { type Project, repositoryNamed } from '#core/projects/project.ts';
import type { CheckRecord } from '#core/taps/check.ts';
import { type Consumer, Consumers } from '#core/taps/consumers.ts';
import { SEVERITIES, SEVERITIES_VERSION, SeverityOverrides } from '#core/taps/severity.ts';
import { type Client, client } from '../client.ts';
import { columns, moment } from '../layout.ts';
import { acceptCommand } from '../taps/accept.ts';
import { changesTold, given } from '../taps/catalogs.ts';
import { CommandError, EXIT, terminal } from '../terminal.ts';

interface Listed {
  taps: { repository: string; discovery: string; check?: Omit<CheckRecord, 'changes'> }[];
}

const HELP = `
Examples:
  npx signalbox drift                                  every tap with its last check
  npx signalbox drift show acme/tap-orders             its history, and what differs now
  npx signalbox drift run acme/tap-orders              look now instead of on Monday
  npx signalbox drift accept acme/tap-orders --reason 'wanted so'
  npx signalbox drift rules shop PROPERTY_REMOVED=breaking TYPE_WIDENED=ignored
  npx signalbox drift readers acme/tap-orders readers.json`;

/** `signalbox drift`: what taps' checks came to, and how changes are judged. */
export function drift(program: Command): void {
  const asked = () => {
    const { url, json } = program.opts();
    return { api: client(url), out: terminal(json) };
  };
  const command = program
    .command('drift')
    .description('what the weekly checks of taps came to')
    .addHelpText('after', HELP)
    .action(async () => {
      const { api, out } = asked();
      const found = await api.ask<Listed>('/api/drift');
      out.result(found, () => listTold(found));
    });
  command
    .command('show')
    .description("a tap's checks, and what differs from its baseline")
    .argument('<repository>', 'OWNER/NAME')
    .action(async (repository: string) => {
      const { api, out } = asked();
      const { checks } = await api.ask<{ checks: CheckRecord[] }>(`/api/drift/${repository}`);
      out.result({ repository, checks }, () => historyTold(checks));
    });
  command
    .command('run')
    .description('look at every tap now, or at one')
    .argument('[repository]', 'OWNER/NAME')
    .action(async (repository?: string) => {
      const { api, out } = asked();
      const body = repository ? { repository } : {};
      const found = await api.ask<{ check: string }>('/api/drift/checks', { method: 'POST', body });
      out.result(found, () => `Started check ${found.check}. See what it came to with: npx signalbox drift`);
    });
  acceptCommand(command, asked);
  rulesCommand(command, asked);
  readersCommand(command, asked);
}

type Asked = () => { api: Client; out: ReturnType<typeof terminal> };

function rulesCommand(command: Command, asked: Asked): void {
  command
    .command('rules')
    .description('how changes are judged; RULE=SEVERITY changes it for a project, RULE= undoes that')
    .argument('[project]', "the project's id")
    .argument('[rules...]', 'breaking, warning, information or ignored')
    .action(async (id: string | undefined, rules: string[]) => {
      const { api, out } = asked();
      const project = id === undefined ? undefined : projectOf(await projects(api), id);
      const overrides = project ? overridden(project, rules) : {};
      if (project && rules.length > 0) await save(api, { ...project, severities: overrides });
      const found = { version: SEVERITIES_VERSION, severities: { ...SEVERITIES, ...overrides }, overrides };
      out.result(found, () => rulesTold(found.severities, overrides));
    });
}

function readersCommand(command: Command, asked: Asked): void {
  command
    .command('readers')
    .description("who reads a tap's data: changes to that are worse")
    .argument('<repository>', 'OWNER/NAME')
    .argument(
      '[file]',
      'JSON: [{"name": "billing", "reads": {"orders": ["total", "lines[].sku"]}}]; replaces what is there',
    )
    .action(async (name: string, file?: string) => {
      const { api, out } = asked();
      const found = repositoryNamed(await projects(api), name);
      if (!found) throw new CommandError(`${name} is no repository of any project`, EXIT.notFound);
      const consumers = file === undefined ? (found.repository.consumers ?? []) : given(file, Consumers);
      const repositories = found.project.repositories.map((one) =>
        one.fullName === name ? { ...one, consumers } : one,
      );
      if (file !== undefined) await save(api, { ...found.project, repositories });
      out.result({ repository: name, consumers }, () => readersTold(consumers));
    });
}

async function projects(api: Client): Promise<Project[]> {
  return (await api.ask<{ projects: Project[] }>('/api/projects')).projects;
}

function projectOf(all: Project[], id: string): Project {
  const found = all.find((project) => project.id === id);
  if (!found)
    throw new CommandError(`There is no project ${id}; signalbox projects list shows all`, EXIT.notFound);
  return found;
}

async function save(api: Client, { org: _, id, ...body }: Project): Promise<void> {
  await api.ask(`/api/projects/${encodeURIComponent(id)}`, { method: 'PUT', body });
}

function overridden({ severities = {} }: Project, rules: string[]): SeverityOverrides {
  const wanted = rules.map((rule) => rule.split('=') as [string, string | undefined]);
  const undone = wanted.filter(([, severity]) => severity === '').map(([rule]) => rule);
  const said = wanted.filter(([rule]) => !undone.includes(rule));
  try {
    const all = parse(SeverityOverrides, { ...severities, ...Object.fromEntries(said) });
    return Object.fromEntries(Object.entries(all).filter(([rule]) => !undone.includes(rule)));
  } catch (error) {
    throw new CommandError((error as Error).message, EXIT.usage);
  }
}

function listTold({ taps }: Listed): string {
  if (taps.length === 0) return 'No taps yet. Make one known with: npx signalbox projects add';
  const rows = taps.map(({ repository, discovery, check }) => [
    repository,
    discovery,
    check ? check.state : 'never checked',
    check ? countsTold(check) : '',
    check ? moment(check.at) : '',
    check?.ticketId ?? '',
  ]);
  return columns([['tap', 'schema', 'state', 'changes', 'checked', 'ticket'], ...rows]);
}

function countsTold({ counts }: Pick<CheckRecord, 'counts'>): string {
  const said = (['breaking', 'warning', 'information'] as const).filter((one) => counts[one] > 0);
  return said.map((one) => `${counts[one]} ${one}`).join(', ');
}

function historyTold(checks: CheckRecord[]): string {
  const [last] = checks;
  if (!last) return 'Never checked. Look now with: npx signalbox drift run';
  const rows = checks.map((check) => [
    moment(check.at),
    check.accepted ? `${check.state}, accepted` : check.state,
    countsTold(check),
    check.commit?.slice(0, 12) ?? '',
    acceptanceTold(check) ??
      check.reason ??
      `${check.ticketId ?? ''}${check.closed ? ', closed without a merge' : ''}`,
  ]);
  return `${columns([['checked', 'state', 'changes', 'commit', 'ticket, or why'], ...rows])}\n\n${changesTold(last.changes)}${offer(last)}`;
}

function acceptanceTold({ accepted }: CheckRecord): string | undefined {
  return (
    accepted && `by ${accepted.by}, ${moment(accepted.at)}${accepted.reason ? `: ${accepted.reason}` : ''}`
  );
}

/** How this very check is accepted. */
function offer({ state, accepted, repository, check }: CheckRecord): string {
  if (state !== 'drift' || accepted) return '';
  return `\n\nIs it wanted so? npx signalbox drift accept ${repository} --check ${check} --reason '...'`;
}

function rulesTold(severities: Record<string, string>, overrides: SeverityOverrides): string {
  const rows = Object.entries(severities).map(([rule, severity]) => [
    rule,
    severity,
    rule in overrides ? 'your own' : '',
  ]);
  return columns([['rule', 'severity', ''], ...rows]);
}

function readersTold(consumers: Consumer[]): string {
  const lines = consumers.flatMap(({ name, reads }) =>
    Object.entries(reads).map(([stream, paths]) => `${name}: ${stream} ${paths.join(', ')}`),
  );
  return lines.join('\n') || 'Nobody is known to read it.';
}
