const COMMON = [
  'type',
  'description',
  'title',
  'enum',
  'const',
  'default',
  '$ref',
  '$defs',
  'anyOf',
  'allOf',
];
const TAKEN: Record<string, string[]> = {
  object: ['properties', 'required', 'additionalProperties'],
  array: ['items', 'minItems'],
  string: ['format'],
};
const FORMATS = ['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'uri', 'ipv4', 'ipv6', 'uuid'];

type Schema = Record<string, unknown>;

/** What structured output does not take in a JSON Schema, in the API's words; undefined if it takes all of it. */
export function unsupported(schema: Schema): string | undefined {
  return fault(schema) ?? children(schema).map(unsupported).find(Boolean);
}

function fault(schema: Schema): string | undefined {
  const type = Array.isArray(schema.type) ? schema.type.find((one) => one !== 'null') : schema.type;
  const isTyped = type ?? schema.$ref ?? schema.anyOf ?? schema.allOf ?? schema.enum ?? schema.const;
  if (isTyped === undefined) return 'Schema type is required';
  if (type === 'object' && schema.additionalProperties !== false)
    return "For 'object' type, 'additionalProperties' must be explicitly set to false";
  const taken = [...COMMON, ...(TAKEN[String(type)] ?? [])];
  const odd = Object.keys(schema).filter((key) => !taken.includes(key) && key !== '$schema');
  if (odd.length > 0) return `For '${type}' type, properties ${odd.sort().join(', ')} are not supported`;
  if (Number(schema.minItems ?? 0) > 1)
    return "For 'array' type, 'minItems' values other than 0 or 1 are not supported";
  if (schema.format && !FORMATS.includes(String(schema.format)))
    return `For 'string' type, format '${schema.format}' is not supported`;
  return undefined;
}

function children({ properties, items, anyOf, allOf, $defs }: Schema): Schema[] {
  const named = { ...(properties as Schema), ...($defs as Schema) };
  const listed = [items, anyOf, allOf].flat().filter(Boolean);
  return [...Object.values(named), ...listed] as Schema[];
}
