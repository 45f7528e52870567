import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import {
  DescribeExecutionCommand,
  ListStateMachinesCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { Keys } from '../../bin/demo/keys.ts';
import { tablesAt } from './aws-client.ts';
import type { RunningProduct } from './product.ts';

const run = promisify(execFile);

type Row = Record<string, unknown>;

/** The weekly schema check of the demo's tap, and whoever changes the tap. */
export interface Weekly {
  /** What the weekly rule does; answers the execution's ARN. */
  start(): Promise<string>;
  /** The same; answers what the tap showed. */
  check(): Promise<Row>;
  /** A commit on the forge that changes files of the tap. */
  commit(changes: Record<string, (text: string) => string>): Promise<void>;
  drifts(): Promise<Row[]>;
  rows(table: string): Promise<Row[]>;
  close(): void;
}

export function weekly(product: RunningProduct): Weekly {
  const tables = tablesAt(product.aws);
  const machines = new SFNClient({
    endpoint: product.aws,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });

  async function start(): Promise<string> {
    const { stateMachines = [] } = await machines.send(new ListStateMachinesCommand({}));
    const stateMachineArn = stateMachines.find(({ name }) => /Taps/.test(name ?? ''))?.stateMachineArn;
    const { executionArn = '' } = await machines.send(
      new StartExecutionCommand({ stateMachineArn, input: '{}' }),
    );
    return executionArn;
  }

  /** The output of an execution that is over. */
  async function ended(executionArn: string): Promise<string> {
    for (;;) {
      const {
        status,
        output = '',
        cause,
      } = await machines.send(new DescribeExecutionCommand({ executionArn }));
      if (status === 'SUCCEEDED') return output;
      if (status !== 'RUNNING') throw new Error(`${status}: ${cause}`);
      await sleep(100);
    }
  }

  async function check(): Promise<Row> {
    const executionArn = await start();
    const output = await ended(executionArn);
    if (output !== '{"taps":1}') throw new Error(`The check looked at ${output}`);
    const last = (await tables.rows('Checks')).find(({ sk }) => sk === 'acme/tap-orders') ?? {};
    if (!executionArn.endsWith(`:${last.check}`)) throw new Error(`${last.check} is another check`);
    return last;
  }

  return {
    start,
    check,
    commit: (changes) => commit(product, changes),
    drifts: async () => (await tables.rows('Tickets')).filter(({ source }) => source === 'drift'),
    rows: tables.rows,
    close: () => {
      tables.close();
      machines.destroy();
    },
  };
}

async function commit(
  { forge, webhookSecrets }: RunningProduct,
  changes: Record<string, (text: string) => string>,
): Promise<void> {
  const { forgeToken }: Keys = JSON.parse(readFileSync(webhookSecrets, 'utf8'));
  const folder = mkdtempSync(join(tmpdir(), 'tap-change-'));
  const git = (...args: string[]) =>
    run('git', ['-c', 'user.name=Rosa', '-c', 'user.email=rosa@demo.example', ...args], { cwd: folder });
  const url = forge.replace('://', `://x-access-token:${forgeToken}@`);
  await git('clone', '--quiet', `${url}/acme/tap-orders.git`, '.');
  for (const [path, change] of Object.entries(changes)) {
    const before = readFileSync(join(folder, path), 'utf8');
    const after = change(before);
    if (after === before) throw new Error(`Nothing changes in ${path}`);
    writeFileSync(join(folder, path), after);
  }
  await git('commit', '--quiet', '-am', 'change');
  await git('push', '--quiet', 'origin', 'HEAD:main');
  rmSync(folder, { recursive: true });
}
