import type { Command } from 'commander';
import pc from 'picocolors';
import { keysFile } from '../demo/keys.ts';
import { narrate } from '../demo/narrate.ts';
import { ORG, PEOPLE } from '../demo/organization.ts';
import { type Product, startProduct } from '../demo/product.ts';
import { fileDemoTicket } from '../demo/ticket.ts';
import { CommandError, terminal } from '../terminal.ts';

interface Given {
  folder: string;
  fresh: boolean;
  demo: boolean;
  port?: string;
}

/** `signalbox start`: the whole product on this machine, until Ctrl-C. Started again, it goes on where it stopped. */
export function start(program: Command): void {
  program
    .command('start')
    .description('run the product on this machine: no AWS account, no Docker, no API key')
    .option('--folder <path>', 'where everything is kept', '.signalbox')
    .option('--fresh', 'empty the folder first', false)
    .option('--no-demo', 'do not file the demo ticket')
    .option('--port <n>', 'first of five ports in a row (4600); 0 for any that are free')
    .action(async ({ folder, fresh, demo, port }: Given) => {
      const out = terminal(program.opts().json);
      const began = performance.now();
      const ports = portsFrom(port);
      const product = await startProduct({
        folder,
        fresh,
        ...(ports && { ports }),
        apiKey: process.env.ANTHROPIC_API_KEY || undefined,
      }).catch((error: Error) => {
        throw new CommandError(`${error.message}\nsignalbox doctor tells what this machine lacks.`);
      });
      const stopping = stopOnSignal(out.say);
      out.result(addresses(product), () => welcome(product, performance.now() - began));
      if (demo) await fileDemoTicket(product);
      await narrate(product, out.say, { signal: stopping, newOnly: true });
      await product.local.stop();
      out.say('Stopped. npm start goes on from here.');
    });
}

function portsFrom(port: string | undefined) {
  if (port === undefined) return undefined;
  const first = Number(port);
  if (first === 0) return { product: 0, aws: 0, forge: 0, mailbox: 0, model: 0 };
  if (!Number.isInteger(first) || first < 1 || first > 65_531)
    throw new CommandError(`${port} is not a port`, 2);
  return { product: first, aws: first + 1, forge: first + 2, mailbox: first + 3, model: first + 4 };
}

/** Aborts at the first Ctrl-C or SIGTERM; a second one ends at once, which nothing here minds. */
function stopOnSignal(say: (text: string) => void): AbortSignal {
  const stopping = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (stopping.signal.aborted) process.exit(1);
      say('\nStopping…');
      stopping.abort();
    });
  }
  return stopping.signal;
}

function addresses({ local, isRealModel }: Product) {
  const product = local.url('product');
  return {
    dashboard: product,
    mailbox: local.url('mailbox'),
    forge: local.url('forge'),
    webhooks: ['github', 'jira', 'erp'].map((source) => `${product}/webhooks/${ORG}/${source}`),
    rest: `${product}/api/issues`,
    aws: local.url('aws'),
    model: isRealModel ? 'Anthropic' : `scripted, at ${local.url('model')}`,
    webhookSecrets: keysFile(local.store.folder),
  };
}

function welcome(product: Product, milliseconds: number): string {
  const { webhooks, ...rest } = addresses(product);
  const rows = Object.entries({ ...rest, webhooks: webhooks.join('  ') });
  return [
    `${pc.bold('Signalbox')} is ready after ${(milliseconds / 1000).toFixed(1)} s. Ctrl-C stops it.`,
    ...rows.map(([name, value]) => `  ${name.padEnd(15)} ${value}`),
    `  sign in as      ${PEOPLE.map(({ email }) => email).join(', ')} (the code arrives in the mailbox)`,
    '',
  ].join('\n');
}
