import { expect, it } from 'vitest';
import { parseDefinition } from '#local/states/validate.ts';
import { task } from './workbench.ts';

const parse = (definition: object) => () =>
  parseDefinition(
    JSON.stringify({ QueryLanguage: 'JSONata', ...definition }),
    ({ integration }) => integration === 'lambda:invoke',
  );
const pass = { Type: 'Pass', End: true };
const one = (state: object) => ({ StartAt: 'One', States: { One: state } });

it.each<[name: string, definition: object, message: string]>([
  ['an unknown language', { QueryLanguage: 'JMESPath', ...one(pass) }, "Unknown query language 'JMESPath'"],
  ['a JSONPath state', one({ ...pass, QueryLanguage: 'JSONPath' }), '/States/One/QueryLanguage'],
  ...['InputPath', 'OutputPath', 'ResultPath', 'ResultSelector', 'Parameters', 'Result'].map(
    (field) => [field, one({ ...pass, [field]: '$' }), `The field '${field}'`] as [string, object, string],
  ),
  [
    'a path that cannot be followed',
    { QueryLanguage: 'JSONPath', ...one({ ...pass, InputPath: '$.a.length()' }) },
    "The path '$.a.length()'",
  ],
  [
    'an unknown comparison',
    {
      QueryLanguage: 'JSONPath',
      ...one({ Type: 'Choice', Choices: [{ Variable: '$.a', Resembles: 1, Next: 'One' }] }),
    },
    "The comparison 'Resembles'",
  ],
  ['an unknown field', one({ ...pass, Colour: 1 }), "The field 'Colour'"],
  ['an unknown type', one({ Type: 'Loop' }), "Unknown state type 'Loop'"],
  ['a service that is not there', task('glue:startJobRun.sync'), "'arn:aws:states:::glue:startJobRun.sync'"],
  ['a way of calling that is not there', task('lambda:invoke.maybe'), 'lambda:invoke.maybe'],
  [
    'an activity',
    one({ Type: 'Task', Resource: 'arn:aws:states:us-east-1:000000000000:activity:a', End: true }),
    'activity:a',
  ],
  ['a missing target', one({ Type: 'Pass', Next: 'Two' }), "Missing 'Next' target: Two"],
  [
    'a state nobody reaches',
    { StartAt: 'One', States: { One: pass, Two: pass } },
    'State "Two" is not reachable',
  ],
  ['no way on', one({ Type: 'Pass' }), 'Exactly one of Next, End'],
  ['a broken expression', one({ ...pass, Output: { a: ['{% $x( %}'] } }), '/States/One/Output/a/0'],
  [
    'States.ALL with others',
    task('lambda:invoke', { Retry: [{ ErrorEquals: ['States.ALL', 'A'] }] }),
    'States.ALL must be alone',
  ],
  [
    'an ItemReader of something else',
    one({ Type: 'Map', ItemReader: { Resource: 'x' }, ItemProcessor: one(pass), End: true }),
    "The resource 'x'",
  ],
  [
    'an ItemReader of Parquet',
    one({
      Type: 'Map',
      ItemReader: { Resource: 'arn:aws:states:::lambda:invoke', ReaderConfig: { InputType: 'PARQUET' } },
      ItemProcessor: one(pass),
      End: true,
    }),
    "The input type 'PARQUET'",
  ],
  [
    'a ResultWriter',
    one({ Type: 'Map', ResultWriter: {}, ItemProcessor: one(pass), End: true }),
    "'ResultWriter'",
  ],
  [
    'an outer variable assigned inside',
    {
      StartAt: 'Set',
      States: {
        Set: { Type: 'Pass', Assign: { a: 1 }, Next: 'Map' },
        Map: { Type: 'Map', ItemProcessor: one({ ...pass, Assign: { a: 2 } }), End: true },
      },
    },
    "The variable 'a' is assigned in an outer scope",
  ],
  ['a variable named states', one({ ...pass, Assign: { states: 1 } }), "'states' is reserved"],
])('refuses %s', (_, definition, message) => {
  expect(parse(definition)).toThrow(message);
  expect(parse(definition)).toThrow(expect.objectContaining({ code: 'InvalidDefinition' }));
});

it('takes what it runs', () => {
  expect(parse(task('lambda:invoke.waitForTaskToken'))).not.toThrow();
  expect(parse(one({ Type: 'Map', ItemProcessor: one(pass), End: true }))).not.toThrow();
});

it('says what is wrong with text that is no JSON', () => {
  expect(() => parseDefinition('{"StartAt"', () => true)).toThrow('INVALID_JSON_DESCRIPTION');
});
