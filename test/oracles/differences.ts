/** Where an engine that is not ours answers otherwise than our contract says, and what decides that the contract is right. */
export interface Difference {
  oracle: 'DynamoDB Local' | 'ministack';
  /** The tests' full names. */
  tests: RegExp;
  because: string;
  decides: string;
}

const SQS = 'https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference';
const SFN = 'https://docs.aws.amazon.com/step-functions/latest';

export const differences: Difference[] = [
  {
    oracle: 'ministack',
    tests: /^ministack \/ DynamoDB: /,
    because:
      'it takes expressions, values and keys that DynamoDB refuses, and words other refusals in its own way',
    decides: 'DynamoDB Local, which AWS makes, passes the same suite whole',
  },
  {
    oracle: 'ministack',
    tests:
      /SQS \/ a standard queue \/ (deletes by the last|does the good part|refuses a batch of|takes 1 MiB)/,
    because:
      'batches are not checked, a handle counts once, and the limit is the 256 KiB of before August 2025',
    decides: `${SQS}/API_SendMessageBatch.html and API_DeleteMessage.html`,
  },
  {
    oracle: 'ministack',
    tests: /SQS \/ a dead-letter queue \//,
    because: 'a message does not say where it came from, queue types may differ, and there is no move task',
    decides: `${SQS}/API_StartMessageMoveTask.html`,
  },
  {
    oracle: 'ministack',
    tests: /SQS \/ a FIFO queue \/ refuses/,
    because: 'it takes a delay per message, and a handle that has expired',
    decides: `${SQS}/API_SendMessage.html and API_DeleteMessage.html`,
  },
  {
    oracle: 'ministack',
    tests: /(forgets what is older than its retention|takes a message once in five minutes)/,
    because: 'its clock cannot be moved, so this was not asked',
    decides: `${SQS}/API_SetQueueAttributes.html`,
  },
  {
    oracle: 'ministack',
    tests: /S3 \/ an object \/ is checked by/,
    because: 'it answers checksums that were not asked for, and has no CRC32C',
    decides: 'https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html (x-amz-checksum-mode)',
  },
  {
    oracle: 'ministack',
    tests: /S3 \/ a bucket with versions \//,
    because: 'times of locks are rounded, and a bucket without Object Lock takes a lock',
    decides: 'https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html',
  },
  {
    oracle: 'ministack',
    tests: /Secrets Manager \//,
    because: 'a token may be used twice for different values, and a name for two secrets',
    decides: 'https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html',
  },
  {
    oracle: 'ministack',
    tests: /SES \/ refuses/,
    because: 'it checks no mail',
    decides: 'https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html',
  },
  {
    oracle: 'ministack',
    tests: /EventBridge \//,
    because: 'events have another time than was given, and entries are not checked',
    decides: 'https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html',
  },
  {
    oracle: 'ministack',
    tests: /Step Functions \/ refuses/,
    because: 'definitions are not checked, and what is no token is told as one that is over',
    decides: `${SFN}/apireference/API_CreateStateMachine.html and API_SendTaskSuccess.html`,
  },
  {
    oracle: 'ministack',
    tests: /Step Functions \/ (starts once by a name|stops)/,
    because: 'the same start again is refused, and a stop does not keep its error and cause',
    decides: `${SFN}/apireference/API_StartExecution.html and API_StopExecution.html`,
  },
  {
    oracle: 'ministack',
    tests:
      /Step Functions \/ (passes, chooses|ends a task at a missed heartbeat|retries and catches around a Map|ends a task by its token)/,
    because:
      'Assign is not seen by Choice, heartbeats, Retry and Catch of a Map are ignored, and a closed token is told as unknown',
    decides: 'https://states-language.net/ and API_SendTaskHeartbeat.html',
  },
];
