import { createHash, randomUUID } from 'node:crypto';
import { AwsError, type Operations, only, refuse } from '../aws/service.ts';
import type { Clock } from '../clock.ts';
import type { Store } from '../store.ts';
import type { CallContext, Integrations } from './calls.ts';
import type { Engine } from './engine.ts';
import { type HistoryEvent, withoutData } from './history.ts';
import { checkArn, checkName, type Machines } from './machines.ts';
import { cursor, page } from './page.ts';
import type { Execution } from './rows.ts';
import { LIMIT } from './scope.ts';

interface Parts {
  store: Store;
  clock: Clock;
  engine: Engine;
  machines: Machines;
  onStatus: (execution: Execution) => void;
}

interface Start {
  stateMachineArn: string;
  name?: string;
  input?: string;
  /** The token of the task that waits for the end. */
  parent?: string;
}

/** The control plane of executions. */
export function executions(parts: Parts): { operations: Operations; startExecution: Integrations[string] } {
  const launch = launcher(parts);
  return {
    operations: { ...actions(parts, launch), ...readings(parts) },
    startExecution: (args, context) => startFromTask(parts.store, launch, { args, context }),
  };
}

type Launch = (request: Start) => Promise<Execution>;

/** Starts executions: by a name once; the same name and input again while it runs is the same execution. */
function launcher({ store, clock, engine, machines, onStatus }: Parts): Launch {
  function insert({ stateMachineArn, name = randomUUID(), input = '{}', parent }: Start): Execution {
    const machine = machines.row(stateMachineArn);
    const arn = executionArn(machine.arn, name);
    const old = find(store, arn);
    if (old?.status === 'RUNNING' && old.input === input) return old;
    if (old) throw new AwsError('ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`);
    store
      .sql(INSERT)
      .run(arn, machine.arn, name, machine.definition, machine.role, input, clock.now(), parent ?? null);
    store.sql("INSERT INTO states_pending VALUES(?,'','start')").run(arn);
    store.afterCommit(() => void engine.wake(arn, { kind: 'start' }));
    const started = find(store, arn) as Execution;
    onStatus(started);
    return started;
  }
  return async (request) => {
    machines.row(request.stateMachineArn);
    if (request.name !== undefined) checkName(request.name);
    checkInput(request.input ?? '{}');
    return engine.commit(() => insert(request));
  };
}

const INSERT = `INSERT INTO states_executions(arn,machine,name,definition,role,input,status,started,events,parent)
  VALUES(?,?,?,?,?,?,'RUNNING',?,0,?)`;

function executionArn(machine: string, name: string): string {
  return `${machine.replace(':stateMachine:', ':execution:')}:${name}`;
}

function find({ sql }: Store, arn: string): Execution | undefined {
  return sql('SELECT * FROM states_executions WHERE arn=?').get(arn) as unknown as Execution | undefined;
}

function existing(store: Store, arn: string): Execution {
  checkArn(arn, 'execution');
  const found = find(store, arn);
  if (!found) throw new AwsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
  return found;
}

interface FromTask {
  args: { StateMachineArn: string; Name?: string; Input?: unknown };
  context: CallContext;
}

/** `states:startExecution`. The same attempt, repeated after a crash, finds the execution that it had started. */
async function startFromTask(store: Store, launch: Launch, { args, context }: FromTask): Promise<unknown> {
  only('states:startExecution', args, ['StateMachineArn', 'Name', 'Input', 'AssociateWithParent']);
  const { StateMachineArn } = args;
  const Input = args.Input ?? {};
  const name = args.Name ?? createHash('sha256').update(context.attempt).digest('hex').slice(0, 40);
  const parent = context.mode === 'sync' ? `${context.action} ${context.token}` : undefined;
  const input = typeof Input === 'string' ? Input : JSON.stringify(Input);
  const old = find(store, executionArn(StateMachineArn, name));
  const isOwn = old && (parent ? old.parent === parent : args.Name === undefined);
  const { arn, started } = isOwn
    ? old
    : await launch({ stateMachineArn: StateMachineArn, name, input, parent });
  return { ExecutionArn: arn, StartDate: started };
}

function actions({ store, clock, engine }: Parts, launch: Launch): Operations {
  return {
    async StartExecution(input) {
      only('StartExecution', input, ['stateMachineArn', 'name', 'input', 'traceHeader']);
      const { stateMachineArn, name, input: text } = input;
      const { arn, started } = await launch({ stateMachineArn, name, input: text });
      return { executionArn: arn, startDate: started / 1000 };
    },
    async StopExecution(input) {
      only('StopExecution', input, ['executionArn', 'error', 'cause']);
      const { arn } = existing(store, input.executionArn);
      await engine.wake(arn, { kind: 'stop', error: input.error, cause: input.cause });
      return { stopDate: (existing(store, arn).stopped ?? clock.now()) / 1000 };
    },
    RedriveExecution: () => refuse('RedriveExecution'),
    StartSyncExecution: () => refuse('StartSyncExecution'),
  };
}

function readings({ store, machines }: Parts): Operations {
  return {
    DescribeExecution(input) {
      only('DescribeExecution', input, ['executionArn', 'includedData']);
      return describe(existing(store, input.executionArn));
    },
    DescribeStateMachineForExecution(input) {
      only('DescribeStateMachineForExecution', input, ['executionArn', 'includedData']);
      const { machine, definition, role } = existing(store, input.executionArn);
      const { name, updated } = machines.row(machine);
      const shared = { stateMachineArn: machine, name, roleArn: role ?? '', updateDate: updated / 1000 };
      return { ...shared, definition: machines.text(definition) };
    },
    ListExecutions(input) {
      only('ListExecutions', input, ['stateMachineArn', 'statusFilter', 'maxResults', 'nextToken']);
      const { arn } = machines.row(input.stateMachineArn);
      const { statusFilter, maxResults } = input;
      const rows = store
        .sql(
          `SELECT * FROM states_executions WHERE machine=? AND seq<? ${statusFilter ? 'AND status=?' : ''}
            ORDER BY seq DESC LIMIT ?`,
        )
        .all(
          ...[arn, Number(cursor(input) ?? 2 ** 52), ...(statusFilter ? [statusFilter] : [])],
          (maxResults || 100) + 1,
        );
      const { items, nextToken } = page(
        rows as unknown as (Execution & { seq: number })[],
        input,
        ({ seq }) => seq,
      );
      return { executions: items.map(summary), nextToken };
    },
    GetExecutionHistory(input) {
      only('GetExecutionHistory', input, HISTORY);
      const { arn } = existing(store, input.executionArn);
      const events = store
        .sql('SELECT events FROM states_history WHERE execution=? ORDER BY first')
        .all(arn)
        .flatMap((batch) => JSON.parse(batch.events as string) as HistoryEvent[]);
      if (input.reverseOrder) events.reverse();
      const from = cursor(input);
      const rest =
        from === undefined ? events : events.slice(events.findIndex(({ id }) => id === Number(from)) + 1);
      const { items, nextToken } = page(rest, input, (last) => last.id);
      return { events: input.includeExecutionData === false ? items.map(withoutData) : items, nextToken };
    },
  };
}

const HISTORY = ['executionArn', 'maxResults', 'nextToken', 'reverseOrder', 'includeExecutionData'];

function checkInput(text: unknown): void {
  if (typeof text !== 'string' || Buffer.byteLength(text) > LIMIT)
    throw new AwsError(
      'InvalidExecutionInput',
      'Invalid State Machine Execution Input: more than 262144 bytes',
    );
  try {
    JSON.parse(text);
  } catch (error) {
    throw new AwsError(
      'InvalidExecutionInput',
      `Invalid State Machine Execution Input: '${(error as Error).message}'`,
    );
  }
}

function summary(execution: Execution): object {
  const { arn, machine, name, status, started, stopped } = execution;
  return {
    executionArn: arn,
    stateMachineArn: machine,
    name,
    status,
    startDate: started / 1000,
    ...(stopped !== null && { stopDate: stopped / 1000 }),
    redriveCount: 0,
  };
}

function describe(execution: Execution): object {
  const { input, output, error, cause } = execution;
  return {
    ...summary(execution),
    input,
    inputDetails: { included: true },
    ...(output !== null && { output, outputDetails: { included: true } }),
    ...(error !== null && { error }),
    ...(cause !== null && { cause }),
    redriveStatus: 'NOT_REDRIVABLE',
  };
}
