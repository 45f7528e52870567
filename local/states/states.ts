import type { Operations } from '../aws/service.ts';
import type { Clock } from '../clock.ts';
import type { Store } from '../store.ts';
import type { Integrations } from './calls.ts';
import { type Engine, engine } from './engine.ts';
import { executions } from './executions.ts';
import { type MachineProperties, machines } from './machines.ts';
import { createTables, type Execution } from './rows.ts';
import { tokenOperations } from './tokens.ts';

/** The detail of "Step Functions Execution Status Change", as EventBridge delivers it. */
export interface StatusChange {
  executionArn: string;
  stateMachineArn: string;
  name: string;
  status: Execution['status'];
  startDate: number;
  stopDate: number | null;
  input: string;
  output: string | null;
  error: string | null;
  cause: string | null;
}

export interface StatesOptions {
  store: Store;
  clock: Clock;
  /** What tasks may call; a definition that names anything else is refused. `states:startExecution` is built in. */
  integrations: Integrations;
  /** Called inside the transaction that starts or ends an execution, so that what it writes commits with it. */
  onStatus?: (detail: StatusChange) => void;
}

export interface States {
  operations: Operations;
  /** Creates or updates a machine from its CloudFormation properties; running executions keep their definition. */
  define(arn: string, properties: MachineProperties): void;
  /** Takes up what a stop or crash left. Call it once everything that tasks call is defined. */
  resume(): void;
  /** Makes what is being worked on durable, aborts calls in flight (they are repeated after a restart). */
  stop(): Promise<void>;
}

/** Integrations with this service itself, which are there before any machine is defined. */
const OWN = /^(states:startExecution|aws-sdk:sfn:(startExecution|sendTask(Success|Failure|Heartbeat)))$/;

/** AWS Step Functions for standard workflows in JSONata. */
export function states({ store, clock, integrations, onStatus }: StatesOptions): States {
  createTables(store);
  const all: Integrations = { ...integrations };
  const known = machines(store, clock, ({ integration }) => integration in all || OWN.test(integration));
  const report = (execution: Execution) => onStatus?.(statusChange(execution));
  const running: Engine = engine({
    store,
    clock,
    integrations: all,
    machineOf: known.parsed,
    onEnd(execution) {
      report(execution);
      if (execution.parent) tellParent(execution, execution.parent);
    },
  });
  const tokens = tokenOperations({ store, clock, engine: running });
  const control = executions({ store, clock, engine: running, machines: known, onStatus: report });
  all['states:startExecution'] = control.startExecution;
  Object.assign(all, ofThisService(control.operations, tokens.operations));

  function tellParent(execution: Execution, parent: string): void {
    const [action = '', token = ''] = parent.split(' ');
    const result = childResult(execution, action.endsWith(':2'));
    const failure = { error: 'States.TaskFailed', cause: JSON.stringify(result) };
    tokens.close(token, execution.status === 'SUCCEEDED' ? { output: result } : { failure });
  }

  return {
    operations: { ...known.operations, ...control.operations, ...tokens.operations },
    define: known.define,
    resume: running.resume,
    stop: running.stop,
  };
}

/** `aws-sdk:sfn:…`: this service's own operations as tasks call them, with `Input` and `Output` as JSON values. */
function ofThisService(...operations: Operations[]): Integrations {
  const all: Operations = Object.assign({}, ...operations);
  const lower = (name: string) => name.charAt(0).toLowerCase() + name.slice(1);
  return Object.fromEntries(
    ['StartExecution', 'SendTaskSuccess', 'SendTaskFailure', 'SendTaskHeartbeat'].map((name) => [
      `aws-sdk:sfn:${lower(name)}`,
      async (args: Record<string, unknown>, { signal }) => {
        const input = Object.entries(args).map(([key, value]) => [
          lower(key),
          (key === 'Input' || key === 'Output') && typeof value !== 'string'
            ? JSON.stringify(value ?? {})
            : value,
        ]);
        const answer = (await all[name]?.(Object.fromEntries(input), { signal })) as object;
        return Object.fromEntries(
          Object.entries(answer).map(([key, value]) => [key.charAt(0).toUpperCase() + key.slice(1), value]),
        );
      },
    ]),
  );
}

function statusChange(execution: Execution): StatusChange {
  const { arn, machine, name, status, started, stopped, input, output, error, cause } = execution;
  return {
    executionArn: arn,
    stateMachineArn: machine,
    name,
    status,
    startDate: started,
    stopDate: stopped,
    input,
    output,
    error,
    cause,
  };
}

/** What `startExecution.sync` answers; `.sync:2` has input and output as JSON values, `.sync` as text. */
function childResult(execution: Execution, isParsed: boolean): object {
  const { arn, machine, name, status, started, stopped, input, output, error, cause } = execution;
  const value = (text: string) => (isParsed ? JSON.parse(text) : text);
  return {
    ExecutionArn: arn,
    Input: value(input),
    InputDetails: { Included: true },
    Name: name,
    ...(output !== null && { Output: value(output), OutputDetails: { Included: true } }),
    ...(error !== null && { Error: error }),
    ...(cause !== null && { Cause: cause }),
    StartDate: started,
    StateMachineArn: machine,
    Status: status,
    StopDate: stopped,
  };
}
