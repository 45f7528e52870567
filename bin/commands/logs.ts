import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import pc from 'picocolors';
import type { Run, RunLine } from '#core/runs/run.ts';
import { type Client, client } from '../client.ts';
import { timeOfDay } from '../layout.ts';
import { CommandError, EXIT, terminal } from '../terminal.ts';

/** `signalbox logs TICKET [--follow]`: what its latest run said, line by line. */
export function logs(program: Command): void {
  program
    .command('logs')
    .description("show a ticket's log")
    .argument('<ticket>', 'its id')
    .option('--follow', 'go on while the run is at work')
    .addHelpText('after', '\nExample:\n  npx signalbox logs tk_0123456789abcdef --follow')
    .action(async (id: string, { follow = false }: { follow?: boolean }) => {
      const { url, json } = program.opts();
      const out = terminal(json);
      const all: RunLine[] = [];
      for await (const line of linesOf(client(url), id, follow)) {
        out.say(text(line));
        all.push(line);
      }
      if (json) out.result(all, () => '');
    });
}

async function* linesOf(api: Client, id: string, follow: boolean): AsyncGenerator<RunLine> {
  for (let after = ''; ; ) {
    const { runs } = await api.ask<{ runs: Run[] }>(`/api/tickets/${encodeURIComponent(id)}`);
    const run = runs.at(-1);
    if (!run && follow) {
      await sleep(1_000);
      continue;
    }
    if (!run)
      throw new CommandError('Nobody has worked on this ticket yet; try again in a moment', EXIT.notFound);
    const { lines } = await api.ask<{ lines: RunLine[] }>(
      `/api/runs/${run.id}/lines?after=${encodeURIComponent(after)}`,
    );
    yield* lines;
    if (!follow || run.status !== 'running') return;
    after = lines.at(-1)?.id ?? after;
    await sleep(1_000);
  }
}

/** One log line for a terminal: time, who, what. */
export function text({ at, who, level, text: what }: RunLine): string {
  const paint = { info: (said: string) => said, warn: pc.yellow, error: pc.red }[level];
  return `${pc.dim(timeOfDay(at))} ${pc.cyan(who.padEnd(8))} ${paint(what)}`;
}
