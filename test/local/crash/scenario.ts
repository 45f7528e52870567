/** How many orders the clients make: each touches every service. */
export const ITEMS = 3;
/** What a life says that came to the end of the work. */
export const DONE = 'all done\n';

export const QUEUE = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`;
const url = (name: string) => `http://sqs.us-east-1.localhost/000000000000/${name}`;
export const NAMES = { tokens: url('Tokens'), told: url('Told'), line: url('Line.fifo') };

export const table = {
  KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
  BillingMode: 'PAY_PER_REQUEST',
};

const task = (Payload: object, fields: object) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Arguments: { FunctionName: 'f', Payload },
  Output: '{% $states.result.Payload %}',
  ...fields,
});

/** A retry, a timer, a map, a callback: 2n, three times 2, then what the token's holder answers. */
export const MACHINE = {
  arn: 'arn:aws:states:us-east-1:000000000000:stateMachine:crash',
  definition: {
    QueryLanguage: 'JSONata',
    StartAt: 'Double',
    States: {
      Double: task(
        { n: '{% $states.input.n %}', fails: true },
        {
          Retry: [{ ErrorEquals: ['Once'], IntervalSeconds: 1, MaxAttempts: 3 }],
          Assign: { n: '{% $states.input.n %}' },
          Next: 'Rest',
        },
      ),
      Rest: { Type: 'Wait', Seconds: 1, Next: 'Each' },
      Each: {
        Type: 'Map',
        Items: [1, 1, 1],
        ItemProcessor: { StartAt: 'Two', States: { Two: task({ n: '{% $states.input %}' }, { End: true }) } },
        Next: 'Ask',
      },
      Ask: {
        Type: 'Task',
        Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken',
        Arguments: {
          QueueUrl: NAMES.tokens,
          MessageBody: { token: '{% $states.context.Task.Token %}', n: '{% $n %}' },
        },
        Output: '{% [$states.input, $states.result] %}',
        End: true,
      },
    },
  },
};
