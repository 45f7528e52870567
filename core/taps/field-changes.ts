import type { Rule } from './severity.ts';
import type { Field } from './shape.ts';

/** A change of one thing, with what it was and what it is. */
export interface Step {
  rule: Rule;
  was: string;
  is: string;
}

const STRUCTURES = ['object', 'array'];
const LOOSE = ['string', ...STRUCTURES];
/** Formats that decide the type of a column; the others are remarks. */
const COLUMN_FORMATS = ['date-time', 'date', 'time', 'singer.decimal'];
/** Limits that allow more the greater they are. */
const UPPER = ['maxLength', 'maximum', 'exclusiveMaximum', 'maxItems'];
const LOWER = ['minLength', 'minimum', 'exclusiveMinimum', 'minItems'];

/** Everything that happened to a field that is still there. `isKey` when rows are told apart or followed by it. */
export function fieldChanges(
  before: Field,
  after: Field,
  { path, isKey }: { path: string; isKey: boolean },
): Step[] {
  const type = typeRule(before, after, { isItem: path.endsWith(']'), isKey });
  const isOther = type === 'TYPE_CHANGED' || type === 'NESTED_STRUCTURE';
  return [
    ...step(type, typesTold(before), typesTold(after)),
    ...step(nullRule(before, after, isKey), nullTold(before), nullTold(after)),
    ...(isOther ? [] : [...formatChange(before, after), ...valueChanges(before, after)]),
    ...requiredChange(before, after),
    ...closedChange(before.closed, after.closed),
    ...(isOther ? [] : limitChanges(before, after)),
    ...selectionChanges(before, after),
  ];
}

function step(rule: Rule | undefined, was: string, is: string): Step[] {
  return rule ? [{ rule, was, is }] : [];
}

/** Every integer is a number, and whatever has no type may be anything. */
function accepts({ types }: Field, type: string): boolean {
  return types.length === 0 || types.includes(type) || (type === 'integer' && types.includes('number'));
}

function typeRule(before: Field, after: Field, of: { isItem: boolean; isKey: boolean }): Rule | undefined {
  if (before.types.join() === after.types.join()) return undefined;
  if (isNothing(before)) return 'TYPE_WIDENED';
  const gained = gainedTypes(before, after);
  if (gained.length === 0) return of.isKey ? 'TYPE_NARROWED:key' : 'TYPE_NARROWED';
  const isShared = before.types.some((type) => accepts(after, type)) || gained.length < after.types.length;
  if (isShared) return gained.some((type) => LOOSE.includes(type)) ? 'TYPE_WIDENED:loose' : 'TYPE_WIDENED';
  const areStructures = [...before.types, ...after.types].every((type) => STRUCTURES.includes(type));
  return of.isItem || areStructures ? 'NESTED_STRUCTURE' : 'TYPE_CHANGED';
}

/** What it may be now and could not be before; anything at all is as if it were text too. */
function gainedTypes(before: Field, after: Field): string[] {
  if (isNothing(after) || before.types.length === 0) return [];
  return after.types.length === 0 ? LOOSE : after.types.filter((type) => !accepts(before, type));
}

/** Whether it was never anything but null: its type was not known. */
function isNothing({ types }: Field): boolean {
  return types.join() === 'null';
}

function nullRule(before: Field, after: Field, isKey: boolean): Rule | undefined {
  if (before.nullable === after.nullable) return undefined;
  if (before.nullable) return 'NULLABLE_REMOVED';
  return isKey ? 'NULLABLE_ADDED:key' : 'NULLABLE_ADDED';
}

function formatChange(before: Field, after: Field): Step[] {
  if (before.format === after.format) return [];
  const both = `${before.format} or ${after.format}`.split(' or ');
  const rule = both.some((one) => COLUMN_FORMATS.includes(one)) ? 'FORMAT_CHANGED' : 'FORMAT_CHANGED:remark';
  return step(rule, before.format ?? 'no format', after.format ?? 'no format');
}

function valueChanges({ values: before }: Field, { values: after }: Field): Step[] {
  if (!before && !after) return [];
  const told = (values: string[]) => values.slice(0, 10).join(', ') + (values.length > 10 ? ', …' : '');
  if (!before) return step('ENUM_VALUE_REMOVED', 'any value', `only ${told(after ?? [])}`);
  if (!after) return step('ENUM_VALUE_ADDED', `only ${told(before)}`, 'any value');
  const gained = after.filter((one) => !before.includes(one));
  const lost = before.filter((one) => !after.includes(one));
  return [
    ...(gained.length > 0 ? step('ENUM_VALUE_ADDED', told(before), `also ${told(gained)}`) : []),
    ...(lost.length > 0 ? step('ENUM_VALUE_REMOVED', told(before), `without ${told(lost)}`) : []),
  ];
}

function requiredChange({ required: before }: Field, { required: after }: Field): Step[] {
  if (before === after) return [];
  return before
    ? step('REQUIRED_REMOVED', 'always there', 'may be missing')
    : step('REQUIRED_ADDED', 'may be missing', 'always there');
}

/** What happened to whether other properties than the declared ones may be there. */
export function closedChange(before: true | undefined, after: true | undefined): Step[] {
  if (before === after) return [];
  return after
    ? step('ADDITIONAL_PROPERTIES', 'open to other properties', 'closed to them')
    : step('ADDITIONAL_PROPERTIES:opened', 'closed to other properties', 'open to them');
}

function limitChanges({ limits: before = {} }: Field, { limits: after = {} }: Field): Step[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name) => {
    const [was, is] = [before[name], after[name]];
    if (JSON.stringify(was) === JSON.stringify(is)) return [];
    const told = (value: unknown) =>
      value === undefined ? `no ${name}` : `${name} ${JSON.stringify(value)}`;
    return step(isTighter(name, was, is) ? 'CONSTRAINT' : 'CONSTRAINT:loosened', told(was), told(is));
  });
}

function isTighter(name: string, was: unknown, is: unknown): boolean {
  if (was === undefined || is === undefined) return was === undefined;
  if (UPPER.includes(name)) return Number(is) < Number(was);
  return LOWER.includes(name) && Number(is) > Number(was);
}

/** Told only when both catalogs speak of it: libraries differ in that. */
function selectionChanges(before: Field, after: Field): Step[] {
  const [was, is] = [before.inclusion, after.inclusion];
  const [wasDefault, isDefault] = [before.selectedByDefault, after.selectedByDefault];
  return [
    ...(was && is && was !== is ? step(inclusionRule(was, is), was, is) : []),
    ...(wasDefault !== undefined && isDefault !== undefined && wasDefault !== isDefault
      ? step('SELECTED_BY_DEFAULT_CHANGED', `selected by default: ${wasDefault}`, `${isDefault}`)
      : []),
  ];
}

function inclusionRule(was: string, is: string): Rule {
  if (is === 'unsupported') return 'INCLUSION_CHANGED:unsupported';
  return was === 'automatic' ? 'INCLUSION_CHANGED:optional' : 'INCLUSION_CHANGED';
}

/** A field's types, with its format. */
export function typesTold({ types, format }: Field): string {
  const told = types.join(' or ') || 'anything';
  return format ? `${told} (${format})` : told;
}

function nullTold({ nullable }: Field): string {
  return nullable ? 'may be null' : 'never null';
}
