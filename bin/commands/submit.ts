import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { Priority, TicketType } from '#core/tickets/ticket.ts';
import { client } from '../client.ts';
import { typed } from '../session.ts';
import { terminal } from '../terminal.ts';

interface Accepted {
  id: string;
  status: string;
  trackingUrl: string;
}

interface Options {
  description?: string;
  repository?: string;
  type?: string;
  priority?: string;
  id?: string;
}

const HELP = `
Examples:
  npx signalbox submit "Orders after the first page are missing" --repository acme/tap-orders
  npx signalbox submit "Nightly job fails" --priority high --description - < job.log`;

/** `signalbox submit "title"`: a ticket by the REST API, as the ERP team would send it. */
export function submit(program: Command): void {
  program
    .command('submit')
    .description('send a ticket')
    .argument('<title>', 'one line')
    .option('--description <text>', 'what is wrong or wanted; - reads standard input')
    .option('--repository <owner/name>', 'the repository or integration it concerns')
    .addOption(new Option('--type <type>', 'what kind of ticket it is').choices(TicketType.options))
    .addOption(new Option('--priority <priority>', 'how urgent it is').choices(Priority.options))
    .option('--id <id>', 'your own id for it: the same id twice is one ticket')
    .addHelpText('after', HELP)
    .action(async (title: string, options: Options) => {
      const { url, json } = program.opts();
      const api = client(url);
      const accepted = await api.ask<Accepted>('/api/issues', {
        method: 'POST',
        ...request(title, options),
      });
      terminal(json).result(
        accepted,
        () =>
          `${accepted.id} is ${accepted.status}. Follow it at ${accepted.trackingUrl}, or with:\n  ${typed(api.url, `status ${accepted.id} --watch`)}`,
      );
    });
}

function request(title: string, { description, repository, type, priority, id }: Options) {
  const externalId = id ?? `cli-${randomBytes(6).toString('hex')}`;
  return {
    headers: { 'idempotency-key': externalId },
    body: {
      externalId,
      title,
      description: description === '-' ? readFileSync(0, 'utf8') : (description ?? ''),
      ...(type && { type }),
      ...(priority && { priority }),
      ...(repository && { context: { module: repository } }),
    },
  };
}
