import { AwsError } from '../aws/service.ts';

/** A machine, or the machine inside a Parallel branch or a Map. */
export interface Machine {
  StartAt: string;
  States: Record<string, State>;
  QueryLanguage?: string;
  TimeoutSeconds?: number;
  Comment?: string;
  Version?: string;
  ProcessorConfig?: { Mode?: string };
}

/** Where a distributed Map takes its items from. */
export interface ItemReader {
  Resource: string;
  Arguments?: unknown;
  Parameters?: unknown;
  ReaderConfig?: {
    InputType?: 'JSON' | 'JSONL' | 'CSV';
    CSVHeaderLocation?: 'FIRST_ROW' | 'GIVEN';
    CSVHeaders?: string[];
    MaxItems?: unknown;
    MaxItemsPath?: string;
  };
}

/** How a distributed Map hands several items to one child at once. */
export interface ItemBatcher {
  MaxItemsPerBatch?: unknown;
  MaxItemsPerBatchPath?: string;
  MaxInputBytesPerBatch?: unknown;
  MaxInputBytesPerBatchPath?: string;
  BatchInput?: unknown;
}

/** The fields of all state types together; {@link parseDefinition} has checked which of them are there. */
export interface State {
  Type: 'Pass' | 'Task' | 'Choice' | 'Wait' | 'Succeed' | 'Fail' | 'Parallel' | 'Map';
  QueryLanguage?: string;
  Next?: string;
  End?: boolean;
  Default?: string;
  Resource?: string;
  Output?: unknown;
  Assign?: Record<string, unknown>;
  InputPath?: string | null;
  OutputPath?: string | null;
  ResultPath?: string | null;
  Parameters?: unknown;
  ResultSelector?: unknown;
  Result?: unknown;
  ItemsPath?: string;
  TimestampPath?: string;
  Arguments?: unknown;
  Choices?: Choice[];
  Retry?: Retrier[];
  Catch?: Catcher[];
  Branches?: Machine[];
  ItemProcessor?: Machine;
  /** The older name of ItemProcessor. */
  Iterator?: Machine;
  ItemReader?: ItemReader;
  ItemBatcher?: ItemBatcher;
  ItemSelector?: unknown;
  Items?: unknown;
  Seconds?: unknown;
  Timestamp?: unknown;
  TimeoutSeconds?: unknown;
  HeartbeatSeconds?: unknown;
  MaxConcurrency?: unknown;
  ToleratedFailureCount?: unknown;
  ToleratedFailurePercentage?: unknown;
  Error?: unknown;
  Cause?: unknown;
}

export interface Choice {
  Condition?: unknown;
  Variable?: string;
  And?: Choice[];
  Or?: Choice[];
  Not?: Choice;
  Next: string;
  Output?: unknown;
  Assign?: Record<string, unknown>;
  /** In JSONPath: what the variable is compared with, under the name of the comparison. */
  [comparison: string]: unknown;
}

export interface Retrier {
  ErrorEquals: string[];
  IntervalSeconds?: number;
  MaxAttempts?: number;
  BackoffRate?: number;
  MaxDelaySeconds?: number;
  JitterStrategy?: 'FULL' | 'NONE';
}

export interface Catcher {
  ErrorEquals: string[];
  Next: string;
  Output?: unknown;
  ResultPath?: string | null;
  Assign?: Record<string, unknown>;
}

/** Refuses a definition in AWS's words; `at` points into it like `/States/Pay`. */
export function invalid(message: string, at: string): never {
  throw new AwsError(
    'InvalidDefinition',
    `Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: ${message} at ${at || '/'}'`,
  );
}
