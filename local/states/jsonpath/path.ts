/** A step of a path into JSON. */
type Segment =
  | { name: string }
  | { index: number }
  | { from?: number; to?: number }
  | { every: true }
  | { deep: string }
  | { where: string[]; is: string; value: unknown };

export interface Path {
  /** `''` for the input, `'$'` for the context object, else the name of a variable. */
  root: string;
  segments: Segment[];
  /** Whether it leads to one place at most: only such a path can be written to. */
  isReference: boolean;
}

const ROOT = /^\$(\$|[A-Za-z_]\w*)?/;
const SEGMENT =
  /^(?:\.\.([\w-]+)|\.(\*)|\.([^.[\]\s'"*?()]+)|\[(\*)\]|\[(-?\d+)\]|\[(-?\d*):(-?\d*)\]|\[(?:'([^']+)'|"([^"]+)")\]|\[\?\(@((?:\.[\w-]+)+)\s*(==|!=|<=|>=|<|>)\s*('[^']*'|"[^"]*"|[\w.-]+)\)\])/;

const parsed = new Map<string, Path | undefined>();

/** Parses the paths that AWS documents for states (Jayway's syntax without functions and scripts); undefined for any other. */
export function parsePath(text: string): Path | undefined {
  if (!parsed.has(text)) parsed.set(text, parse(text));
  return parsed.get(text);
}

function parse(text: string): Path | undefined {
  const start = ROOT.exec(text);
  if (!start) return undefined;
  const segments: Segment[] = [];
  for (let rest = text.slice(start[0].length); rest !== ''; ) {
    const match = SEGMENT.exec(rest);
    if (!match) return undefined;
    segments.push(segment(match));
    rest = rest.slice(match[0].length);
  }
  const isReference = segments.every((one) => 'name' in one || 'index' in one);
  return { root: start[1] ?? '', segments, isReference };
}

function segment(match: RegExpExecArray): Segment {
  const [, deep, dotEvery, plain, every, index, from, to, single, double, where, is, value] = match;
  const name = plain ?? single ?? double;
  if (deep !== undefined) return { deep };
  if (dotEvery ?? every) return { every: true };
  if (name !== undefined) return { name };
  if (index !== undefined) return { index: Number(index) };
  if (where !== undefined)
    return { where: where.slice(1).split('.'), is: is as string, value: literal(value as string) };
  return { ...(from && { from: Number(from) }), ...(to && { to: Number(to) }) };
}

function literal(text: string): unknown {
  return JSON.parse(text.startsWith("'") ? JSON.stringify(text.slice(1, -1)) : text);
}

/** What a path leads to: one value, or the list of all that an indefinite path matches; undefined when there is nothing. */
export function follow({ segments, isReference }: Path, root: unknown): unknown {
  let found: unknown[] = [root];
  for (const one of segments) found = found.flatMap((value) => step(one, value));
  return isReference ? found[0] : found;
}

function step(one: Segment, value: unknown): unknown[] {
  if ('deep' in one) return deep(one.deep, value);
  if ('name' in one) return isObject(value) && Object.hasOwn(value, one.name) ? [value[one.name]] : [];
  if ('every' in one) return typeof value === 'object' && value !== null ? Object.values(value) : [];
  return Array.isArray(value) ? inList(one, value) : [];
}

function inList(
  one: Exclude<Segment, { name: string } | { deep: string } | { every: true }>,
  value: unknown[],
) {
  if ('where' in one) return value.filter((item) => holds(one, item));
  if (!('index' in one)) return value.slice(one.from, one.to);
  const at = one.index < 0 ? value.length + one.index : one.index;
  return at in value ? [value[at]] : [];
}

function deep(name: string, value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = isObject(value) && Object.hasOwn(value, name) ? [value[name]] : [];
  return [...own, ...Object.values(value).flatMap((inner) => deep(name, inner))];
}

function holds({ where, is, value }: Extract<Segment, { where: string[] }>, item: unknown): boolean {
  const found = where.reduce<unknown>((one, name) => (isObject(one) ? one[name] : undefined), item);
  if (is === '==') return found === value;
  if (is === '!=') return found !== value;
  if (typeof found !== typeof value || (typeof found !== 'number' && typeof found !== 'string')) return false;
  const order = found < (value as typeof found) ? -1 : Number(found > (value as typeof found));
  return order === 0 ? is.includes('=') : is.startsWith(order < 0 ? '<' : '>');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A copy of `root` with `value` at the path, making the objects on the way; undefined where that cannot be. */
export function put({ segments }: Path, root: unknown, value: unknown): unknown {
  const [first, ...rest] = segments;
  if (!first) return value;
  const inner = { root: '', segments: rest, isReference: true };
  if ('index' in first) return putAt(inner, { root, index: first.index }, value);
  if (!('name' in first) || (root !== undefined && !isObject(root))) return undefined;
  const changed = put(inner, root?.[first.name] ?? (rest.length > 0 ? {} : undefined), value);
  return changed === undefined ? undefined : { ...root, [first.name]: changed };
}

function putAt(inner: Path, { root, index }: { root: unknown; index: number }, value: unknown): unknown {
  if (!Array.isArray(root) || !(index in root)) return undefined;
  const changed = put(inner, root[index], value);
  return changed === undefined ? undefined : root.with(index, changed);
}
