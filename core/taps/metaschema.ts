import { Ajv, type ErrorObject } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import draft04 from 'ajv-draft-04';

/** All that is wrong is told; formats and unknown words are not the metaschema's business. */
const OPTIONS = { allErrors: true, strict: false, validateFormats: false, logger: false } as const;

const DIALECTS = {
  'draft-04': new draft04.default(OPTIONS),
  'draft-07': new Ajv(OPTIONS),
  '2020-12': new Ajv2020(OPTIONS),
};

/** More problems of one schema say nothing new. */
const MOST = 20;

/** What each dialect of JSON Schema says is wrong with a schema itself, as `where: what`; one that accepts it is left out. */
export function schemaProblems(schema: object): Map<string, string[]> {
  // Each dialect is asked in its own words, whatever the schema calls itself.
  const { $schema: _, ...own } = schema as { $schema?: unknown };
  const told = Object.entries(DIALECTS).map(([dialect, ajv]): [string, string[]] => {
    ajv.validateSchema(own);
    return [dialect, problemsOf(ajv.errors ?? [])];
  });
  return new Map(told.filter(([, problems]) => problems.length > 0));
}

/** The metaschema's alternatives each complain: of one place, only the first is told. */
function problemsOf(errors: ErrorObject[]): string[] {
  const first = new Map(
    errors
      .filter(({ keyword }) => keyword !== 'anyOf')
      .map(({ instancePath, message }) => [instancePath.replace(/(\/type)\/\d+$/, '$1'), message] as const)
      .reverse(),
  );
  return [...first].slice(0, MOST).map(([place, message]) => `${place || 'the schema'}: ${message}`);
}
