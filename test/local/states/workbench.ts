import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Call } from '#local/aws/service.ts';
import type { Integrations } from '#local/states/calls.ts';
import { type States, type StatusChange, states } from '#local/states/states.ts';
import { openStore, type Store } from '#local/store.ts';
import { settled, type VirtualClock, virtualClock } from '../../support/clock.ts';

/** An execution as DescribeExecution and GetExecutionHistory show it. */
export interface Finished {
  executionArn: string;
  status: string;
  output?: unknown;
  error?: string;
  cause?: string;
  /** Event types with what they follow: `4<3 TaskStarted`. */
  history: string[];
  // biome-ignore lint/suspicious/noExplicitAny: as it comes over the wire
  events: any[];
}

export interface Workbench {
  store: Store;
  clock: VirtualClock;
  states: States;
  changes: StatusChange[];
  // biome-ignore lint/suspicious/noExplicitAny: as it comes over the wire
  call(operation: string, input: object): Promise<any>;
  /** Creates a JSONata machine and starts it. */
  start(definition: object, input?: unknown, name?: string): Promise<string>;
  show(executionArn: string): Promise<Finished>;
  /** Starts a machine and moves the clock until the execution has ended. */
  run(definition: object, input?: unknown): Promise<Finished>;
  /** Stops everything and opens the same folder again, with the same clock. */
  reopen(): Promise<Workbench>;
  close(): Promise<void>;
}

const call: Call = { signal: new AbortController().signal };
let machines = 0;

/** The engine on a clock that the test moves, in a folder of its own. */
export function workbench(
  given: Integrations | ((store: Store, clock: VirtualClock) => Integrations) = {},
  options: { folder?: string; clock?: VirtualClock } = {},
): Workbench {
  const { folder = mkdtempSync(join(tmpdir(), 'states-')), clock = virtualClock() } = options;
  const store = openStore(folder);
  const integrations = typeof given === 'function' ? given(store, clock) : given;
  const changes: StatusChange[] = [];
  const service = states({ store, clock, integrations, onStatus: (change) => void changes.push(change) });
  const bench: Workbench = {
    store,
    clock,
    states: service,
    changes,
    call: ask,
    start,
    show,
    run,
    reopen,
    close,
  };
  return bench;

  // biome-ignore lint/suspicious/noExplicitAny: as it comes over the wire
  async function ask(operation: string, input: object): Promise<any> {
    const handler = service.operations[operation];
    if (!handler) throw new Error(`No operation ${operation}`);
    return handler(input, call);
  }

  async function start(definition: object, input: unknown = {}, name?: string): Promise<string> {
    machines += 1;
    const text = JSON.stringify({ QueryLanguage: 'JSONata', ...definition });
    const machine = {
      name: `machine-${machines}`,
      definition: text,
      roleArn: 'arn:aws:iam::000000000000:role/r',
    };
    const { stateMachineArn } = await ask('CreateStateMachine', machine);
    const { executionArn } = await ask('StartExecution', {
      stateMachineArn,
      input: JSON.stringify(input),
      name,
    });
    await settled();
    return executionArn;
  }

  async function show(executionArn: string): Promise<Finished> {
    const { output, ...end } = await ask('DescribeExecution', { executionArn });
    const { events } = await ask('GetExecutionHistory', { executionArn, maxResults: 1000 });
    // biome-ignore lint/suspicious/noExplicitAny: as it comes over the wire
    const history = events.map((event: any) => `${event.id}<${event.previousEventId} ${event.type}`);
    return { ...end, ...(output !== undefined && { output: JSON.parse(output) }), history, events };
  }

  async function run(definition: object, input: unknown = {}): Promise<Finished> {
    const executionArn = await start(definition, input);
    await clock.run(() =>
      changes.some((one) => one.executionArn === executionArn && one.status !== 'RUNNING'),
    );
    return show(executionArn);
  }

  async function reopen(): Promise<Workbench> {
    await service.stop();
    store.close();
    return workbench(given, { folder, clock });
  }

  async function close(): Promise<void> {
    await service.stop();
    store.close();
    rmSync(folder, { recursive: true });
  }
}

/** One Task as a whole machine, with further fields. */
export function task(resource: string, fields: object = {}): object {
  const Resource = `arn:aws:states:::${resource}`;
  return { StartAt: 'Work', States: { Work: { Type: 'Task', Resource, End: true, ...fields } } };
}
