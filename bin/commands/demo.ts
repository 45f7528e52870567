import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import pc from 'picocolors';
import { isFinal, type Ticket, type TicketStatus } from '#core/tickets/ticket.ts';
import { approveByPage, askedByMail } from '../demo/approver.ts';
import { narrate } from '../demo/narrate.ts';
import { ORG } from '../demo/organization.ts';
import { type Product, startProduct } from '../demo/product.ts';
import { prove } from '../demo/proof.ts';
import { fileDemoTicket } from '../demo/ticket.ts';
import { stopOnSignal } from '../signals.ts';
import { CommandError, EXIT, type Terminal, terminal } from '../terminal.ts';
import { endAtOnce } from './start.ts';

interface Step {
  step: string;
  seconds: number;
}

/** `signalbox demo`: the main job without a person. Succeeds only if the pull request is there and proves itself in a clean clone. */
export function demo(program: Command): void {
  program
    .command('demo')
    .description('the main job without a person: ticket, approval by link, fix, pull request, proof')
    .option('--folder <path>', 'keep everything here; a temporary folder unless given')
    .addHelpText('after', '\nExample:\n  npm run demo')
    .action(async ({ folder }: { folder?: string }) => {
      const out = terminal(program.opts().json);
      const place = folder ?? (await mkdtemp(join(tmpdir(), 'signalbox-demo-')));
      try {
        const { steps, pullRequest } = await play(place, out);
        out.result({ steps, pullRequest }, () => `${pc.green('Done')}: ${pullRequest}\n${table(steps)}`);
      } finally {
        if (!folder) await rm(place, { recursive: true, force: true });
      }
    });
}

async function play(folder: string, out: Terminal): Promise<{ steps: Step[]; pullRequest: string }> {
  const steps: Step[] = [];
  const timed = stopwatch(steps, out);
  const stopping = stopOnSignal(out.say);
  const ports = { product: 0, aws: 0, forge: 0, mailbox: 0, model: 0 };
  const product = await timed('start the product', () =>
    startProduct({ folder, fresh: true, ports, onFailure: endAtOnce(out) }),
  );
  const telling = new AbortController();
  const narration = narrate(product, out.say, { signal: telling.signal });
  try {
    const pullRequest = await unlessStopped(stopping, () => theMainJob(product, timed));
    return { steps, pullRequest };
  } finally {
    telling.abort();
    await narration;
    await product.local.stop();
  }
}

/** What the work answers. Throws at the signal and leaves the work behind: what it talks to is about to end. */
async function unlessStopped<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  if (signal.aborted) throw stoppedEarly();
  const stopped = once(signal, 'abort').then(() => {
    throw stoppedEarly();
  });
  return Promise.race([work(), stopped]);
}

function stoppedEarly(): CommandError {
  return new CommandError('Stopped before it was through.', EXIT.interrupted);
}

type Timed = <T>(step: string, work: () => Promise<T>) => Promise<T>;

async function theMainJob(product: Product, timed: Timed): Promise<string> {
  const { local, keys } = product;
  const id = await timed('file the ticket through the signed Jira webhook', () => fileDemoTicket(product));
  const asked = await timed('classify, diagnose, and ask a person by mail', () =>
    askedByMail(local.url('mailbox'), 'approver@demo.example', /approv|decide/i),
  );
  await timed('approve on the page behind the link, with the code from the mail', () => approveByPage(asked));
  const { pullRequest } = await timed('fix, verify in a clean clone, push, open the pull request', () =>
    reached(product, id, 'in_review'),
  );
  if (!pullRequest) throw new CommandError('The ticket is in review without a pull request');
  await timed('prove the patch in a clone of our own', async () => {
    const { repository, branch } = pullRequest;
    const cloneUrl = `${local.url('forge')}/${repository}.git`;
    const { isRedBefore, isGreenAfter } = await prove({
      cloneUrl,
      token: keys.forgeToken,
      base: 'main',
      branch,
    });
    if (!isRedBefore) throw new CommandError('The tests were green before the patch: it proves nothing');
    if (!isGreenAfter) throw new CommandError('The tests are red with the patch');
  });
  await timed('merge it on the forge; the ticket ends as merged', async () => {
    await merge(pullRequest.url);
    await reached(product, id, 'merged');
  });
  return pullRequest.url;
}

/** The ticket once it has the status. Throws when it ends in another one, or takes longer than two minutes. */
async function reached({ tickets }: Product, id: string, status: TicketStatus): Promise<Ticket> {
  for (const until = Date.now() + 120_000; Date.now() < until; await sleep(150)) {
    const ticket = await tickets.find(ORG, id);
    if (ticket?.status === status) return ticket;
    if (ticket && isFinal(ticket.status))
      throw new CommandError(`The ticket ended ${ticket.status}: ${ticket.reason}`);
  }
  throw new CommandError(`The ticket did not become ${status} within two minutes`);
}

/** Presses the button on the forge's page. */
async function merge(url: string): Promise<void> {
  const response = await fetch(`${url}/merge`, {
    method: 'POST',
    headers: { origin: new URL(url).origin },
    redirect: 'manual',
  });
  if (response.status >= 400)
    throw new CommandError(`Merging answered ${response.status}: ${await response.text()}`);
}

function stopwatch(steps: Step[], out: Terminal): Timed {
  return async (step, work) => {
    out.say(pc.bold(`▸ ${step}`));
    const began = performance.now();
    const result = await work();
    const seconds = Math.round(performance.now() - began) / 1000;
    steps.push({ step, seconds });
    out.say(pc.dim(`  ${seconds.toFixed(1)} s`));
    return result;
  };
}

function table(steps: Step[]): string {
  const total = steps.reduce((sum, { seconds }) => sum + seconds, 0);
  const row = (seconds: number, text: string) => `${seconds.toFixed(1).padStart(7)} s  ${text}`;
  return [...steps.map(({ step, seconds }) => row(seconds, step)), row(total, 'in all')].join('\n');
}
