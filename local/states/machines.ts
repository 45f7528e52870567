import { createHash, randomUUID } from 'node:crypto';
import { AwsError, type Operations, only, refuse } from '../aws/service.ts';
import type { Clock } from '../clock.ts';
import type { Store } from '../store.ts';
import type { Machine } from './definition.ts';
import { cursor, page } from './page.ts';
import type { Resource } from './resource.ts';
import { parseDefinition } from './validate.ts';

/** A state machine as the store keeps it. */
export interface MachineRow {
  arn: string;
  name: string;
  definition: string;
  role: string | null;
  revision: string;
  created: number;
  updated: number;
}

/** The properties of AWS::StepFunctions::StateMachine, intrinsics resolved. */
export interface MachineProperties {
  StateMachineName?: string;
  StateMachineType?: string;
  DefinitionString?: string;
  Definition?: object;
  DefinitionSubstitutions?: Record<string, unknown>;
  RoleArn?: string;
  LoggingConfiguration?: unknown;
  TracingConfiguration?: unknown;
  Tags?: unknown;
}

export interface Machines {
  operations: Operations;
  define(arn: string, properties: MachineProperties): void;
  /** Throws StateMachineDoesNotExist. */
  row(arn: string): MachineRow;
  /** A definition by the id that executions keep. */
  parsed(id: string): Machine;
  text(id: string): string;
}

