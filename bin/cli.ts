#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, type CommanderError } from 'commander';
import { approvals } from './commands/approvals.ts';
import { connect } from './commands/connect.ts';
import { deadLetters } from './commands/dead-letters.ts';
import { deliveries } from './commands/deliveries.ts';
import { demo } from './commands/demo.ts';
import { doctor } from './commands/doctor.ts';
import { drift } from './commands/drift.ts';
import { evidence } from './commands/evidence.ts';
import { integrations } from './commands/integrations.ts';
import { local } from './commands/local.ts';
import { login, token } from './commands/login.ts';
import { logs } from './commands/logs.ts';
import { models } from './commands/models.ts';
import { notices } from './commands/notices.ts';
import { people } from './commands/people.ts';
import { policy } from './commands/policy.ts';
import { projects } from './commands/projects.ts';
import { queue } from './commands/queue.ts';
import { runs } from './commands/runs.ts';
import { spend } from './commands/spend.ts';
import { start } from './commands/start.ts';
import { status } from './commands/status.ts';
import { submit } from './commands/submit.ts';
import { taps } from './commands/taps.ts';
import { tickets } from './commands/tickets.ts';
import { triage } from './commands/triage.ts';
import { DEFAULT_URL } from './session.ts';
import { endWithReader } from './signals.ts';
import { CommandError, EXIT, shown } from './terminal.ts';

const EXIT_HELP = `
Exit codes: 0 done, 1 failed, 2 wrong usage or input, 3 not signed in, 4 not found, 5 nothing answers at the URL,
6 not yet: ask again later, 130 interrupted.
SIGNALBOX_URL says where the product is, SIGNALBOX_TOKEN (an API key) who asks, for scripts. NO_COLOR turns colour off.`;

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const isJson = process.argv.includes('--json');

const program = new Command('npx signalbox')
  .description('An integration-engineering team that runs in your own AWS account, or on this machine.')
  .version(version)
  .option('--json', 'print one JSON value and nothing else')
  .option('--url <url>', 'where the product is', process.env.SIGNALBOX_URL || DEFAULT_URL)
  .configureHelp({ showGlobalOptions: true })
  .configureOutput({ outputError: (text, write) => !isJson && write(`${text.trimEnd()}\n`) })
  .showHelpAfterError('Add --help for what can be said, with an example.')
  .addHelpText('after', EXIT_HELP)
  .exitOverride();

for (const add of [
  start,
  demo,
  submit,
  status,
  tickets,
  triage,
  approvals,
  people,
  notices,
  policy,
  evidence,
  deliveries,
  deadLetters,
  connect,
  logs,
  queue,
  runs,
  projects,
  integrations,
  taps,
  drift,
  spend,
  models,
  login,
  token,
  local,
  doctor,
])
  add(program);
for (const stream of [process.stdout, process.stderr]) endWithReader(stream);

try {
  await program.parseAsync();
} catch (error) {
  const exit = report(error as Error);
  // What was interrupted may still wait for something that will not come.
  if (exit === EXIT.interrupted) process.exit(exit);
  process.exitCode = exit;
}

function report(error: Error): number {
  const [text, exit] = explained(error);
  if (isJson && exit !== EXIT.ok) process.stderr.write(`${JSON.stringify({ error: text })}\n`);
  else if (text && !isCommanders(error)) process.stderr.write(`${shown(text)}\n`);
  return exit;
}

/** Words and exit code. The library has said its own words already, unless a program reads. */
function explained(error: Error): [text: string, exit: number] {
  if (isCommanders(error))
    return [error.message.replace(/^error: /, ''), error.exitCode === 0 ? EXIT.ok : EXIT.usage];
  if (error instanceof CommandError) return [error.message, error.exit];
  return [error.stack ?? String(error), EXIT.failed];
}

function isCommanders(error: Error): error is CommanderError {
  return 'code' in error && String(error.code).startsWith('commander.');
}
