import * as z from 'zod';

/** `breaking` breaks who reads the data, a `warning` wants a person's look, `information` does neither; what is `ignored` is not told. */
export const Severity = z.enum(['breaking', 'warning', 'information', 'ignored']);
export type Severity = z.infer<typeof Severity>;

/** Changes with every release that judges a change in another way; a recorded check says which it was judged by. */
export const SEVERITIES_VERSION = 2;

/**
 * What each kind of change means for who reads the data. After a colon is the case of a kind that is judged differently:
 * `used` is what a consumer names, a key or the bookmark.
 */
export const SEVERITIES = {
  STREAM_REMOVED: 'breaking',
  STREAM_ADDED: 'information',
  STREAM_RENAMED: 'breaking',
  PROPERTY_REMOVED: 'warning',
  'PROPERTY_REMOVED:used': 'breaking',
  PROPERTY_ADDED: 'information',
  /** Another name of the same level differs in its capitals only: most warehouses make one column of both. */
  'PROPERTY_ADDED:clash': 'warning',
  PROPERTY_RENAMED: 'breaking',
  TYPE_CHANGED: 'breaking',
  TYPE_WIDENED: 'warning',
  /** By text, a structure, or anything at all. */
  'TYPE_WIDENED:loose': 'breaking',
  TYPE_NARROWED: 'information',
  'TYPE_NARROWED:key': 'warning',
  NULLABLE_ADDED: 'warning',
  'NULLABLE_ADDED:key': 'breaking',
  NULLABLE_REMOVED: 'information',
  /** Of time or of decimals, which decides the type of a column. */
  FORMAT_CHANGED: 'breaking',
  'FORMAT_CHANGED:remark': 'information',
  ENUM_VALUE_ADDED: 'warning',
  ENUM_VALUE_REMOVED: 'information',
  REQUIRED_REMOVED: 'warning',
  REQUIRED_ADDED: 'information',
  KEY_PROPERTIES_CHANGED: 'breaking',
  REPLICATION_KEY_CHANGED: 'breaking',
  REPLICATION_METHOD_CHANGED: 'warning',
  INCLUSION_CHANGED: 'information',
  'INCLUSION_CHANGED:unsupported': 'breaking',
  'INCLUSION_CHANGED:optional': 'warning',
  SELECTED_BY_DEFAULT_CHANGED: 'warning',
  NESTED_STRUCTURE: 'breaking',
  ADDITIONAL_PROPERTIES: 'warning',
  'ADDITIONAL_PROPERTIES:opened': 'information',
  CONSTRAINT: 'information',
  'CONSTRAINT:loosened': 'warning',
  UNDECLARED_FIELD_SEEN: 'information',
  'UNDECLARED_FIELD_SEEN:repeated': 'warning',
  FIELD_NEVER_SEEN: 'warning',
  'FIELD_NEVER_SEEN:used': 'breaking',
  RECORD_TYPE_VIOLATION: 'breaking',
  VOLUME_ZERO: 'breaking',
  /** It could be read in an earlier sample. */
  READ_FAILED: 'breaking',
} as const satisfies Record<string, Severity>;

export type Rule = keyof typeof SEVERITIES;
export const RULES = Object.keys(SEVERITIES) as [Rule, ...Rule[]];

/** A tenant's own judgement, by rule; what it does not name stays as it is. */
export const SeverityOverrides = z.partialRecord(z.enum(RULES), Severity);
export type SeverityOverrides = z.infer<typeof SeverityOverrides>;

/** What it means for whoever reads the data, in words for a ticket. */
export const CONSEQUENCES: Record<string, string> = {
  STREAM_REMOVED: 'its table gets no new rows, and a job that selects it fails or skips it in silence',
  STREAM_RENAMED: 'the old table gets no new rows; the new one starts empty and without a bookmark',
  PROPERTY_REMOVED: 'its column stays as it was or turns null',
  PROPERTY_RENAMED: 'the old column turns null, and a new one appears that nobody reads',
  TYPE_CHANGED: 'a typed column refuses the value, or a second column appears beside it',
  TYPE_WIDENED: 'a column of the old type cannot hold every value',
  NULLABLE_ADDED: 'what counts on a value meets null; a null key cannot be merged on',
  FORMAT_CHANGED: 'the column gets another type',
  ENUM_VALUE_ADDED: 'a mapping meets a value that it does not know',
  REQUIRED_REMOVED: 'what counts on the property finds it missing',
  KEY_PROPERTIES_CHANGED: 'rows are merged by another key: duplicates, or rows that overwrite each other',
  REPLICATION_KEY_CHANGED: 'the stored bookmark is not used: the next run loads everything again',
  REPLICATION_METHOD_CHANGED: 'cost, history and deleted rows are treated in another way',
  INCLUSION_CHANGED: 'the property may not be selected any more',
  SELECTED_BY_DEFAULT_CHANGED: 'who selects nothing by hand gets other columns',
  NESTED_STRUCTURE: 'whatever flattens or unpacks it fails',
  ADDITIONAL_PROPERTIES: 'properties that were let through are dropped',
  CONSTRAINT: 'values outside the old limits arrive',
  UNDECLARED_FIELD_SEEN: 'the API sends it, and the tap drops it without a word',
  FIELD_NEVER_SEEN: 'its column turns null',
  RECORD_TYPE_VIOLATION: 'a target that validates refuses the record; one that does not loads a wrong value',
  VOLUME_ZERO: 'nothing is loaded, and no run fails',
  READ_FAILED: 'runs fail there, and load nothing of it',
};
