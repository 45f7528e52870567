import { Argument, type Command, Option } from 'commander';
import type { Answer } from '#core/tickets/answer.ts';
import { Priority, type Ticket, TicketType } from '#core/tickets/ticket.ts';
import type { Similar } from '#core/triage/similar.ts';
import { type Client, client } from '../client.ts';
import { columns, facts, moment } from '../layout.ts';
import { CommandError, EXIT, type Terminal, terminal, tone } from '../terminal.ts';

interface Detail {
  ticket: Ticket;
  similar: Similar[];
  answers: Answer[];
}

interface Wish {
  type?: string;
  priority?: string;
  module?: string;
}

const HELP = `
Examples:
  npx signalbox tickets show tk_0123456789abcdef
  npx signalbox tickets correct tk_0123456789abcdef --type bug --module acme/tap-orders
  npx signalbox tickets merge tk_0123456789abcdef tk_fedcba9876543210
  npx signalbox tickets prioritize tk_0123456789abcdef critical
  npx signalbox tickets retry tk_0123456789abcdef`;

/** `signalbox tickets`: how a ticket was understood and why, what is like it, and how a lead puts that right. */
export function tickets(program: Command): void {
  const asked = () => {
    const { url, json } = program.opts();
    return { api: client(url), out: terminal(json) };
  };
  const command = program
    .command('tickets')
    .description(
      'see why a ticket was understood as it was, correct it, merge duplicates, prioritize, cancel, retry',
    )
    .addHelpText('after', HELP);
  command
    .command('show')
    .description('how a ticket was understood, by which words, and which tickets are like it')
    .argument('<ticket>', 'its id')
    .action(async (id: string) => {
      const { api, out } = asked();
      const detail = await api.ask<Detail>(pathOf(id));
      out.result(detail, () => text(detail));
    });
  command
    .command('correct')
    .description('say what a ticket is; what it was said to be already confirms it. Triage learns from both')
    .argument('<ticket>', 'its id')
    .addOption(new Option('--type <type>', 'what kind of ticket it is').choices(TicketType.options))
    .addOption(new Option('--priority <priority>', 'how urgent it is').choices(Priority.options))
    .option('--module <name>', 'which repository it concerns: its full name, last part or alias')
    .action(async (id: string, wish: Wish) => {
      if (Object.keys(wish).length === 0)
        throw new CommandError('Say what is to be corrected: --type, --priority or --module', EXIT.usage);
      const { api, out } = asked();
      const ticket = await changed(api, `${pathOf(id)}/corrections`, wish);
      out.result(ticket, () => `${ticket.id}  ${ticket.classification?.reason ?? ''}`);
    });
  steering(command, asked);
  command
    .command('merge')
    .description('end a ticket as a duplicate of another; both are kept')
    .argument('<ticket>', 'the duplicate')
    .argument('<into>', 'the ticket that says the same')
    .action(async (id: string, into: string) => {
      const { api, out } = asked();
      const ticket = await changed(api, `${pathOf(id)}/merge`, { into });
      out.result(ticket, () => `${ticket.id} is merged into ${into}, and ${tone(ticket.status)}`);
    });
}

/** What a lead does with a ticket while it waits, while it is worked on, and after it came to nothing. */
function steering(command: Command, asked: () => { api: Client; out: Terminal }): void {
  command
    .command('prioritize')
    .description('how urgent a ticket is from now on; one that waits goes to where it then stands')
    .argument('<ticket>', 'its id')
    .addArgument(new Argument('<priority>', 'how urgent it is').choices(Priority.options))
    .action(async (id: string, priority: string) => {
      const { api, out } = asked();
      const ticket = await changed(api, `${pathOf(id)}/priority`, { priority });
      out.result(ticket, () => `${ticket.id} has priority ${ticket.priority}`);
    });
  for (const [wish, says] of [
    ['cancel', 'end a ticket that is not done or came to nothing; whoever works on it stops'],
    ['retry', 'begin anew with a ticket that came to nothing'],
  ] as const)
    command
      .command(wish)
      .description(says)
      .argument('<ticket>', 'its id')
      .action(async (id: string) => {
        const { api, out } = asked();
        const ticket = await changed(api, `${pathOf(id)}/${wish}`, {});
        out.result(ticket, () => `${ticket.id}  ${tone(ticket.status)}`);
      });
}

function pathOf(id: string): string {
  return `/api/tickets/${encodeURIComponent(id)}`;
}

async function changed(api: Client, path: string, body: object): Promise<Ticket> {
  return (await api.ask<{ ticket: Ticket }>(path, { method: 'POST', body })).ticket;
}

function who({ name, email, account }: Ticket['reporter']): string {
  const known = [email, account && `${account.at}:${account.id}`].filter((one) => one).join(', ');
  return known ? `${name} (${known})` : name;
}

function text({ ticket, similar, answers }: Detail): string {
  const {
    id,
    externalId,
    title,
    status,
    reporter,
    classification: said,
    duplicateOf,
    reason,
    createdAt,
  } = ticket;
  const rows = facts([
    ['title', `${externalId}: ${title}`],
    ['received', moment(createdAt)],
    ['reported by', who(reporter)],
    ['type', said && `${said.type}, priority ${said.priority}, complexity ${said.complexity}`],
    ['repository', said?.repository],
    ['role', said?.role],
    ['decided by', said && `${said.by}, ${Math.round(said.confidence * 100)} %`],
    ['because', said?.reason.replaceAll('; ', '\n')],
    ['duplicate of', duplicateOf],
    ['why', reason],
    ...answers.map(
      ({ place, at, trouble }) =>
        [trouble ? 'not told' : 'told', `${place}, ${moment(at)}${trouble ? `\n${trouble}` : ''}`] as [
          string,
          string,
        ],
    ),
  ]);
  const like = similar.map((other) => [
    `  ${other.ticketId}`,
    tone(other.status),
    other.externalId,
    other.reason,
    other.title,
  ]);
  return `${id}  ${tone(status)}\n${rows}${like.length > 0 ? `\n\nLike it:\n${columns(like)}` : ''}`;
}
