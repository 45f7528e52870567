import type { Command } from 'commander';
import pc from 'picocolors';
import type { Edge, ExecutionView, Place } from '#local/inspect/execution.ts';
import { columns, facts, moment } from '../layout.ts';
import { CommandError, EXIT, terminal } from '../terminal.ts';

const HELP = `
Examples:
  npx signalbox local                                       how much there is of everything
  npx signalbox local tables                                every table; with a name its items, with a key those below it
  npx signalbox local executions run_0123                   one execution: its states, what it waits for, its history
  npx signalbox local queues DeadLetters --redrive          send dead letters back to where they came from
  npx signalbox local schedules --run events:WeeklyCheck    run what is scheduled now
  npx signalbox local clock --forward 3d                    let three days pass for timers, schedules and expiry`;

interface Options {
  at: string;
  status?: string;
  machine?: string;
  redrive?: boolean;
  run?: string;
  forward?: string;
}

const DEFAULT_AWS = 'http://127.0.0.1:4601';

/** `signalbox local`: looks inside the AWS that runs on this machine. */
export function local(program: Command): void {
  program
    .command('local')
    .description(
      'look inside the local AWS: tables, queues, executions, events, schedules, mail, logs, clock',
    )
    .argument(
      '[view]',
      'tables, queues, executions, schedules, events, mail, functions, tasks, buckets or clock',
    )
    .argument('[name]', 'one of them')
    .argument('[key]', 'of a table: the partition key')
    .option(
      '--at <url>',
      'where the local AWS listens, as start says',
      process.env.SIGNALBOX_AWS_URL || DEFAULT_AWS,
    )
    .option('--status <status>', 'executions: RUNNING, SUCCEEDED, FAILED, …')
    .option('--machine <name>', 'executions of one machine')
    .option('--redrive', 'queues: move the dead letters of the named queue back')
    .option('--run <name>', 'schedules: run one now')
    .option('--forward <duration>', 'clock: set it ahead by 90s, 15m, 2h, 3d')
    .addHelpText('after', HELP)
    .action(async (view = '', name = '', key = '', options: Options) => {
      const out = terminal(program.opts().json);
      const did = await act(view, name, options);
      if (did) return out.result(did, () => text(did));
      const query = new URLSearchParams(
        Object.entries({ key, status: options.status, machine: options.machine }).filter(
          (pair): pair is [string, string] => Boolean(pair[1]),
        ),
      );
      const found = await ask(
        options.at,
        `/${[view, name].filter(Boolean).map(encodeURIComponent).join('/')}?${query}`,
      );
      out.result(found, () => `${text(found)}\n${view ? '' : `\nAs pages: ${options.at}/_local/`}`.trimEnd());
    });
}

async function act(view: string, name: string, { at, redrive, run, forward }: Options): Promise<unknown> {
  if (forward) return ask(at, '/clock/forward', { by: forward });
  if (run) return ask(at, `/schedules/${encodeURIComponent(run)}/run`, {});
  if (redrive && view === 'queues' && name) return ask(at, `/queues/${encodeURIComponent(name)}/redrive`, {});
  if (redrive)
    throw new CommandError('Name the dead-letter queue: signalbox local queues NAME --redrive', EXIT.usage);
  return undefined;
}

async function ask(at: string, path: string, form?: Record<string, string>): Promise<unknown> {
  const init = form && { method: 'POST', body: new URLSearchParams(form) };
  const response = await fetch(`${at}/_local${path}`, init).catch(() => {
    throw new CommandError(
      `Nothing answers at ${at}. Start the product with npm start, or say where its AWS is with --at.`,
      EXIT.unreachable,
    );
  });
  const body = (await response.json().catch(() => ({}))) as { message?: string };
  if (response.ok) return body;
  throw new CommandError(
    body.message ?? `${at} answered ${response.status}`,
    response.status === 404 ? EXIT.notFound : EXIT.failed,
  );
}

function text(found: unknown): string {
  if (Array.isArray(found)) return rows(found);
  if (typeof found === 'object' && found !== null && 'places' in found)
    return execution(found as ExecutionView);
  if (typeof found === 'object' && found !== null && 'log' in found) return String(found.log);
  return facts(Object.entries(found as object).map(([name, value]) => [name, cell(value)]));
}

function rows(all: Record<string, unknown>[]): string {
  if (all.length === 0) return 'Nothing here.';
  const names = [...new Set(all.flatMap((row) => Object.keys(row)))];
  return columns([
    names.map((name) => pc.bold(name)),
    ...all.map((row) => names.map((name) => cell(row[name]))),
  ]);
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value)) return moment(value);
  return typeof value === 'string' ? value.replace(/\s+/g, ' ').slice(0, 200) : JSON.stringify(value);
}

const MARKS = { untouched: pc.dim('·'), done: pc.green('✓'), now: pc.cyan('●'), failed: pc.red('✗') };

function execution({
  places,
  edges,
  history,
  waits,
  input,
  output,
  start: _,
  ...rest
}: ExecutionView): string {
  const about = Object.entries(rest).map(([name, value]): [string, string] => [name, cell(value)]);
  const blocks: [string, string][] = [
    ['states', places.map((place) => state(place, edges)).join('\n')],
    ['waits for', rows(waits)],
    ['input', JSON.stringify(input)],
    ['output', JSON.stringify(output)],
    ['history', rows(history.map(({ id, at, type, state: name }) => ({ id, at, type, state: name })))],
  ];
  return [facts(about), ...blocks.map(([name, body]) => `${pc.bold(name)}\n${body}`)].join('\n\n');
}

/** `✓ Classify (Task) → Diagnose`: what became of a state, and where it was left to. */
function state({ name, type, status, entered, retried }: Place, edges: Edge[]): string {
  const next = edges.filter(({ from, isTaken }) => from === name && isTaken).map(({ to }) => to);
  const counts = [
    ...(entered > 1 ? [`${entered} times`] : []),
    ...(retried > 0 ? [`${retried} retried`] : []),
  ];
  const more = counts.length > 0 ? ` (${counts.join(', ')})` : '';
  const line = `${name} ${pc.dim(type)}${more}${next.length > 0 ? ` → ${next.join(', ')}` : ''}`;
  return `${MARKS[status]} ${status === 'untouched' ? pc.dim(line) : line}`;
}
