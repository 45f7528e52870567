import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { differences } from './differences.ts';
import { cache, fetched, type Ready, up } from './engines.ts';
import { sendTicket } from './ticket.ts';

/**
 * `npm run test:oracles [-- --require]`: holds engines that are not ours to our contract suites, and deploys the
 * synthesised template to one of them. What a machine lacks is said; with `--require` that is a failure too.
 */
const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);
const say = (text: string) => process.stdout.write(`${text}\n`);
const isInside = process.argv.includes('--inside');

/** Both listen on every interface: where the kernel lets us, all of it runs in a network of its own. */
async function isolated(): Promise<number | undefined> {
  const inside = ['--map-root-user', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'];
  const can = await run('unshare', [...inside, 'true']).then(
    () => true,
    () => false,
  );
  if (!can) say('No network namespace here: the oracles listen on every interface while this runs.');
  if (!can) return undefined;
  const child = spawn('unshare', [...inside, process.execPath, ...process.argv.slice(1), '--inside'], {
    stdio: 'inherit',
  });
  return new Promise((resolve) => child.on('exit', (code) => resolve(code ?? 1)));
}

interface Result {
  name: string;
  isPassed: boolean;
}

async function suites(started: string[]): Promise<Result[]> {
  const out = join(cache, 'results.json');
  rmSync(out, { force: true });
  const env = {
    ...process.env,
    ...(started.includes('DynamoDB Local') && { DYNAMODB_LOCAL: 'http://127.0.0.1:8123' }),
    ...(started.includes('ministack') && { MINISTACK: 'http://127.0.0.1:4566' }),
  };
  const args = ['run', '--config', 'vitest.oracles.config.ts', '--reporter=json', `--outputFile=${out}`];
  await run(join(root, 'node_modules/.bin/vitest'), args, { cwd: root, env, maxBuffer: 2 ** 28 }).catch(
    () => {},
  );
  const { testResults } = JSON.parse(readFileSync(out, 'utf8')) as {
    testResults: { assertionResults: { ancestorTitles: string[]; title: string; status: string }[] }[];
  };
  return testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status === 'passed' || status === 'failed')
    .map(({ ancestorTitles, title, status }) => ({
      name: [...ancestorTitles, title].join(' / '),
      isPassed: status === 'passed',
    }));
}

/** Prints a table; answers how many differences nobody has explained. */
function report(oracle: string, results: Result[]): number {
  const own = results.filter(({ name }) => name.startsWith(`${oracle} / `));
  const failed = own.filter(({ isPassed }) => !isPassed);
  const known = differences.filter((one) => one.oracle === oracle);
  say(`\n${oracle}: ${own.length - failed.length} of ${own.length} tests pass`);
  for (const { tests, because, decides } of known) {
    const here = failed.filter(({ name }) => tests.test(name));
    say(`  ${String(here.length).padStart(3)} differ: ${because}\n      ${decides}`);
    if (here.length === 0) say('      stale: this difference is gone, take it off the list');
  }
  const unknown = failed.filter(({ name }) => !known.some(({ tests }) => tests.test(name)));
  for (const { name } of unknown) say(`  UNEXPLAINED: ${name}`);
  return unknown.length;
}

const AWS = {
  AWS_ENDPOINT_URL: 'http://127.0.0.1:4566',
  AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:4566',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_REGION: 'us-east-1',
  AWS_DEFAULT_REGION: 'us-east-1',
  CDK_VALIDATION: 'false',
};

/** Synthesises, takes out what this emulator cannot make, deploys with the CDK's own command line, and sends a ticket. */
async function wiring(): Promise<boolean> {
  const out = join(cache, 'cdk.out');
  const cdk = (...args: string[]) =>
    run(join(root, 'node_modules/.bin/cdk'), args, {
      cwd: root,
      env: { ...process.env, ...AWS },
      maxBuffer: 2 ** 28,
      timeout: 300_000,
    });
  await cdk('synth', '--quiet', '--output', out);
  const taken = withoutBuilds(join(out, 'SignalboxService.template.json'));
  await cdk('bootstrap', 'aws://000000000000/us-east-1');
  const parameters = ['AdminEmail=admin@acme.example', 'MailFrom=bot@acme.example'];
  const began = performance.now();
  const { stdout, stderr } = await cdk(
    ...['deploy', '-a', out, '--all', '--require-approval', 'never', '--ci'],
    ...parameters.flatMap((one) => ['--parameters', `SignalboxService:${one}`]),
  );
  const url = /SignalboxService\.Url = (\S+)/.exec(stdout + stderr)?.[1] ?? '';
  say(
    `\nministack: the template deployed in ${((performance.now() - began) / 1000).toFixed(0)} s without ${taken.join(', ')}`,
  );
  const { status, answer, tickets, executions } = await sendTicket(AWS.AWS_ENDPOINT_URL, url);
  say(`  a signed webhook was answered ${status} ${answer.slice(0, 120)}`);
  say(`  ${tickets} ticket kept; executions: ${executions.join(', ') || 'none'}`);
  return status === 202 && tickets === 1;
}

/** Images are built by CodeBuild at deploy, which no emulator does. Answers what was taken out. */
function withoutBuilds(file: string): string[] {
  const template = JSON.parse(readFileSync(file, 'utf8'));
  const builds = Object.entries<{ Type: string }>(template.Resources).filter(
    ([, { Type }]) => Type === 'Custom::CDKContainerImageBuild',
  );
  const names = builds.map(([name]) => name);
  for (const name of names) delete template.Resources[name];
  const without = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.filter((one) => !names.includes(one)).map(without);
    if (typeof value !== 'object' || value === null) return value;
    const { 'Fn::GetAtt': attribute, Ref } = value as { 'Fn::GetAtt'?: string[]; Ref?: string };
    if (names.includes(attribute?.[0] ?? Ref ?? '')) return 'taken-out';
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, without(inner)]));
  };
  writeFileSync(file, JSON.stringify(without(template)));
  return names;
}

/** Asks every oracle that is ready; answers how much nobody can explain. */
async function ask(ready: Ready[]): Promise<number> {
  const children: ChildProcess[] = [];
  try {
    for (const [oracle, command] of ready) children.push(await up(oracle, command));
    const names = ready.map(([{ name }]) => name);
    const results = await suites(names);
    const unexplained = names.map((name) => report(name, results)).reduce((sum, one) => sum + one, 0);
    const isWired = !names.includes('ministack') || (await wiring());
    return unexplained + (isWired ? 0 : 1);
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
}

async function main(): Promise<number> {
  const { ready, missing } = await fetched();
  const inside = ready.length > 0 && !isInside ? await isolated() : undefined;
  if (inside !== undefined) return inside;
  const wrong = ready.length > 0 ? await ask(ready) : 0;
  for (const what of missing) say(`\nNot asked: ${what}`);
  return wrong > 0 || (missing.length > 0 && process.argv.includes('--require')) ? 1 : 0;
}

process.exitCode = await main();
