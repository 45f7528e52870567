import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';

const file = join(process.env.TEST_DATA ?? '', 'postman/collection-v2.1.0.schema.json');

export const hasPostmanSchema = existsSync(file);
if (!hasPostmanSchema)
  process.stderr.write('No TEST_DATA here: collections are not held to the official schema of Postman\n');

const validate =
  hasPostmanSchema && new Ajv({ strict: false }).compile(JSON.parse(readFileSync(file, 'utf8')));

/** What the official schema has against a collection; nothing where the schema is not at hand. */
export function postmanErrors(collection: unknown): unknown[] {
  if (!validate || validate(collection)) return [];
  return validate.errors ?? [];
}
