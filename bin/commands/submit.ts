import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { client } from '../client.ts';
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

/** `signalbox submit "title"`: a ticket by the REST API, as the ERP team would send it. */
export function submit(program: Command): void {
  program
    .command('submit')
    .description('send a ticket')
    .argument('<title>', 'one line')
    .option('--description <text>', 'what is wrong or wanted; - reads standard input')
    .option('--repository <owner/name>', 'the repository or integration it concerns')
    .option('--type <type>', 'bug, feature, question, …')
    .option('--priority <priority>', 'critical, high, medium or low')
    .option('--id <id>', 'your own id for it: the same id twice is one ticket')
    .action(async (title: string, options: Options) => {
      const { url, json } = program.opts();
      const accepted = await client(url).ask<Accepted>('/api/issues', {
        method: 'POST',
        ...request(title, options),
      });
      terminal(json).result(
        accepted,
        () => `${accepted.id} ${accepted.status}\nFollow it: ${accepted.trackingUrl}`,
      );
    });
}

function request(title: string, { description, repository, type, priority, id }: Options) {
  const externalId = id ?? `cli-${randomUUID()}`;
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
