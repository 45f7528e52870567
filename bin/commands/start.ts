import type { Command } from 'commander';
import pc from 'picocolors';
import { DiskError } from '#local/disk.ts';
import { keysFile } from '../demo/keys.ts';
import { narrate } from '../demo/narrate.ts';
import { ORG, PEOPLE } from '../demo/organization.ts';
import { type Product, startProduct } from '../demo/product.ts';
import { fileDemoTicket } from '../demo/ticket.ts';
import { facts } from '../layout.ts';
import { needed } from '../machine.ts';
import { portsFrom } from '../ports.ts';
import { stopOnSignal } from '../signals.ts';
import { CommandError, EXIT, type Terminal, terminal } from '../terminal.ts';

interface Given {
  folder: string;
  fresh?: boolean;
  demo: boolean;
  port?: string;
  unsandboxed?: boolean;
}

const HELP = `
Examples:
  npm start
  npm start -- --fresh --port 4700
  npx signalbox start --folder /tmp/try --no-demo`;

/** `signalbox start`: the whole product on this machine, until Ctrl-C. Started again, it goes on where it stopped. */
export function start(program: Command): void {
  program
    .command('start')
    .description('run the product on this machine: no AWS account, no Docker, no API key')
    .option('--folder <path>', 'where everything is kept', '.signalbox')
    .option('--fresh', 'empty the folder first')
    .option('--no-demo', 'do not file the demo ticket')
    .option('--port <n>', 'first of five ports in a row (4600); 0 for any that are free')
    .option(
      '--unsandboxed',
      'also run code that nobody marked as trusted where this machine cannot contain it',
    )
    .addHelpText('after', HELP)
    .action(async ({ folder, fresh = false, demo, port, unsandboxed = false }: Given) => {
      const out = terminal(program.opts().json);
      const began = performance.now();
      const ports = port === undefined ? undefined : portsFrom(port);
      await refuseWithout();
      const stopping = stopOnSignal(out.say);
      const product = await startProduct({
        folder,
        fresh,
        unsandboxed,
        ...(ports && { ports }),
        onFailure: endAtOnce(out),
        apiKey: process.env.ANTHROPIC_API_KEY || undefined,
      }).catch((error) => Promise.reject(explained(error)));
      try {
        if (!stopping.aborted)
          out.result(addresses(product), () => welcome(product, performance.now() - began));
        if (demo && !stopping.aborted) await fileDemoTicket(product);
        await narrate(product, out.say, { signal: stopping, newOnly: true });
      } finally {
        await product.local.stop();
      }
      out.say('Stopped. npm start goes on from here.');
    });
}

async function refuseWithout(): Promise<void> {
  const missing = (await needed()).filter(({ state }) => state === 'missing');
  if (missing.length === 0) return;
  const list = missing.map(({ what, detail }) => `  ${what}: ${detail}`).join('\n');
  throw new CommandError(`This machine lacks what Signalbox needs:\n${list}`);
}

/** For a disk that fails: ends as a kill would, for which every start is prepared. What went on could not be kept. */
export function endAtOnce({ json }: Terminal): (error: Error) => void {
  return ({ message }) => {
    process.stderr.write(`${json ? JSON.stringify({ error: message }) : `\n${message}.`}\n`);
    process.exit(EXIT.failed);
  };
}

function explained(error: Error): CommandError {
  if (error instanceof DiskError) return new CommandError(`${error.message}.`);
  if (error.message.startsWith('Port '))
    return new CommandError(`${error.message}, like: npm start -- --port 4700`);
  return new CommandError(`${error.message}\nnpx signalbox doctor tells what this machine lacks.`);
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
  const { dashboard, mailbox, forge, rest, aws, model, webhookSecrets } = addresses(product);
  const rows = facts([
    ['dashboard', `${dashboard}   sign in as ${PEOPLE.map(({ email }) => email).join(', ')}`],
    [
      'mailbox',
      `${mailbox}   every mail: codes to sign in, approvals to decide; /sent: what was said elsewhere`,
    ],
    ['forge', `${forge}   repositories and pull requests`],
    ['REST', rest],
    ['webhooks', `${dashboard}/webhooks/${ORG}/{github,jira,erp}`],
    ['', `signed with the secrets in ${webhookSecrets}`],
    ['AWS', aws],
    ['model', model],
  ]);
  return `${pc.bold('Signalbox')} is ready after ${(milliseconds / 1000).toFixed(1)} s. Ctrl-C stops it.\n${rows}\n`;
}
