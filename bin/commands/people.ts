import type { Command } from 'commander';
import { milliseconds } from '#core/duration.ts';
import type { Identity } from '#core/people/account.ts';
import type { keyView } from '#core/people/key.ts';
import type { Person, Role, Scope } from '#core/people/person.ts';
import { client } from '../client.ts';
import { columns, moment } from '../layout.ts';
import { CommandError, EXIT, terminal } from '../terminal.ts';

type Shown = Pick<Person, 'id' | 'email' | 'name' | 'roles' | 'groups' | 'awayUntil' | 'slack'> & {
  accounts?: Pick<Identity, 'at' | 'id' | 'evidence'>[];
};
type Key = ReturnType<typeof keyView>;

const PEOPLE = `
Examples:
  npx signalbox people list
  npx signalbox people add lea@acme.example --role approver --group eng-leads
  npx signalbox people change lea@acme.example --role approver --role admin
  npx signalbox people link lea@acme.example tk_0123456789abcdef
  npx signalbox people away --for 10d`;

const KEYS = `
Examples:
  npx signalbox keys create "release agent" --scope actions:propose --for 30d
  npx signalbox keys rotate 0123456789abcdef --overlap 1h
  npx signalbox keys revoke 0123456789abcdef`;

const many = (value: string, before: string[] = []) => [...before, value];

/** `signalbox people` and `signalbox keys`: who is in the organization, and what acts in whose name. */
export function people(program: Command): void {
  const asked = () => {
    const { url, json } = program.opts();
    return { api: client(url), out: terminal(json) };
  };
  const idOf = async (email: string) => {
    const { people: all } = await asked().api.ask<{ people: Shown[] }>('/api/people');
    const found = all.find((one) => one.email === email.toLowerCase());
    if (!found) throw new CommandError(`Nobody here has the address ${email}`, EXIT.notFound);
    return found.id;
  };
  const change = async (path: string, method: string, body?: object) => {
    const { api, out } = asked();
    const { person } = await api.ask<{ person: Shown }>(path, { method, body });
    out.result(person, () => line(person).join('  '));
  };
  peopleCommands(program, { asked, idOf, change });
  keyCommands(program, asked);
}

interface Does {
  asked(): { api: ReturnType<typeof client>; out: ReturnType<typeof terminal> };
  idOf(email: string): Promise<string>;
  change(path: string, method: string, body?: object): Promise<void>;
}

interface Given {
  role?: Role[];
  group?: string[];
  name?: string;
}

function peopleCommands(program: Command, { asked, idOf, change }: Does): void {
  const command = program
    .command('people')
    .description('who is in the organization')
    .addHelpText('after', PEOPLE);
  const withRights = (one: Command) =>
    one
      .argument('<email>')
      .option('--role <role>', 'viewer, lead, approver or admin; may be given again', many)
      .option('--group <group>', 'a group that policies ask; may be given again', many)
      .option('--name <name>');
  command
    .command('list')
    .description('everybody, with roles and groups')
    .action(async () => {
      const { api, out } = asked();
      const { people: all } = await api.ask<{ people: Shown[] }>('/api/people');
      out.result(all, () => columns(all.map(line)));
    });
  withRights(command.command('add').description('let somebody sign in by their address')).action(
    (email: string, { role = ['viewer'], group = [], name }: Given) =>
      change('/v1/people', 'POST', { email, name, roles: role, groups: group }),
  );
  withRights(
    command.command('change').description('give somebody other roles or groups than they have'),
  ).action(async (email: string, { role, group, name }: Given) =>
    change(`/v1/people/${await idOf(email)}`, 'PATCH', { name, roles: role, groups: group }),
  );
  command
    .command('remove')
    .description('end what somebody may do here; what they did stays')
    .argument('<email>')
    .action(async (email: string) => change(`/v1/people/${await idOf(email)}`, 'DELETE'));
  accountCommands(command, { asked, idOf });
  command
    .command('away')
    .description('be out of office: whoever stands in for you is asked')
    .requiredOption('--for <duration>', 'how long: 8h, 10d')
    .action(({ for: length }: { for: string }) =>
      change('/v1/absence', 'PUT', { until: new Date(Date.now() + milliseconds(length)).toISOString() }),
    );
  command
    .command('back')
    .description('be here again')
    .action(() => change('/v1/absence', 'PUT', { until: null }));
}

