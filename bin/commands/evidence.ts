import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import pc from 'picocolors';
import { type Evidence, evidenceIn } from '#core/ledger/evidence.ts';
import { fingerprint, pemOf } from '#core/ledger/signature.ts';
import { type Report, type SignedByPasskey, verifyEvidence } from '#core/ledger/verify.ts';
import type { Problem } from '#core/ledger.ts';
import { type Client, client } from '../client.ts';
import { facts, moment } from '../layout.ts';
import { CommandError, EXIT, terminal } from '../terminal.ts';

const HELP = `
Examples:
  npx signalbox evidence act_0123456789ABCDEFGHJKMNPQRS --out evidence.json
  npx signalbox evidence verify evidence.json --key checkpoint-key.pem

verify needs no network and no account. It ends with 0 when everything holds, with 1 when something does not.`;

/** Checkpoints are made once a minute. */
const TRIES = 10;
const PAUSE = 10_000;

/** `signalbox evidence ACTION`, `signalbox evidence verify FILE`: what proves an action, and what that is worth. */
export function evidence(program: Command): void {
  const command = program
    .command('evidence')
    .description('export what proves the story of an action, or check such a file')
    .argument('[action]', 'its id')
    .option('--out <file>', 'where to write it; ACTION.evidence.json unless given')
    .addHelpText('after', HELP)
    .action(async (id: string | undefined, { out: file }: { out?: string }) => {
      if (!id) return command.help({ error: true });
      const { url, json } = program.opts();
      const out = terminal(json);
      const bundle = await exported(client(url), id, out.say);
      const path = file ?? `${id}.evidence.json`;
      writeFileSync(path, `${JSON.stringify(bundle, null, 2)}\n`);
      out.result(
        { file: path, entries: bundle.entries.length },
        () => `Written to ${path}. Check it with:
  npx signalbox evidence verify ${path}`,
      );
    });
  command
    .command('verify')
    .description('check a file without a network: chain, tree, signatures and what was approved')
    .argument('<file>', 'what evidence wrote')
    .option('--key <pem...>', 'public keys that you believe; without one, the file brings its own')
    .action(async (file: string, { key: keyFiles = [] }: { key?: string[] }) => {
      const keys = keyFiles.map(keyIn);
      const { evidence: bundle, problems = [] } = { evidence: undefined, ...parsed(file) };
      const report = bundle
        ? await verifyEvidence(bundle, { keys, isSigned })
        : { problems, asOf: undefined, unchecked: [] };
      const { json } = program.opts();
      terminal(json).result(summary(bundle, report), () => described(bundle, report, keyFiles.length > 0));
      if (report.problems.length > 0) process.exitCode = EXIT.failed;
    });
}

/** Loaded only where a passkey has signed: most evidence has none, and the library is large. */
const isSigned: SignedByPasskey = async (kept, challenge) =>
  (await import('#adapters/webauthn.ts')).isSignedDecision(kept, challenge);

/** The evidence, once a checkpoint covers all of it. */
async function exported(api: Client, id: string, say: (text: string) => void): Promise<Evidence> {
  for (let left = TRIES; ; left -= 1) {
    try {
      return await api.ask<Evidence>(`/v1/actions/${encodeURIComponent(id)}/evidence`);
    } catch (error) {
      if (!(error instanceof CommandError) || error.exit !== EXIT.later || left === 0) throw error;
      if (left === TRIES)
        say('Its last entries are in no checkpoint yet; one is made every minute. Waiting …');
      await sleep(PAUSE);
    }
  }
}

function parsed(file: string): { evidence?: Evidence; problems?: Problem[] } {
  try {
    return evidenceIn(text(file));
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(`${file} is no evidence: ${(error as Error).message}`);
  }
}

function text(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandError(`${file} cannot be read: ${(error as Error).message}`, EXIT.usage);
  }
}

function keyIn(file: string): string {
  return pemOf(text(file)) ?? wrong(`${file} is no public key in PEM`);
}

function wrong(message: string): never {
  throw new CommandError(message, EXIT.usage);
}

function summary(bundle: Evidence | undefined, report: Report) {
  const { action_id = null, entries = [], checkpoints = [] } = bundle ?? {};
  return {
    ok: report.problems.length === 0,
    action_id,
    entries: entries.length,
    first_bad_entry: report.problems[0]?.entry ?? null,
    problems: report.problems,
    as_of: report.asOf ?? null,
    keys: [...new Set(checkpoints.map(({ publicKey }) => fingerprint(publicKey)))],
    unchecked: report.unchecked,
  };
}

function described(bundle: Evidence | undefined, report: Report, isKeyGiven: boolean): string {
  const { ok, keys, entries } = summary(bundle, report);
  const [first, ...others] = report.problems;
  const more = others.length > 0 ? ` (and ${others.length} more)` : '';
  const verdict = ok
    ? pc.green('Everything holds.')
    : pc.red(`Not to be believed: ${first?.message}${more}.`);
  if (!bundle) return verdict;
  const told = facts([
    ['action', bundle.action_id],
    ['organization', bundle.org],
    ['entries', String(entries)],
    ['as of', report.asOf && moment(report.asOf)],
    [
      'signed by',
      `${keys.join('\n')}${isKeyGiven ? '' : '\nas the file says: compare it with the key that you know, or give it with --key'}`,
    ],
    ['not checked', report.unchecked.join('\n')],
  ]);
  return `${verdict}\n${told}`;
}
