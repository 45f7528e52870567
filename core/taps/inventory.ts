import * as z from 'zod';

/** `file:line`, relative to the project. */
const At = z.string().max(1_000);

const Variable = z.object({
  name: z.string(),
  /** What fills it in: the tap's configuration, its parent's record, or code that was not followed. */
  from: z.enum(['config', 'context', 'record', 'code']),
  key: z.string().optional(),
  expression: z.string(),
  default: z.unknown().optional(),
});
export type Variable = z.infer<typeof Variable>;

const Told = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('value'), value: z.unknown() }),
  z.object({ kind: z.literal('template'), template: z.string(), variables: z.array(Variable) }),
  z.object({ kind: z.literal('dynamic'), expression: z.string() }),
]);
export type Told = z.infer<typeof Told>;

/** What code says without being run: a value, a text with gaps, one of several, or an expression that was not followed. */
export const Reading = z.discriminatedUnion('kind', [
  ...Told.options,
  z.object({ kind: z.literal('candidates'), candidates: z.array(Told).min(2) }),
]);
export type Reading = z.infer<typeof Reading>;

/** A reading with the place that says so. Candidates are never surer than `medium`, and guesses always `low`. */
export const Attribute = z.intersection(
  Reading,
  z.object({ at: At, confidence: z.enum(['high', 'medium', 'low']) }),
);
export type Attribute = z.infer<typeof Attribute>;

const Entry = z.object({ name: z.string(), value: Attribute });

const Authenticator = z.object({
  kind: z.enum(['bearer', 'apikey', 'basic', 'oauth1', 'oauth2', 'awsv4', 'unknown']),
  class: z.string(),
  /** What it is made from, by parameter, or by position where the call names none. */
  given: z.record(z.string(), Reading),
  at: At,
});
export type Authenticator = z.infer<typeof Authenticator>;

export const InventoryStream = z.object({
  name: Attribute.optional(),
  path: Attribute.optional(),
  urlBase: Attribute.optional(),
  /** The whole address, where the code puts it together itself. */
  url: Attribute.optional(),
  method: Attribute.optional(),
  primaryKeys: Attribute.optional(),
  replicationKey: Attribute.optional(),
  replicationMethod: Attribute.optional(),
  recordsPath: Attribute.optional(),
  nextPagePath: Attribute.optional(),
  query: Attribute.optional(),
  headers: z.array(Entry),
  parameters: z.array(Entry),
  body: z.array(Entry),
  class: z.string().nullable(),
  at: At,
  /** How it is written: a class of an SDK, one in the manner of singer-python, a row of a table, or only a request in a function. */
  style: z.enum(['sdk', 'singer-python', 'table', 'function']),
  isGraphql: z.boolean(),
  auth: z.array(Authenticator),
  pagination: z.object({ by: z.string(), at: At }).nullable(),
  parent: z.object({ class: z.string().optional(), stream: z.string().optional(), at: At }).nullable(),
  /** What it hands to its children: by name, the field of its record. */
  context: z.record(z.string(), z.string()),
  schema: z
    .object({ from: z.enum(['code', 'file', 'unknown']), properties: z.array(z.string()), at: At })
    .nullable(),
  /** Whether the tap offers it; absent where the code does not say. */
  inUse: z.boolean().optional(),
});
export type InventoryStream = z.infer<typeof InventoryStream>;

/** What an integration's code says about the endpoints that it reads, and what of it could not be read. */
export const Inventory = z.object({
  tap: z.object({ name: z.string().nullable(), class: z.string().nullable(), at: At }).nullable(),
  /** Whether its catalog is written down, asked from the API, or inferred from records; and why that is said. */
  discovery: z.object({
    kind: z.enum(['static', 'dynamic', 'inferred']),
    reason: z.string(),
    at: At.optional(),
  }),
  /** Settings that the tap's configuration schema names. */
  config: z.record(z.string(), z.object({ default: z.unknown().optional(), isSecret: z.boolean() })),
  streams: z.array(InventoryStream),
  /** Python files that were read. */
  files: z.int(),
  failed: z.array(z.object({ file: z.string(), reason: z.string() })),
  /** The version whose grammar was used. */
  python: z.string(),
});
export type Inventory = z.infer<typeof Inventory>;

/** Every text that an attribute may come to, likeliest first; empty when it was not understood. */
export function texts(attribute: Reading | undefined): string[] {
  if (!attribute) return [];
  const all = attribute.kind === 'candidates' ? attribute.candidates : [attribute];
  return all.flatMap((one) => {
    if (one.kind === 'template') return one.template;
    return one.kind === 'value' && typeof one.value === 'string' ? one.value : [];
  });
}

/** The gaps of an attribute's texts, by name. */
export function variables(attribute: Reading | undefined): Variable[] {
  if (!attribute) return [];
  const all = attribute.kind === 'candidates' ? attribute.candidates : [attribute];
  return all.flatMap((one) => (one.kind === 'template' ? one.variables : []));
}
