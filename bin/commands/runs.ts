import type { Command } from 'commander';
import { parseJournal } from '#core/agents/journal.ts';
import { type Played, played } from '#core/agents/played.ts';
import { Fault } from '#core/fault.ts';
import type { Run } from '#core/runs/run.ts';
import { type Client, client } from '../client.ts';
import { columns, facts, moment, timeOfDay } from '../layout.ts';
import { runLine } from '../run-line.ts';
import { CommandError, EXIT, money, terminal, tone } from '../terminal.ts';

const HELP = `
Examples:
  npx signalbox runs show run_0123456789abcdef_1
  npx signalbox runs message run_0123456789abcdef_1 "The test data moved to tests/data"
  npx signalbox runs replay run_0123456789abcdef_1 --at 12`;

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
}

type Asked = () => { api: Client; out: ReturnType<typeof terminal> };

function replayCommand(command: Command, asked: Asked): void {
  command
    .command('replay')
    .description("steps through a run's journal, and checks it: every line's chain, every request's bytes")
    .argument('<run>', 'its id')
    .option('--at <line>', 'the whole conversation as it stood at this line')
    .action(async (id: string, { at }: { at?: string }) => {
      const { api, out } = asked();
      const lines = replayed(await journal(api, id));
      const shown = at ? lines.filter(({ seq }) => seq === Number(at)) : lines;
      if (shown.length === 0)
        throw new CommandError(`The journal has lines 1 to ${lines.length}`, EXIT.usage);
      out.result(at ? shown : lines.map(({ messages: _, ...line }) => line), () =>
        at ? whole(shown) : listed(lines),
      );
      if (lines.some(({ isTrue }) => !isTrue)) process.exitCode = EXIT.failed;
    });
}

async function steer(api: Client, id: string, wish: string, body: object = {}): Promise<Run> {
  const path = `/api/runs/${encodeURIComponent(id)}/${wish}`;
  return (await api.ask<{ run: Run }>(path, { method: 'POST', body })).run;
}

async function journal(api: Client, id: string): Promise<string> {
  let text = '';
  for (let part: number | undefined = 0; part !== undefined; ) {
    const path = `/api/runs/${encodeURIComponent(id)}/journal?part=${part}`;
    const found: { text: string; next?: number } = await api.ask(path);
    text += found.text;
    part = found.next;
  }
  return text;
}

function replayed(text: string): Played[] {
  try {
    return played(parseJournal(text).lines);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new CommandError(error.message, EXIT.failed);
  }
}

function listed(lines: Played[]): string {
  const rows = lines.map(({ seq, at, type, says, isTrue }) => [
    String(seq),
    timeOfDay(at),
    type,
    isTrue ? says : `NOT THE BYTES THAT WERE SENT. ${says}`,
  ]);
  return columns(rows);
}

function whole(lines: Played[]): string {
  return lines.map(({ messages }) => JSON.stringify(messages, null, 2)).join('\n');
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
    [
      'partial',
      run.partial && `${run.partial.patchKey}${run.partial.isVerified ? ', verified' : ', not verified'}`,
    ],
  ]);
  return `${run.id}  ${tone(run.status)}\n${rows}`;
}
