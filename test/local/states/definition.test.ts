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
  ['JSONPath as a whole', { QueryLanguage: 'JSONPath', ...one(pass) }, "QueryLanguage 'JSONPath'"],
  [
    'a JSONPath state',
    one({ ...pass, QueryLanguage: 'JSONPath', Assign: { a: 1 } }),
    '/States/One/QueryLanguage',
  ],
  ...['InputPath', 'OutputPath', 'ResultPath', 'ResultSelector', 'Parameters', 'Result'].map(
    (field) =>
      [field, one({ ...pass, [field]: '$' }), `The JSONPath field '${field}'`] as [string, object, string],
  ),
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
    'an ItemReader',
    one({ Type: 'Map', ItemReader: {}, ItemProcessor: one(pass), End: true }),
    "The field 'ItemReader'",
  ],
  [
    'a distributed Map',
    one({
      Type: 'Map',
      ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED' }, ...one(pass) },
      End: true,
    }),
    "Mode 'DISTRIBUTED'",
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
