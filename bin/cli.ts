#!/usr/bin/env node
import { Command } from 'commander';
import { approve } from './commands/approve.ts';
import { demo } from './commands/demo.ts';
import { doctor } from './commands/doctor.ts';
import { login } from './commands/login.ts';
import { logs } from './commands/logs.ts';
import { projects } from './commands/projects.ts';
import { start } from './commands/start.ts';
import { status } from './commands/status.ts';
import { submit } from './commands/submit.ts';
import { DEFAULT_URL } from './session.ts';
import { CommandError, EXIT } from './terminal.ts';

const EXIT_HELP = `
Exit codes: 0 done, 1 failed, 2 wrong usage or input, 3 not signed in, 4 not found, 5 nothing answers at the URL.
NO_COLOR turns colour off; SIGNALBOX_URL and SIGNALBOX_TOKEN (an API key) serve scripts.`;

const program = new Command('signalbox')
  .description('An integration-engineering team that runs in your own AWS account, or on this machine.')
  .option('--json', 'print one JSON value and nothing else', false)
  .option('--url <url>', 'where the product is', process.env.SIGNALBOX_URL ?? DEFAULT_URL)
  .addHelpText('after', EXIT_HELP)
  .exitOverride();

for (const add of [start, demo, submit, status, approve, logs, projects, login, doctor]) add(program);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error as Error & { exitCode?: number; code?: string });
}

function report(error: Error & { exitCode?: number; code?: string }): number {
  if (error.code?.startsWith('commander.')) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const known = error instanceof CommandError;
  const text = known ? error.message : (error.stack ?? String(error));
  process.stderr.write(program.opts().json ? `${JSON.stringify({ error: text })}\n` : `${text}\n`);
  return known ? error.exit : EXIT.failed;
}
