import type { Command } from 'commander';
import { inside } from '../inside.ts';
import { ask, DEFAULT_AWS, type Sent } from '../inspect.ts';
import { terminal } from '../terminal.ts';

const HELP = `
Examples:
  npx signalbox local                              how much there is of everything, and where the pages are
  npx signalbox local tables tickets               items of a table, by a part of its name
  npx signalbox local executions run_0123          one execution: its states, what it waits for, its history
  npx signalbox local executions --status FAILED
  npx signalbox local queues redrive NAME          send dead letters back to where they came from
  npx signalbox local schedules run NAME           run now what is scheduled
  npx signalbox local clock forward 3d             let three days pass for timers, schedules and expiry`;

const VIEWS: [view: string, args: string, description: string][] = [
  ['tables', '[name] [key]', 'every table; the items of one; those below one partition key'],
  ['queues', '[name]', 'every queue; the messages of one'],
  ['executions', '[name]', 'the newest executions; one with its states and history'],
  ['schedules', '', 'what runs at set times, and when it does next'],
  ['events', '', 'what was put on the bus, and which rules matched'],
  ['deliveries', '', 'what is still to be handed over, and how often that was tried'],
  ['mail', '', 'every mail'],
  ['functions', '[name]', 'invocations and errors since the start; the log of one'],
  ['tasks', '[id]', 'containers; what one has written'],
  ['buckets', '[name] [key]', 'every bucket; what one holds; one object'],
  ['clock', '', 'what time it is in the local AWS'],
];

/** `signalbox local`: looks inside the AWS that runs on this machine. */
export function local(program: Command): void {
  const command = program
    .command('local')
    .description('look inside the local AWS: tables, queues, executions, events, schedules, logs, clock')
    .option(
      '--at <url>',
      'where the local AWS listens, as start says',
      process.env.SIGNALBOX_AWS_URL || DEFAULT_AWS,
    )
    .addHelpText('after', HELP);
  const show = async (path: string[], sent: Sent = {}) => {
    const { at } = command.opts<{ at: string }>();
    const { found, now } = await ask(at, path, sent);
    const page = path.length === 0 ? `\n\nAs pages: ${at}/_local/` : '';
    terminal(program.opts().json).result(found, () => `${inside(found, now)}${page}`);
  };
  command.action(() => show([]));
  const views = new Map(
    VIEWS.map(([view, args, description]) => {
      const added = command.command(`${view} ${args}`.trim()).description(description);
      if (view !== 'clock') added.option('--limit <n>', 'the most rows to show (200)');
      added.action(() => {
        const [name, key] = added.args;
        return show(name ? [view, name] : [view], {
          query: { key, ...added.opts<Record<string, string>>() },
        });
      });
      return [view, added];
    }),
  );
  views
    .get('executions')
    ?.option('--status <status>', 'RUNNING, SUCCEEDED, FAILED, …')
    .option('--machine <name>', 'of one machine, by a part of its name');
  const act = (view: string, name: string, description: string, does: (given: string) => Promise<void>) =>
    views.get(view)?.command(name).description(description).action(does);
  act('queues', 'redrive <name>', 'send dead letters back to where they came from', (name) =>
    show(['queues', name, 'redrive'], { form: {} }),
  );
  act('schedules', 'run <name>', 'run now what is scheduled', (name) =>
    show(['schedules', name, 'run'], { form: {} }),
  );
  act('clock', 'forward <duration>', 'set it ahead by 90s, 15m, 2h30m, 3d', (by) =>
    show(['clock', 'forward'], { form: { by } }),
  );
}