function accountCommands(command: Command, { asked, idOf }: Pick<Does, 'asked' | 'idOf'>): void {
  const says = (name: string, method: string, description: string, said: string) =>
    command
      .command(name)
      .description(description)
      .argument('<email>')
      .argument('<account>', 'a ticket that the account reported, or github:ID, jira:ID, slack:TEAM/USER')
      .action(async (email: string, given: string) => {
        const { api, out } = asked();
        const path = `/v1/people/${await idOf(email)}/accounts`;
        const { identity } = await api.ask<{ identity: Identity }>(path, { method, body: accountOf(given) });
        out.result(identity, () => `${identity.at}:${identity.id} ${said} ${email}`);
      });
  says('link', 'POST', 'say that an account is somebody’s: they never approve what it asked for', 'is');
  says('unlink', 'DELETE', 'take back that an account is somebody’s', 'is no longer');
}

function accountOf(given: string): object {
  const [, at, id] = /^(github|jira|slack):(.+)$/.exec(given) ?? [];
  return at ? { at, id } : { ticketId: given };
}

function line({ email, name, roles, groups, awayUntil, slack, accounts = [] }: Shown): string[] {
  const away = awayUntil ? `away until ${moment(awayUntil)}` : '';
  const known = [
    ...(slack ? [`slack:${slack.team}/${slack.user} (signed in there)`] : []),
    ...accounts.map(({ at, id, evidence }) => `${at}:${id} (${evidence.ticketId ?? 'said'})`),
  ];
  return [email, name, roles.join(', '), groups.join(', '), known.join(', '), away];
}

function keyCommands(program: Command, asked: Does['asked']): void {
  const command = program.command('keys').description('what acts in your name').addHelpText('after', KEYS);
  command
    .command('list')
    .description('keys that still open something')
    .action(async () => {
      const { api, out } = asked();
      const { keys: all } = await api.ask<{ keys: Key[] }>('/api/keys');
      out.result(all, () => columns(all.map(keyLine)) || 'No keys.');
    });
  command
    .command('create')
    .description('make a key; it is shown once')
    .argument('<name>', 'what it is for')
    .requiredOption(
      '--scope <scope>',
      'issues:read, issues:write, approvals:read, approvals:decide or actions:propose; may be given again',
      many,
    )
    .option('--for <duration>', 'how long it lasts, in days: 30d', '90d')
    .action(async (name: string, { scope, for: length }: { scope: Scope[]; for: string }) => {
      const { api, out } = asked();
      const days = Math.ceil(milliseconds(length) / 86_400_000);
      const made = await api.ask<Key & { key: string }>('/v1/keys', {
        method: 'POST',
        body: { name, scopes: scope, days },
      });
      out.result(
        made,
        () => `${made.key}\nKeep it now: it is shown only once. It ends ${moment(made.expires_at)}.`,
      );
    });
  command
    .command('rotate')
    .description('make a key in the place of another, which goes on for a while; the new one is shown once')
    .argument('<id>')
    .option('--overlap <duration>', 'how long the old one goes on, in hours', '24h')
    .action(async (id: string, { overlap }: { overlap: string }) => {
      const { api, out } = asked();
      const made = await api.ask<Key & { key: string; replaces: { expires_at: string } }>(
        `/v1/keys/${encodeURIComponent(id)}/rotate`,
        { method: 'POST', body: { overlapHours: Math.ceil(milliseconds(overlap) / 3_600_000) } },
      );
      out.result(
        made,
        () =>
          `${made.key}\nKeep it now: it is shown only once. The old one ends ${moment(made.replaces.expires_at)}.`,
      );
    });
  command
    .command('revoke')
    .description('end a key')
    .argument('<id>')
    .action(async (id: string) => {
      const { api, out } = asked();
      const ended = await api.ask(`/v1/keys/${encodeURIComponent(id)}`, { method: 'DELETE' });
      out.result(ended, () => 'Ended.');
    });
}

function keyLine({ id, name, scopes, expires_at, last_used_at }: Key): string[] {
  return [
    id,
    name,
    scopes.join(', '),
    `until ${moment(expires_at)}`,
    last_used_at ? `used ${moment(last_used_at)}` : 'never used',
  ];
}
