/** The state types of the Amazon States Language. */
export type StateType = 'Pass' | 'Task' | 'Choice' | 'Wait' | 'Succeed' | 'Fail' | 'Parallel' | 'Map';

export type Language = 'JSONata' | 'JSONPath';

type Fields = Record<StateType, readonly string[]>;

const onwards = ['Assign', 'Next', 'End'];
const retried = ['Retry', 'Catch'];
const mapped = [
  'ItemSelector',
  'ItemProcessor',
  'MaxConcurrency',
  'ToleratedFailureCount',
  'ToleratedFailurePercentage',
  'ItemReader',
  'ItemBatcher',
  'Label',
];
const paths = ['InputPath', 'OutputPath'];
const results = [...paths, 'Parameters', 'ResultSelector', 'ResultPath'];

/** The fields of each state type that this engine honours, by query language; any other is refused by name. */
export const fieldsOf: Record<Language, Fields> = {
  JSONata: {
    Pass: ['Output', ...onwards],
    Task: ['Output', ...onwards, ...retried, 'Resource', 'Arguments', 'TimeoutSeconds', 'HeartbeatSeconds'],
    Choice: ['Choices', 'Default', 'Output', 'Assign'],
    Wait: ['Output', ...onwards, 'Seconds', 'Timestamp'],
    Succeed: ['Output'],
    Fail: ['Error', 'Cause'],
    Parallel: ['Output', ...onwards, ...retried, 'Arguments', 'Branches'],
    Map: ['Output', ...onwards, ...retried, ...mapped, 'Items'],
  },
  JSONPath: {
    Pass: [...onwards, ...paths, 'Parameters', 'Result', 'ResultPath'],
    Task: [
      ...onwards,
      ...retried,
      ...results,
      'Resource',
      'TimeoutSeconds',
      'TimeoutSecondsPath',
      'HeartbeatSeconds',
      'HeartbeatSecondsPath',
    ],
    Choice: ['Choices', 'Default', 'Assign', ...paths],
    Wait: [...onwards, ...paths, 'Seconds', 'SecondsPath', 'Timestamp', 'TimestampPath'],
    Succeed: paths,
    Fail: ['Error', 'ErrorPath', 'Cause', 'CausePath'],
    Parallel: [...onwards, ...retried, ...results, 'Branches'],
    Map: [
      ...onwards,
      ...retried,
      ...results,
      ...mapped,
      'Iterator',
      'ItemsPath',
      'MaxConcurrencyPath',
      'ToleratedFailureCountPath',
      'ToleratedFailurePercentagePath',
    ],
  },
};

/** What every state may carry. */
export const commonFields = ['Type', 'Comment', 'QueryLanguage'];

/** The fields a state cannot do without; one of each inner list must be there. */
export const requiredFields: Record<StateType, readonly string[][]> = {
  Pass: [['Next', 'End']],
  Task: [['Resource'], ['Next', 'End']],
  Choice: [['Choices']],
  Wait: [
    ['Seconds', 'SecondsPath', 'Timestamp', 'TimestampPath'],
    ['Next', 'End'],
  ],
  Succeed: [],
  Fail: [],
  Parallel: [['Branches'], ['Next', 'End']],
  Map: [
    ['ItemProcessor', 'Iterator'],
    ['Next', 'End'],
  ],
};
