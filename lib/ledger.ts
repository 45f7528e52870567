import { StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { DynamoEventSource, SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Construct } from 'constructs';
import type { Env as SequenceEnv } from '#functions/queue/sequence-ledger.ts';
import type { DataStack } from './data-stack.ts';
import { deadLetters } from './dead-letters.ts';
import { appends, reads } from './grants.ts';
import { Handler } from './handler.ts';

export interface LedgerProps {
  data: DataStack;
}

/** What makes the ledger provable: one order over all entries of an organization. */
export class Ledger extends Construct {
  private readonly data: DataStack;

  constructor(scope: Construct, id: string, { data }: LedgerProps) {
    super(scope, id);
    this.data = data;
    this.sequencer();
  }

  private sequencer(): void {
    const { data } = this;
    const sequencer = new Handler<SequenceEnv>(this, 'Sequencer', {
      entry: 'queue/sequence-ledger',
      env: { SEQUENCE_TABLE: data.sequence.tableName },
    });
    reads(sequencer, data.sequence);
    appends(sequencer, data.sequence);
    sequencer.addEventSource(
      new DynamoEventSource(data.ledger, {
        startingPosition: StartingPosition.TRIM_HORIZON,
        retryAttempts: 10,
        bisectBatchOnError: true,
        reportBatchItemFailures: true,
        onFailure: new SqsDlq(deadLetters(this, 'NotSequenced')),
      }),
    );
  }
}
