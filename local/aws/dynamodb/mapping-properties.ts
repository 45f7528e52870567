import { compile } from '../pattern.ts';
import { only, refuse } from '../service.ts';

/** The properties of AWS::Lambda::EventSourceMapping for a table's stream, intrinsics resolved. */
export interface MappingProperties {
  EventSourceArn: string;
  FunctionName: string;
  StartingPosition?: string;
  BatchSize?: number;
  MaximumBatchingWindowInSeconds?: number;
  MaximumRetryAttempts?: number;
  MaximumRecordAgeInSeconds?: number;
  BisectBatchOnFunctionError?: boolean;
  FunctionResponseTypes?: string[];
  FilterCriteria?: { Filters?: { Pattern: string }[] };
  DestinationConfig?: { OnFailure?: { Destination?: string } };
  ParallelizationFactor?: number;
  Enabled?: boolean | string;
}

export interface Mapping {
  id: string;
  stream: string;
  functionName: string;
  enabled: boolean;
  latest: boolean;
  batchSize: number;
  /** Milliseconds to wait for more records before a batch. */
  window: number;
  /** Retries after the first attempt; infinite unless set. */
  retries: number;
  bisect: boolean;
  reportsFailures: boolean;
  wants: (record: object) => boolean;
  onFailure?: string;
}

const KNOWN = [
  'EventSourceArn',
  'FunctionName',
  'StartingPosition',
  'BatchSize',
  'MaximumBatchingWindowInSeconds',
  'MaximumRetryAttempts',
  'MaximumRecordAgeInSeconds',
  'BisectBatchOnFunctionError',
  'FunctionResponseTypes',
  'FilterCriteria',
  'DestinationConfig',
  'ParallelizationFactor',
  'Enabled',
  'Tags',
];

/** Reads a mapping's properties with Lambda's defaults; refuses by name what the runner does not do. */
export function readMapping(id: string, properties: MappingProperties): Mapping {
  check(id, properties);
  const retries = properties.MaximumRetryAttempts ?? -1;
  const patterns = (properties.FilterCriteria?.Filters ?? []).map(({ Pattern }) =>
    compile(JSON.parse(Pattern)),
  );
  return {
    id,
    stream: properties.EventSourceArn,
    functionName: properties.FunctionName,
    enabled: String(properties.Enabled ?? true) === 'true',
    latest: properties.StartingPosition === 'LATEST',
    batchSize: properties.BatchSize ?? 100,
    window: (properties.MaximumBatchingWindowInSeconds ?? 0) * 1000,
    retries: retries < 0 ? Number.POSITIVE_INFINITY : retries,
    bisect: properties.BisectBatchOnFunctionError ?? false,
    reportsFailures: properties.FunctionResponseTypes?.includes('ReportBatchItemFailures') ?? false,
    wants: (record) => patterns.length === 0 || patterns.some((matches) => matches(record)),
    onFailure: properties.DestinationConfig?.OnFailure?.Destination,
  };
}

function check(id: string, properties: MappingProperties): void {
  only(`the event source mapping ${id}`, properties, KNOWN);
  if ((properties.ParallelizationFactor ?? 1) !== 1)
    refuse(`the event source mapping ${id} with ParallelizationFactor`);
  if ((properties.MaximumRecordAgeInSeconds ?? -1) !== -1) {
    refuse(`the event source mapping ${id} with MaximumRecordAgeInSeconds`);
  }
  if (!['LATEST', 'TRIM_HORIZON'].includes(properties.StartingPosition ?? '')) {
    refuse(`the event source mapping ${id} with StartingPosition ${properties.StartingPosition}`);
  }
}
