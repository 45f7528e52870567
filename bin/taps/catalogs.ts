import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { parseJson } from '#core/parse.ts';
import { catalogFindings } from '#core/taps/catalog.ts';
import { Consumers } from '#core/taps/consumers.ts';
import { type Change, changesBetween, sentence } from '#core/taps/drift.ts';
import { type Finding, Waivers } from '#core/taps/finding.ts';
import { SEVERITIES_VERSION, SeverityOverrides } from '#core/taps/severity.ts';
import { shapeOf } from '#core/taps/shape.ts';
import { CommandError, EXIT, terminal } from '../terminal.ts';

const CHECK_HELP = `
Ends with 1 when the catalog is unsound. A waiver file is JSON: [{"rule": "KEY_MISSING", "stream": "report_*", "reason": "…"}]
Example:
  tap-shop --config config.json --discover > catalog.json; npx signalbox taps check catalog.json`;

const COMPARE_HELP = `
Ends with 1 when something is breaking. Readers are JSON: [{"name": "billing", "reads": {"orders": ["total", "lines[].sku"]}}]
Rules are JSON: {"PROPERTY_REMOVED": "breaking"}; signalbox drift rules lists them.
Example:
  npx signalbox taps compare before.json after.json --readers readers.json`;

/** `signalbox taps check`: what is wrong with a catalog. */
export function check(taps: Command): void {
  taps
    .command('check')
    .description('check a catalog: its schemas, keys, replication and metadata')
    .argument('<catalog>', 'a file, or - for standard input')
    .option('--waivers <file>', 'rules that it may break, with reasons')
    .addHelpText('after', CHECK_HELP)
    .action((file: string, { waivers }: { waivers?: string }) => {
      const { json } = taps.optsWithGlobals();
      const allowed = waivers ? given(waivers, Waivers) : [];
      const findings = catalogFindings(read(file), allowed);
      const isSound = !findings.some(({ grade }) => grade === 'FAIL');
      terminal(json).result({ isSound, findings }, () => findingsTold(findings, isSound));
      if (!isSound) process.exitCode = EXIT.failed;
    });
}

/** `signalbox taps compare`: what has changed from one catalog to another, and for whom. */
export function compare(taps: Command): void {
  taps
    .command('compare')
    .description('say what has changed between two catalogs, the worst first')
    .argument('<before>', 'a catalog file')
    .argument('<after>', 'a catalog file')
    .option('--readers <file>', 'who reads what')
    .option('--rules <file>', 'severities of your own')
    .addHelpText('after', COMPARE_HELP)
    .action((before: string, after: string, { readers, rules }: { readers?: string; rules?: string }) => {
      const { json } = taps.optsWithGlobals();
      const changes = changesBetween(shapeIn(before), shapeIn(after), {
        consumers: readers ? given(readers, Consumers) : [],
        overrides: rules ? given(rules, SeverityOverrides) : {},
      });
      const worst = changes[0]?.severity ?? 'none';
      terminal(json).result({ worst, changes, severities: SEVERITIES_VERSION }, () => changesTold(changes));
      if (worst === 'breaking') process.exitCode = EXIT.failed;
    });
}

function shapeIn(file: string) {
  const text = read(file);
  try {
    return shapeOf(JSON.parse(text));
  } catch (error) {
    throw new CommandError(`${file} is not a catalog: ${(error as Error).message}`, EXIT.usage);
  }
}

function read(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new CommandError(`${file} cannot be read: ${(error as Error).message}`, EXIT.usage);
  }
}

/** A file of settings, checked. */
export function given<T>(file: string, schema: Parameters<typeof parseJson<T>>[0]): T {
  try {
    return parseJson(schema, read(file));
  } catch (error) {
    throw new CommandError(`${file}: ${(error as Error).message}`, EXIT.usage);
  }
}

function findingsTold(findings: Finding[], isSound: boolean): string {
  const lines = findings.map(
    ({ grade, rule, text, reason }) => `${grade.padEnd(6)}  ${rule}  ${text}${reason ? ` (${reason})` : ''}`,
  );
  return [
    ...lines,
    isSound ? 'The catalog is sound.' : 'The catalog is unsound: targets may refuse it.',
  ].join('\n');
}

/** Changes, a line each. */
export function changesTold(changes: (Omit<Change, 'rule' | 'kind'> & { rule: string })[]): string {
  if (changes.length === 0) return 'Nothing has changed for who reads the data.';
  return changes
    .map(
      (one) =>
        `${one.severity.padEnd(11)}  ${one.rule}  ${sentence(one)}${one.readers.length > 0 ? `; read by ${one.readers.join(', ')}` : ''}`,
    )
    .join('\n');
}
