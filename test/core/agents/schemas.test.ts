import { expect, it } from 'vitest';
import { jsonSchema } from '#core/agents/schema.ts';
import { ENGINEER_TOOLS } from '#core/agents/tools.ts';
import { Triage } from '#core/triage/classify.ts';
import { Findings } from '#core/triage/diagnose.ts';
import { unsupported } from '#local/model/schema-subset.ts';

/** Everything that is asked for in a shape: a schema that would lose data has to fail here, not before a customer. */
const ASKED: [string, object][] = [
  ['the classification', jsonSchema(Triage)],
  ['the diagnosis', jsonSchema(Findings([{ id: 'log:1', text: 'x' } as never]))],
  ...ENGINEER_TOOLS.map(({ name, schema }): [string, object] => [`the tool ${name}`, schema]),
];

it.each(ASKED)('the provider takes the schema of %s as it is', (_, schema) => {
  expect(unsupported(schema as Record<string, unknown>)).toBeUndefined();
});
