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
  Arguments?: unknown;
  Choices?: Choice[];
  Retry?: Retrier[];
  Catch?: Catcher[];
  Branches?: Machine[];
  ItemProcessor?: Machine;
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
  Condition: unknown;
  Next: string;
  Output?: unknown;
  Assign?: Record<string, unknown>;
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
  Assign?: Record<string, unknown>;
}

/** Refuses a definition in AWS's words; `at` points into it like `/States/Pay`. */
export function invalid(message: string, at: string): never {
  throw new AwsError(
    'InvalidDefinition',
    `Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: ${message} at ${at || '/'}'`,
  );
}
