import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import ajvDraft04 from 'ajv-draft-04';
import ajvFormats from 'ajv-formats';

/** What is wrong with one value of a record. */
export interface Wrong {
  kind:
    | 'wrong-type'
    | 'wrong-format'
    | 'no-time-zone'
    | 'missing-property'
    | 'undeclared-property'
    | 'constraint';
  /** `a.b[].c` */
  path: string;
  text: string;
}

export type Check = (record: unknown) => Wrong[];

const OPTIONS: Options = {
  strict: false,
  allErrors: true,
  logger: false,
  // Without it every decimal that a database tap declares (`multipleOf: 1e-38`) is wrong.
  multipleOfPrecision: 6,
};

/** The check of records by a SCHEMA message's schema, formats included; throws when it is no schema. */
export function compile(schema: object): Check {
  const validator = validatorFor(schema);
  // Names that two streams share would be an error, and other documents are never fetched.
  const { $schema: _schema, $id: _id, id: _old, ...plain } = schema as Record<string, unknown>;
  const validate = validator.compile(plain);
  return (record) => (validate(record) ? [] : wrongs(validate, record));
}

function validatorFor(schema: object): Ajv {
  const said = (schema as { $schema?: unknown }).$schema;
  const version = typeof said === 'string' ? said : '';
  if (/draft\/20\d\d-/.test(version)) return withFormats(new Ajv2020(OPTIONS));
  const isOld = /draft-0?4/.test(version) || hasOldLimit(schema);
  return withFormats(isOld ? new ajvDraft04.default(OPTIONS) : new Ajv(OPTIONS));
}

/** Draft 4 alone has limits that are true or false. */
function hasOldLimit(schema: object): boolean {
  return /"exclusiveM(?:in|ax)imum":(?:true|false)/.test(JSON.stringify(schema));
}

/** Strict where a warehouse's column type depends on it; `email` and `uri` only name what people will read. */
function withFormats(validator: Ajv): Ajv {
  ajvFormats.default(validator);
  return validator
    .addFormat('email', /@/)
    .addFormat('uri', /^[a-z][a-z0-9+.-]*:\S+$/i)
    .addFormat('singer.decimal', /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i);
}

/** Errors of the branches of an alternative say less than the alternative itself. */
function wrongs({ errors }: ValidateFunction, record: unknown): Wrong[] {
  const all = errors ?? [];
  const above = all.filter(({ keyword }) => keyword === 'anyOf' || keyword === 'oneOf');
  return all
    .filter(({ schemaPath }) => !above.some((one) => schemaPath.startsWith(`${one.schemaPath}/`)))
    .slice(0, 20)
    .map((error) => wrong(error, record));
}

function wrong(error: ErrorObject, record: unknown): Wrong {
  const { keyword, instancePath, message = keyword } = error;
  const steps = instancePath.split('/').slice(1).map(unescaped);
  const value = steps.reduce<unknown>((at, step) => (at as Record<string, unknown>)?.[step], record);
  const path = pathOf(steps);
  switch (keyword) {
    case 'type':
      return { kind: 'wrong-type', path, text: `${message}, and is ${nameOf(value)}` };
    case 'anyOf':
    case 'oneOf':
      return { kind: 'wrong-type', path, text: `${nameOf(value)} fits none of its alternatives` };
    case 'format':
      return { kind: kindOfFormat(error, value), path, text: message };
    case 'required':
      return {
        kind: 'missing-property',
        path: below(path, error.params.missingProperty),
        text: 'is required',
      };
    case 'additionalProperties':
      return {
        kind: 'undeclared-property',
        path: below(path, error.params.additionalProperty),
        text: 'is not allowed by additionalProperties',
      };
    default:
      return { kind: 'constraint', path, text: message };
  }
}

const LOCAL_TIME = /^(?:\d{4}-\d\d-\d\d[T ])?\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d(?::?\d\d)?)?$/i;

/** Libraries read a time without a zone, each as it likes; what is no time at all they cannot read. */
function kindOfFormat({ params }: ErrorObject, value: unknown): Wrong['kind'] {
  const isTime = params.format === 'date-time' || params.format === 'time';
  if (!isTime || typeof value !== 'string' || !LOCAL_TIME.test(value)) return 'wrong-format';
  const [, day = '2000-01-01'] = /^(\d{4}-\d\d-\d\d)/.exec(value) ?? [];
  return Number.isNaN(Date.parse(day)) ? 'wrong-format' : 'no-time-zone';
}

function pathOf(steps: string[]): string {
  return steps.reduce((path, step) => (/^\d+$/.test(step) ? `${path}[]` : below(path, step)), '');
}

function below(path: string, name: string): string {
  return path ? `${path}.${name}` : name;
}

function unescaped(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~');
}

export function nameOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}
