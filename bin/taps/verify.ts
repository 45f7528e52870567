import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import { verifyIntegration } from '#containers/tap/verify.ts';
import { Fault } from '#core/fault.ts';
import { Consumers } from '#core/taps/consumers.ts';
import { IntegrationKind, type Step, type TapReport } from '#core/taps/step.ts';
import { CommandError, EXIT, terminal } from '../terminal.ts';
import { given } from './catalogs.ts';
import { configIn, fileCredentials } from './credentials.ts';
import { htmlReport, textReport } from './report.ts';
import { bench } from './subject.ts';

const HELP = `
Examples:
  npx signalbox taps verify ../tap-shop
  npx signalbox taps verify ../tap-shop --config config.json --html report.html
  npx signalbox taps verify ../tap-shop --base main --json
  npx signalbox taps verify ../target-erp --input sample.singer
Without --config nothing asks the API, and a tap cannot become verified. A config that a run rewrites (a rotated token) is
written back to the file.
Exit codes: 0 verified, 1 a step failed, 6 not verified (a needed step was skipped, warned or inconclusive), 2 wrong usage.`;

interface Options {
  kind?: IntegrationKind;
  config?: string;
  base?: string;
  html?: string;
  input?: string;
  readers?: string;
  host: string[];
  mayBeEmpty: string[];
  badCredential?: boolean;
  sandbox: string[];
  target?: string;
  unsandboxed?: boolean;
}

const many = (value: string, before: string[]) => [...before, value];

/** `signalbox taps verify PATH_OR_REPO`: the checklist of any tap, target or ETL, on this machine. */
export function verify(command: Command, program: Command): void {
  command
    .command('verify')
    .description('run the checklist of a tap, target or ETL on this machine')
    .argument('<path-or-repo>', 'its folder, or https://HOST/OWNER/NAME.git')
    .option('--kind <kind>', 'tap, target or etl; found out unless given')
    .option('--config <file>', 'its config: the API is asked for a few records')
    .option('--base <rev>', 'the commit that a change starts from: its failures are told apart')
    .option('--input <path>', 'Singer messages for a target, or the folder of input of an ETL')
    .option(
      '--readers <file>',
      'who reads what, as signalbox drift readers takes it: what a change breaks for them',
    )
    .option('--host <name>', 'a host of its API besides those that its code names', many, [])
    .option('--may-be-empty <stream=reason>', 'a stream that may have no record, and why', many, [])
    .option(
      '--sandbox <host>',
      'a host of an account that may be written to: a target writes one record there',
      many,
      [],
    )
    .option('--target <folder>', "the target that is to take an ETL's output")
    .option('--bad-credential', 'also try a wrong credential; it may lock the account')
    .option('--html <file>', 'also write the report as a page')
    .option('--unsandboxed', 'run its code as you, where commands cannot be kept apart')
    .addHelpText('after', HELP)
    .action(async (place: string, options: Options) => {
      const out = terminal(program.opts().json);
      const report = await verified(place, options, (step, of) => out.say(told(step, of)));
      if (options.html) await writeFile(options.html, htmlReport(report));
      out.result(report, () => `\n${textReport(report)}`);
      process.exitCode = { verified: EXIT.ok, failed: EXIT.failed, unverified: EXIT.later }[report.verdict];
    });
}

function told({ id, title, verdict, seconds }: Step, of: 'base' | 'head'): string {
  return `${of === 'base' ? 'before: ' : ''}${id} ${title}: ${verdict.toLowerCase()} (${seconds.toFixed(1)} s)`;
}

async function verified(
  place: string,
  options: Options,
  tell: (step: Step, of: 'base' | 'head') => void,
): Promise<TapReport> {
  const kind = options.kind === undefined ? undefined : kindOf(options.kind);
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  const credentials = options.config ? fileCredentials(options.config) : undefined;
  const work = async () => {
    const kept = await credentials?.read();
    const made = await bench({
      place,
      isUnsandboxed: options.unsandboxed ?? false,
      hosts: options.host,
      sandbox: options.sandbox,
      signal: stop.signal,
      ...(options.base && { base: options.base }),
    });
    try {
      return await verifyIntegration({
        called: basename(resolve(place)).replace(/\.git$/, ''),
        ...{ shop: made.shop, head: made.head, reach: made.reach, tell, startedAt: new Date().toISOString() },
        ...(made.base !== undefined && { base: made.base }),
        ...(kind && { kind }),
        ...(kept &&
          credentials && {
            config: configIn(kept.text, options.config ?? ''),
            credentials: { write: credentials.write, version: kept.version },
          }),
        ...(options.input && { input: inputOf(options.input) }),
        ...(options.readers && { readers: given(options.readers, Consumers) }),
        waivers: Object.fromEntries(options.mayBeEmpty.map(waiver)),
        mayCorrupt: options.badCredential ?? false,
        sandbox: options.sandbox,
        ...(options.target && { target: await made.treeOf(options.target) }),
      });
    } finally {
      await made.close();
    }
  };
  try {
    return await (credentials ? credentials.alone(work) : work());
  } catch (error) {
    if (stop.signal.aborted) throw new CommandError('', EXIT.interrupted);
    if (error instanceof Fault && error.code === 'Invalid') throw new CommandError(error.message, EXIT.usage);
    throw error;
  }
}

function kindOf(text: string): IntegrationKind {
  const { success, data } = IntegrationKind.safeParse(text);
  if (!success) throw new CommandError(`--kind is tap, target or etl, not ${text}`, EXIT.usage);
  return data;
}

function inputOf(path: string): string {
  if (!existsSync(path)) throw new CommandError(`${path} is not there`, EXIT.notFound);
  return resolve(path);
}

function waiver(text: string): [string, string] {
  const [, stream, reason] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (!stream || !reason) throw new CommandError('--may-be-empty takes STREAM=REASON', EXIT.usage);
  return [stream, reason];
}
