import type { Command } from 'commander';
import pc from 'picocolors';
import { Fault } from '#core/fault.ts';
import { connectEmail } from '../connect/email.ts';
import { connectGitHub, type GitHubOptions } from '../connect/github.ts';
import { connectJira, type JiraOptions } from '../connect/jira.ts';
import { type Check, type Place, placeOf } from '../connect/place.ts';
import { connectSlack, type SlackOptions } from '../connect/slack.ts';
import { type Connection, connections } from '../connect/status.ts';
import { columns, moment } from '../layout.ts';
import { CommandError, EXIT } from '../terminal.ts';

const HELP = `
Secrets are typed where nobody sees them, and go into Secrets Manager with your own AWS credentials; the product itself cannot write any.
A program pipes its answers in, as one JSON object on standard input. The same command again rotates: the new secret and the one before it count.
Examples:
  npx signalbox connect github --org main --owner acme
  npx signalbox connect slack --channel C0123456789
  npx signalbox connect jira --issue OPS-1
  npx signalbox connect email --from signalbox@acme.example --to you@acme.example
  npx signalbox connect status`;

const many = (value: string, before: string[] = []) => [...before, value];

/** `signalbox connect`: makes GitHub, Slack, Jira and e-mail work, guided, with a test at the end. */
export function connect(program: Command): void {
  const command = program
    .command('connect')
    .description('connect GitHub, Slack, Jira and e-mail, guided, with a test at the end')
    .addHelpText('after', HELP);
  const added = (name: string, description: string) =>
    command
      .command(name)
      .description(description)
      .option('--org <id>', 'id of the organization', 'main')
      .option('--aws <url>', 'where the local AWS listens, for a product on this machine');
  const doing =
    <Options>(work: (place: Place, options: Options) => Promise<Check[]>) =>
    async (options: Options & { org: string; aws?: string }) => {
      const place = placeOf({ ...program.opts<{ url: string; json: boolean }>(), ...options });
      const checks = await work(place, options).catch(inWords);
      place.out.result({ checks }, () => table(checks));
      if (checks.some(({ ok }) => !ok)) process.exitCode = EXIT.failed;
    };
  const withForge = (one: Command) =>
    one.option(
      '--forge-secret <arn>',
      'output ForgeSecretArn of SignalboxData, where it is not found by its name',
    );

  withForge(added('github', 'make a GitHub App, or rotate the secret of the one that is there'))
    .option('--github <url>', 'or where your GitHub Enterprise is', 'https://github.com')
    .option('--owner <login>', 'the GitHub organization that shall own the App')
    .option('--new', 'make another App though there is one')
    .option('--patience <seconds>', 'how long to wait for you in the browser', '900')
    .action(doing<GitHubOptions>(connectGitHub));
  added('slack', 'the secrets of your Slack app, and a test message')
    .option('--slack <url>', 'where Slack is', 'https://slack.com')
    .option('--channel <id>', 'where the test message goes')
    .option('--watch <id>', 'a channel in which every message is a request; may be given again', many)
    .action(doing<SlackOptions>(connectSlack));
  added('jira', 'an API token, the webhook, and a test comment')
    .option('--issue <key>', 'the issue that gets the test comment')
    .option('--private', 'Jira is in a private network')
    .action(doing<JiraOptions>(connectJira));
  added('email', 'whether SES sends for you, and a test mail')
    .requiredOption('--from <address>', 'what MailFrom is at deploy')
    .requiredOption('--to <address>', 'your own')
    .action(doing<{ from: string; to: string }>((_, options) => connectEmail(options)));
  withForge(added('status', 'what is connected, whether it works, and when it was last heard from'))
    .option('--slack <url>', 'where Slack is', 'https://slack.com')
    .option('--from <address>', 'look at the sender of mail too')
    .action(async (options) => {
      const place = placeOf({ ...program.opts<{ url: string; json: boolean }>(), ...options });
      const found = await connections(place, options).catch(inWords);
      place.out.result(found, () => columns(found.flatMap(lines), Infinity));
      if (found.some(({ checks }) => checks.some(({ ok }) => !ok))) process.exitCode = EXIT.failed;
    });
}

/** What the other side has refused, or who cannot be asked, is no bug of ours. */
function inWords(error: Error & { code?: string }): never {
  if (error instanceof Fault) throw new CommandError(error.message);
  const { AWS_ENDPOINT_URL: at } = process.env;
  if (error.code === 'ECONNREFUSED' && at)
    throw new CommandError(
      `Nothing answers at ${at}. Start the product with npm start, or say where its AWS is with --aws.`,
      EXIT.unreachable,
    );
  if (error.name === 'CredentialsProviderError' || error.message === 'Region is missing')
    throw new CommandError(
      `${error.message}: sign in to AWS where the product is deployed (AWS_PROFILE, AWS_REGION), then the same again.`,
      EXIT.signedOut,
    );
  throw error;
}

const mark = (ok: boolean) => (ok ? pc.green('ok') : pc.red('no'));

function table(checks: Check[]): string {
  return columns(
    checks.map(({ what, ok, detail }) => [mark(ok), what, detail]),
    Infinity,
  );
}

function lines({ source, connected, checks, heardAt }: Connection): string[][] {
  if (!connected) return [[source, pc.yellow('--'), '', 'not connected']];
  const heard =
    source === 'email'
      ? []
      : [[source, '', 'heard', heardAt ? moment(heardAt) : 'never, or you are not signed in']];
  return [...checks.map(({ what, ok, detail }) => [source, mark(ok), what, detail]), ...heard];
}
