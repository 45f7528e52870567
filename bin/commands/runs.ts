import type { Command } from 'commander';
import type { Run } from '#core/runs/run.ts';
import { type Client, client } from '../client.ts';
import { facts, moment } from '../layout.ts';
import { runLine } from '../run-line.ts';
import { money, terminal, tone } from '../terminal.ts';
import { patchCommand, replayCommand } from './run-files.ts';

const HELP = `
Examples:
  npx signalbox runs show run_0123456789abcdef_1
  npx signalbox runs message run_0123456789abcdef_1 "The test data moved to tests/data"
  npx signalbox runs replay run_0123456789abcdef_1 --round 1 --at 12
  npx signalbox runs patch run_0123456789abcdef_1`;

const WISHES = {
  pause: 'lets the step under way end, and waits; costs nothing but its container',
  resume: 'goes on after a pause',
  stop: 'ends the run and keeps what there is as a partial change',
};

/** `signalbox runs`: looks at one run of an agent, speaks with it, and steps through its journal. */
export function runs(program: Command): void {
  const asked = () => {
    const { url, json } = program.opts();
    return { api: client(url), out: terminal(json) };
  };
  const command = program
    .command('runs')
    .description('look at an agent at work, speak with it, pause or stop it')
    .addHelpText('after', HELP);
  command
    .command('show')
    .description('where a run stands')
    .argument('<run>', 'its id')
    .action(async (id: string) => {
      const { api, out } = asked();
      const { run } = await api.ask<{ run: Run }>(`/api/runs/${encodeURIComponent(id)}`);
      out.result(run, () => text(run));
    });
  command
    .command('message')
    .description('say something to the agent; it hears it before its next step')
    .argument('<run>', 'its id')
    .argument('<text>')
    .action(async (id: string, said: string) => {
      const { api, out } = asked();
      const run = await steer(api, id, 'message', { text: said });
      out.result(run, () => 'It hears this before its next step.');
    });
  for (const [wish, description] of Object.entries(WISHES))
    command
      .command(wish)
      .description(description)
      .argument('<run>', 'its id')
      .action(async (id: string) => {
        const { api, out } = asked();
        const run = await steer(api, id, wish);
        out.result(run, () => runLine(run));
      });
  replayCommand(command, asked);
  patchCommand(command, asked);
}

async function steer(api: Client, id: string, wish: string, body: object = {}): Promise<Run> {
  const path = `/api/runs/${encodeURIComponent(id)}/${wish}`;
  return (await api.ask<{ run: Run }>(path, { method: 'POST', body })).run;
}

function text(run: Run): string {
  const rows = facts([
    ['ticket', run.ticketId],
    ['now', runLine(run)],
    ['cost', `${money(run.spentNanoUsd)} of at most ${money(run.budgetNanoUsd)}`],
    ['started', moment(run.startedAt)],
    ['ended', run.endedAt && moment(run.endedAt)],
    ['wish', run.control && `${run.control.wish}, by ${run.control.by}, ${moment(run.control.at)}`],
    ['told', run.instructions?.map(({ by, text: said }) => `${by}: ${said}`).join('\n')],
    ['unfinished', run.partial && `${run.partial.report}\nnpx signalbox runs patch ${run.id}`],
  ]);
  return `${run.id}  ${tone(run.status)}\n${rows}`;
}
