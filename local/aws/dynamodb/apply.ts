import type { Path } from './cursor.ts';
import { invalid } from './invalid.ts';
import { at } from './path.ts';
import type { Source, Update } from './update.ts';
import { type AttributeValue, attribute, copyOf, type Item, sum, typeOf } from './value.ts';

/** The item after the update. Every right-hand side reads the item as it was before. */
export function apply(update: Update, before: Item): Item {
  const writes = [
    ...update.sets.map(({ path, source }) => ({ path, value: resolve(source, before) })),
    ...update.adds.map(({ path, value }) => ({ path, value: added(at(before, path), value) })),
    ...update.deletes.map(({ path, value }) => ({ path, value: without(at(before, path), value) })),
  ];
  // Elements past a list's end are appended in the order of their indexes; later elements go first when removing.
  const puts = writes.filter(({ value }) => value !== undefined).sort((a, b) => byLast(a.path, b.path));
  const gone = writes.filter(({ value }) => value === undefined).map(({ path }) => path);
  const removes = [...gone, ...update.removes].sort((a, b) => byLast(b, a));
  let item = before;
  for (const { path, value } of puts) item = place(item, path, value);
  for (const path of removes) item = place(item, path, undefined);
  return item;
}

function byLast(a: Path, b: Path): number {
  return position(a) - position(b);
}

function position(path: Path): number {
  const last = path.at(-1);
  return typeof last === 'number' ? last : -1;
}

function place(item: Item, [name, ...steps]: Path, value: AttributeValue | undefined): Item {
  const copy = copyOf(item);
  const placed = within(attribute(item, name), steps, value);
  if (placed) copy[name] = placed;
  else delete copy[name];
  return copy;
}

function within(
  old: AttributeValue | undefined,
  [step, ...rest]: (string | number)[],
  value: AttributeValue | undefined,
): AttributeValue | undefined {
  if (step === undefined) return value;
  if (typeof step === 'string') {
    if (!old?.M) throw badPath();
    return { M: place(old.M, [step, ...rest], value) };
  }
  if (!old?.L) throw badPath();
  const below = within(old.L[step], rest, value);
  if (below) return { L: step < old.L.length ? old.L.with(step, below) : [...old.L, below] };
  return { L: old.L.toSpliced(step, 1) };
}

function badPath(): Error {
  return invalid('The document path provided in the update expression is invalid for update');
}

function resolve(source: Source, item: Item): AttributeValue {
  switch (source.is) {
    case 'value':
      return source.value;
    case 'path':
      return at(item, source.path) ?? absent();
    case 'if_not_exists':
      return at(item, source.path) ?? resolve(source.otherwise, item);
    case 'list_append': {
      const [left, right] = [resolve(source.left, item), resolve(source.right, item)];
      if (!left.L || !right.L) throw badOperand();
      return { L: [...left.L, ...right.L] };
    }
    case 'sum': {
      const [left, right] = [resolve(source.left, item), resolve(source.right, item)];
      if (left.N === undefined || right.N === undefined) throw badOperand();
      return sum(left.N, right.N, source.sign);
    }
  }
}

function added(old: AttributeValue | undefined, value: AttributeValue): AttributeValue {
  if (!old) return value;
  if (old.N !== undefined && value.N !== undefined) return sum(old.N, value.N);
  const { type, members, others } = sets(old, value);
  return { [type]: [...new Set([...members, ...others])] };
}

function without(old: AttributeValue | undefined, value: AttributeValue): AttributeValue | undefined {
  if (!old) return undefined;
  const { type, members, others } = sets(old, value);
  const left = members.filter((one) => !others.includes(one));
  return left.length > 0 ? { [type]: left } : undefined;
}

function sets(old: AttributeValue, value: AttributeValue) {
  const type = typeOf(old);
  if (type !== typeOf(value) || !/^[SNB]S$/.test(type)) throw badOperand();
  return { type, members: old[type] as string[], others: value[type] as string[] };
}

function badOperand(): Error {
  return invalid('An operand in the update expression has an incorrect data type');
}

function absent(): never {
  throw invalid('The provided expression refers to an attribute that does not exist in the item');
}
