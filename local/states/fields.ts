/** The state types of the Amazon States Language. */
export type StateType = 'Pass' | 'Task' | 'Choice' | 'Wait' | 'Succeed' | 'Fail' | 'Parallel' | 'Map';

const flow = ['Output', 'Assign', 'Next', 'End'];
const retried = ['Retry', 'Catch'];

/** The fields of each state type that this engine honours; any other is refused by name. */
export const fieldsOf: Record<StateType, readonly string[]> = {
  Pass: flow,
  Task: [...flow, ...retried, 'Resource', 'Arguments', 'TimeoutSeconds', 'HeartbeatSeconds'],
  Choice: ['Choices', 'Default', 'Output', 'Assign'],
  Wait: [...flow, 'Seconds', 'Timestamp'],
  Succeed: ['Output'],
  Fail: ['Error', 'Cause'],
  Parallel: [...flow, ...retried, 'Arguments', 'Branches'],
  Map: [
    ...flow,
    ...retried,
    'Items',
    'ItemSelector',
    'ItemProcessor',
    'MaxConcurrency',
    'ToleratedFailureCount',
    'ToleratedFailurePercentage',
  ],
};

/** What every state may carry. */
export const commonFields = ['Type', 'Comment', 'QueryLanguage'];

/** Fields that say the same in both query languages. */
export const neutralFields = [...commonFields, 'Next', 'End', 'Error', 'Cause'];

/** Fields that belong to JSONPath, so that a refusal can say why. */
export const jsonPathFields = [
  'InputPath',
  'OutputPath',
  'ResultPath',
  'ResultSelector',
  'Parameters',
  'Result',
  'Iterator',
  'ItemsPath',
  'SecondsPath',
  'TimestampPath',
  'TimeoutSecondsPath',
  'HeartbeatSecondsPath',
  'MaxConcurrencyPath',
  'ToleratedFailureCountPath',
  'ToleratedFailurePercentagePath',
  'ErrorPath',
  'CausePath',
  'Variable',
];

/** The fields a state cannot do without; one of each inner list must be there. */
export const requiredFields: Record<StateType, readonly string[][]> = {
  Pass: [['Next', 'End']],
  Task: [['Resource'], ['Next', 'End']],
  Choice: [['Choices']],
  Wait: [
    ['Seconds', 'Timestamp'],
    ['Next', 'End'],
  ],
  Succeed: [],
  Fail: [],
  Parallel: [['Branches'], ['Next', 'End']],
  Map: [['ItemProcessor'], ['Next', 'End']],
};