/** The control plane of state machines. A running execution keeps the definition it was started with. */
export function machines(store: Store, clock: Clock, knows: (resource: Resource) => boolean): Machines {
  const { sql } = store;
  const parsedById = new Map<string, Machine>();

  function put(row: NewMachine): MachineRow {
    const id = createHash('sha256').update(row.text).digest('hex');
    parsedById.set(id, parseDefinition(row.text, knows));
    const old = find(row.arn);
    if (old?.definition === id && old.role === (row.role ?? null)) return old;
    return store.transaction(() => {
      sql('INSERT OR IGNORE INTO states_definitions VALUES(?,?)').run(id, row.text);
      sql('INSERT OR REPLACE INTO states_machines VALUES(?,?,?,?,?,?,?)').run(
        row.arn,
        row.name,
        id,
        row.role ?? null,
        randomUUID(),
        old?.created ?? clock.now(),
        clock.now(),
      );
      return find(row.arn) as MachineRow;
    });
  }

  function find(arn: string): MachineRow | undefined {
    return sql('SELECT * FROM states_machines WHERE arn=?').get(arn) as unknown as MachineRow | undefined;
  }

  function row(arn: string): MachineRow {
    checkArn(arn, 'stateMachine');
    const found = find(arn);
    if (!found) throw new AwsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`);
    return found;
  }

  function text(id: string): string {
    return sql('SELECT text FROM states_definitions WHERE id=?').get(id)?.text as string;
  }

  function parsed(id: string): Machine {
    const machine = parsedById.get(id) ?? (JSON.parse(text(id)) as Machine);
    parsedById.set(id, machine);
    return machine;
  }

  function define(arn: string, properties: MachineProperties): void {
    only('AWS::StepFunctions::StateMachine', properties, known);
    checkType(properties.StateMachineType);
    const {
      DefinitionSubstitutions = {},
      Definition,
      DefinitionString = JSON.stringify(Definition),
    } = properties;
    const text = DefinitionString.replace(/\$\{(\w+)\}/g, (whole, key) =>
      String(DefinitionSubstitutions[key] ?? whole),
    );
    put({ arn, name: arn.split(':').at(-1) as string, text, role: properties.RoleArn });
  }

  return { operations: machineOperations({ store, clock, row, text, find, put }), define, row, parsed, text };
}

interface Registry {
  store: Store;
  clock: Clock;
  row(arn: string): MachineRow;
  find(arn: string): MachineRow | undefined;
  text(id: string): string;
  put(machine: NewMachine): MachineRow;
}

interface NewMachine {
  arn: string;
  name: string;
  text: string;
  role?: string;
}

const CREATE = [
  'name',
  'definition',
  'roleArn',
  'type',
  'loggingConfiguration',
  'tracingConfiguration',
  'tags',
];

function machineOperations({ store, row, find, text, put }: Registry): Operations {
  return {
    CreateStateMachine(input) {
      only('CreateStateMachine', input, CREATE);
      checkType(input.type);
      checkName(input.name);
      const arn = `arn:aws:states:us-east-1:000000000000:stateMachine:${input.name}`;
      const old = find(arn);
      if (old && text(old.definition) !== input.definition)
        throw new AwsError('StateMachineAlreadyExists', `State Machine Already Exists: '${arn}'`);
      const { created } = put({ arn, name: input.name, text: input.definition, role: input.roleArn });
      return { stateMachineArn: arn, creationDate: created / 1000 };
    },
    UpdateStateMachine(input) {
      only('UpdateStateMachine', input, ['stateMachineArn', 'definition', 'roleArn']);
      const old = row(input.stateMachineArn);
      const { definition = text(old.definition), roleArn: role = old.role ?? undefined } = input;
      const { updated, revision } = put({ arn: old.arn, name: old.name, text: definition, role });
      return { updateDate: updated / 1000, revisionId: revision };
    },
    DeleteStateMachine(input) {
      only('DeleteStateMachine', input, ['stateMachineArn']);
      checkArn(input.stateMachineArn, 'stateMachine');
      store.transaction(() =>
        store.sql('DELETE FROM states_machines WHERE arn=?').run(input.stateMachineArn),
      );
      return {};
    },
    DescribeStateMachine(input) {
      only('DescribeStateMachine', input, ['stateMachineArn', 'includedData']);
      const machine = row(input.stateMachineArn);
      return describe(machine, text(machine.definition));
    },
    ListStateMachines: (input) => list(store, input),
  };
}

function list({ sql }: Store, input: { maxResults?: number; nextToken?: string }): object {
  only('ListStateMachines', input, ['maxResults', 'nextToken']);
  const query = sql('SELECT * FROM states_machines WHERE name>? ORDER BY name LIMIT ?');
  const rows = query.all(cursor(input) ?? '', (input.maxResults || 100) + 1) as unknown as MachineRow[];
  const { items, nextToken } = page(rows, input, (last) => last.name);
  const stateMachines = items.map(({ arn, name, created }) => ({
    stateMachineArn: arn,
    name,
    type: 'STANDARD',
    creationDate: created / 1000,
  }));
  return { stateMachines, nextToken };
}

function describe(machine: MachineRow, definition: string): object {
  return {
    stateMachineArn: machine.arn,
    name: machine.name,
    status: 'ACTIVE',
    definition,
    roleArn: machine.role ?? '',
    type: 'STANDARD',
    creationDate: machine.created / 1000,
    revisionId: machine.revision,
    loggingConfiguration: { level: 'OFF', includeExecutionData: false },
    tracingConfiguration: { enabled: false },
  };
}

const known = [
  'StateMachineName',
  'StateMachineType',
  'DefinitionString',
  'Definition',
  'DefinitionSubstitutions',
  'RoleArn',
  'LoggingConfiguration',
  'TracingConfiguration',
  'Tags',
];

function checkType(type: string | undefined): void {
  if (type !== undefined && type !== 'STANDARD') refuse(`state machines of type ${type}`);
}

/** Throws InvalidName unless AWS would take it for a machine or an execution. */
export function checkName(name: unknown): void {
  if (typeof name !== 'string' || !/^[^\s<>{}[\]?*"#%\\^|~`$&,;:/\p{Cc}]{1,80}$/u.test(name))
    throw new AwsError('InvalidName', `Invalid Name: '${name}'`);
}

/** Throws InvalidArn unless it names such a thing. */
export function checkArn(arn: unknown, kind: 'stateMachine' | 'execution'): void {
  if (typeof arn !== 'string' || !new RegExp(`^arn:aws:states:[\\w-]+:\\d+:${kind}:.+`).test(arn))
    throw new AwsError('InvalidArn', `Invalid Arn: '${arn}'`);
}
