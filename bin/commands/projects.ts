import type { Command } from 'commander';
import { repositoryAt } from '#core/projects/clone-url.ts';
import type { Project, Repository } from '#core/projects/project.ts';
import { type Client, client } from '../client.ts';
import { CommandError, EXIT, terminal } from '../terminal.ts';

interface Options {
  name?: string;
  kind: Repository['kind'];
  branch: string;
  approver: string[];
  alias: string[];
  trusted?: boolean;
  reporter: string[];
  host: string[];
}

const HELP = `
Example:
  npx signalbox projects add shop https://github.com/acme/tap-shop.git --approver paula@acme.example`;

const many = (value: string, before: string[]) => [...before, value];

/** `signalbox projects list|add`: which repositories tickets can be about, and who decides about each. */
export function projects(program: Command): void {
  const command = program.command('projects').description('the repositories that tickets can be about');
  command
    .command('list')
    .description('every project with its repositories and approvers')
    .action(async () => {
      const { url, json } = program.opts();
      const found = await all(client(url));
      terminal(json).result(found, () => found.map(text).join('\n') || 'No projects yet.');
    });
  command
    .command('add')
    .description('make a repository known: alone in a project, or beside those that the project has')
    .argument('<project>', 'id: lower-case letters, digits and dashes')
    .argument('<clone-url>', 'https://HOST/OWNER/NAME.git')
    .option('--approver <email>', 'who decides about its plans; may be given again', many, [])
    .option('--name <name>', 'what people call the project')
    .option('--kind <kind>', 'tap, target, etl or service', 'tap')
    .option('--branch <branch>', 'default branch', 'main')
    .option('--alias <word>', 'another word that tickets use for it; may be given again', many, [])
    .option('--trusted', 'its code may run where a credential is within reach; see docs/operating.md')
    .option(
      '--reporter <who>',
      'whose tickets that is for: an e-mail address or *@DOMAIN; anyone unless given',
      many,
      [],
    )
    .option('--host <name>', 'a host that its commands may reach besides the package mirrors', many, [])
    .addHelpText('after', HELP)
    .action(async (id: string, cloneUrl: string, options: Options) => {
      const { url, json } = program.opts();
      const project = await add(client(url), { id, cloneUrl, options });
      terminal(json).result(project, () => text(project));
    });
}

async function all(api: Client): Promise<Project[]> {
  return (await api.ask<{ projects: Project[] }>('/api/projects')).projects;
}

async function add(
  api: Client,
  { id, cloneUrl, options }: { id: string; cloneUrl: string; options: Options },
): Promise<Project> {
  const added = repository(cloneUrl, options);
  const known = (await all(api)).find((project) => project.id === id);
  const before = known?.repositories.find(({ fullName }) => fullName === added.fullName);
  const others = known?.repositories.filter(({ fullName }) => fullName !== added.fullName) ?? [];
  // What this command has options for is said anew each time; the rest stays.
  const asSaid = { ...before, hosts: undefined, trustedReporters: undefined, ...added };
  const body = {
    selfApproval: false,
    ...known,
    name: options.name ?? known?.name ?? id,
    approvers: [...new Set([...(known?.approvers ?? []), ...options.approver])],
    repositories: [...others, asSaid],
  };
  await api.ask(`/api/projects/${encodeURIComponent(id)}`, { method: 'PUT', body });
  return { ...body, id, org: known?.org ?? '' };
}

function repository(address: string, options: Options): Repository {
  const { kind, branch, alias, host: hosts } = options;
  const found = repositoryAt(address);
  if (!found) throw new CommandError(`${address} is not like https://HOST/OWNER/NAME.git`, EXIT.usage);
  return {
    ...found,
    defaultBranch: branch,
    kind,
    aliases: alias,
    ...(hosts.length > 0 && { hosts }),
    ...trust(options),
  };
}

function trust({ trusted, reporter }: Options): Pick<Repository, 'trustedReporters'> {
  if (trusted) return { trustedReporters: reporter.length > 0 ? reporter : ['*'] };
  if (reporter.length === 0) return {};
  throw new CommandError('--reporter says for whom a repository is trusted: give --trusted too', EXIT.usage);
}

function text({ id, name, repositories, approvers }: Project): string {
  const rows = repositories.map(
    ({ fullName, kind, trustedReporters }) =>
      `  ${kind.padEnd(8)} ${fullName}${trustedReporters ? `, trusted with tickets of ${trustedReporters.join(', ')}` : ''}`,
  );
  return [`${id} (${name}), decided by ${approvers.join(', ')}`, ...rows].join('\n');
}
