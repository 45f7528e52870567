import type { Command } from 'commander';
import pc from 'picocolors';
import { runExamples } from '#core/policy/examples.ts';
import type { ActivePolicy } from '#core/policy/policy.ts';
import { isAcceptable, readPolicy } from '#core/policy/read.ts';
import { judge, replay } from '#core/policy/replay.ts';
import { actionFrom, examplesOf, groupsFrom, pastFrom, textOf } from '../policy-files.ts';
import { explained, listed, replayed, tested } from '../policy-text.ts';
import { CommandError, EXIT, type Terminal, terminal } from '../terminal.ts';
import { activePolicy } from './active-policy.ts';

const HELP = `
Examples:
  npx signalbox policy check policy.yaml
  npx signalbox policy test policy.yaml
  npx signalbox policy explain policy.yaml --action email.send --facts '{"recipients": 3, "pii": "none"}'
  npx signalbox policy diff active.yaml policy.yaml --facts decisions.jsonl
  npx signalbox policy show > policy.yaml
  npx signalbox policy activate policy.yaml
All but the last two are done on this machine, without the product. A file may be -, for standard input.`;

/** `signalbox policy check|test|explain|diff|show|activate`: what a policy says, before it holds and while it does. */
export function policy(program: Command): void {
  const command = program
    .command('policy')
    .description('check, test, explain and compare policies: who must agree to what')
    .addHelpText('after', HELP);
  for (const add of [check, test, explain, diff]) add(command, () => terminal(program.opts().json));
  activePolicy(command, program);
}

function check(command: Command, out: () => Terminal): void {
  command
    .command('check')
    .description('find what is wrong with a policy; ends with 1 if it could not be activated')
    .argument('<file>')
    .option('--groups <file>', 'JSON of the members of each group, to see whether enough people could agree')
    .action((file: string, { groups }: { groups?: string }) => {
      const read = readPolicy(textOf(file), groups ? { groups: groupsFrom(groups) } : {});
      const acceptable = isAcceptable(read);
      const last = acceptable
        ? pc.green(`It can be activated: ${read.active?.hash}`)
        : pc.red('It cannot be activated.');
      out().result({ acceptable, hash: read.active?.hash, problems: read.problems }, () =>
        [...listed(file, read.problems), last].join('\n'),
      );
      if (!acceptable) process.exitCode = EXIT.failed;
    });
}

function test(command: Command, out: () => Terminal): void {
  command
    .command('test')
    .description("judge a policy's own tests; ends with 1 if one fails")
    .argument('<file>')
    .action((file: string) => {
      const results = runExamples(readable(file));
      out().result(results, () => tested(results));
      if (results.some(({ passed }) => !passed)) process.exitCode = EXIT.failed;
    });
}

function explain(command: Command, out: () => Terminal): void {
  command
    .command('explain')
    .description('say what a policy makes of one action, and why')
    .argument('<file>')
    .requiredOption('--action <kind>', 'what would be done: email.send')
    .option('--facts <json>', 'what was measured about it', '{}')
    .option('--spent <json>', 'used up of budgets: {"cost_usd_24h": 12}', '{}')
    .option('--risk <risk>', 'what the agent thinks of the risk: low, medium or high')
    .option('--people <n>', 'people in the organization', '10')
    .action((file: string, options) => {
      const judgement = judge(readable(file), actionFrom(options));
      out().result(judgement, () => explained(judgement));
    });
}

function diff(command: Command, out: () => Terminal): void {
  command
    .command('diff')
    .description('judge past actions, or the tests of both, by two policies, and show what became looser')
    .argument('<old>')
    .argument('<new>')
    .option('--facts <file>', 'past actions, a line of JSON each: {"id", "type", "facts", "spent"}')
    .action((before: string, after: string, { facts }: { facts?: string }) => {
      const [old, next] = [readable(before), readable(after)];
      const compared = replay(old, next, facts ? pastFrom(facts) : examplesOf(old, next));
      out().result(compared, () => replayed(compared));
    });
}

/** A policy that can be evaluated, though it may not be one that can be activated. */
function readable(file: string): ActivePolicy {
  const { active, problems } = readPolicy(textOf(file));
  if (!active) throw new CommandError(listed(file, problems).join('\n'));
  return active;
}
