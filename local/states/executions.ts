import { createHash, randomUUID } from 'node:crypto';
import { AwsError, type Operations, only, refuse } from '../aws/service.ts';
import type { Clock } from '../clock.ts';
import type { Store } from '../store.ts';
import type { Integrations } from './calls.ts';
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
export function executions({ store, clock, engine, machines, onStatus }: Parts): {
  operations: Operations;
  startExecution: Integrations[string];
} {
  const { sql } = store;

  function find(arn: string): Execution | undefined {
    return sql('SELECT * FROM states_executions WHERE arn=?').get(arn) as unknown as Execution | undefined;
  }

  function row(arn: string): Execution {
    checkArn(arn, 'execution');
    const found = find(arn);
    if (!found) throw new AwsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
    return found;
  }

  function insert(request: Start): Execution {
    const machine = machines.row(request.stateMachineArn);
    const { name = randomUUID(), input = '{}', parent = null } = request;
    const arn = `${machine.arn.replace(':stateMachine:', ':execution:')}:${name}`;
    const old = find(arn);
    if (old?.status === 'RUNNING' && old.input === input) return old;
    if (old) throw new AwsError('ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`);
    sql(
      "INSERT INTO states_executions(arn,machine,name,definition,role,input,status,started,events,parent) VALUES(?,?,?,?,?,?,'RUNNING',?,0,?)",
    ).run(arn, machine.arn, name, machine.definition, machine.role, input, clock.now(), parent);
    sql("INSERT INTO states_pending VALUES(?,'','start')").run(arn);
    store.afterCommit(() => void engine.wake(arn, { kind: 'start' }));
    const started = find(arn) as Execution;
    onStatus(started);
    return started;
  }

  function start(request: Start): Promise<Execution> {
    machines.row(request.stateMachineArn);
    if (request.name !== undefined) checkName(request.name);
    checkInput(request.input ?? '{}');
    return engine.commit(() => insert(request));
  }

  /** The integration of that name. The same attempt, repeated after a crash, finds the execution it had started. */
  async function startExecution(
    args: { StateMachineArn: string; Name?: string; Input?: unknown },
    context: Parameters<Integrations[string]>[1],
  ): Promise<unknown> {
    only('states:startExecution', args, ['StateMachineArn', 'Name', 'Input', 'AssociateWithParent']);
    const {
      StateMachineArn,
      Input = {},
      Name = createHash('sha256').update(context.attempt).digest('hex').slice(0, 40),
    } = args;
    const parent =
      context.token && context.mode === 'sync' ? `${context.action} ${context.token}` : undefined;
    const input = typeof Input === 'string' ? Input : JSON.stringify(Input);
    const old = find(`${StateMachineArn.replace(':stateMachine:', ':execution:')}:${Name}`);
    const isOwn = old && (parent ? old.parent === parent : args.Name === undefined);
    const { arn, started } = isOwn
      ? old
      : await start({ stateMachineArn: StateMachineArn, name: Name, input, parent });
    return { ExecutionArn: arn, StartDate: started };
  }

  const operations: Operations = {
    async StartExecution(input) {
      only('StartExecution', input, ['stateMachineArn', 'name', 'input', 'traceHeader']);
      const { stateMachineArn, name, input: text } = input;
      const { arn, started } = await start({ stateMachineArn, name, input: text });
      return { executionArn: arn, startDate: started / 1000 };
    },
    async StopExecution(input) {
      only('StopExecution', input, ['executionArn', 'error', 'cause']);
      const { arn } = row(input.executionArn);
      await engine.wake(arn, { kind: 'stop', error: input.error, cause: input.cause });
      return { stopDate: (row(arn).stopped ?? clock.now()) / 1000 };
    },
    DescribeExecution(input) {
      only('DescribeExecution', input, ['executionArn', 'includedData']);
      return describe(row(input.executionArn));
    },
    DescribeStateMachineForExecution(input) {
      only('DescribeStateMachineForExecution', input, ['executionArn', 'includedData']);
      const { machine, definition, role, name } = row(input.executionArn);
      const { updated } = machines.row(machine);
      return {
        stateMachineArn: machine,
        name: machine.split(':').at(-1) ?? name,
        definition: machines.text(definition),
        roleArn: role ?? '',
        updateDate: updated / 1000,
      };
    },
    ListExecutions(input) {
      only('ListExecutions', input, ['stateMachineArn', 'statusFilter', 'maxResults', 'nextToken']);
      machines.row(input.stateMachineArn);
      const rows = sql(
        'SELECT * FROM states_executions WHERE machine=? AND seq<? AND status LIKE ? ORDER BY seq DESC LIMIT ?',
      ).all(
        input.stateMachineArn,
        Number(cursor(input) ?? Number.MAX_SAFE_INTEGER),
        input.statusFilter ?? '%',
        (input.maxResults || 100) + 1,
      ) as unknown as (Execution & { seq: number })[];
      const { items, nextToken } = page(rows, input, (last) => last.seq);
      return { executions: items.map(summary), nextToken };
    },
    GetExecutionHistory(input) {
      only('GetExecutionHistory', input, [
        'executionArn',
        'maxResults',
        'nextToken',
        'reverseOrder',
        'includeExecutionData',
      ]);
      const { arn } = row(input.executionArn);
      const events = sql('SELECT events FROM states_history WHERE execution=? ORDER BY first')
        .all(arn)
        .flatMap((batch) => JSON.parse(batch.events as string) as HistoryEvent[]);
      if (input.reverseOrder) events.reverse();
      const from = cursor(input);
      const rest =
        from === undefined ? events : events.slice(events.findIndex(({ id }) => id === Number(from)) + 1);
      const { items, nextToken } = page(rest, input, (last) => last.id);
      return { events: input.includeExecutionData === false ? items.map(withoutData) : items, nextToken };
    },
    RedriveExecution: () => refuse('RedriveExecution'),
    StartSyncExecution: () => refuse('StartSyncExecution'),
  };
  return { operations, startExecution };
}

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

/** What DescribeExecution answers. */
export function describe(execution: Execution): object {
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
