/** How often a property was there and not null; by path, `a.b[].c`. */
export interface Filled {
  present: number;
  filled: number;
}

export interface Undeclared {
  count: number;
  firstLine: number;
}

interface Node {
  path: string;
  present: number;
  filled: number;
  /** None where any property may be. */
  properties?: Map<string, Node>;
  items?: Node;
}

type Schema = Record<string, unknown>;

const DEEPEST = 12;
/** Objects whose keys are data would make a new path each. */
const MOST_UNDECLARED = 200;

/** Counts what records hold of what a schema declares, and what they hold besides. */
export function fieldCounter(undeclared: Map<string, Undeclared>) {
  let root: Node = { path: '', present: 0, filled: 0 };
  const note = (path: string, line: number) => {
    const known = undeclared.get(path);
    if (known) known.count++;
    else if (undeclared.size < MOST_UNDECLARED) undeclared.set(path, { count: 1, firstLine: line });
  };
  const look = (value: unknown, node: Node, line: number): void => {
    if (node.items && Array.isArray(value)) for (const item of value) look(item, node.items, line);
    else if (node.properties && isSchema(value)) lookInto(value, node, line);
  };
  const lookInto = (value: Schema, node: Node, line: number) => {
    for (const name in value) {
      const child = node.properties?.get(name);
      if (child) found(value[name], child, line);
      else note(node.path ? `${node.path}.${name}` : name, line);
    }
  };
  const found = (value: unknown, node: Node, line: number) => {
    node.present++;
    if (value !== null) node.filled++;
    if (typeof value === 'object') look(value, node, line);
  };
  return {
    /** From now on records are of this schema; what was counted stays. */
    declare(schema: Schema): void {
      root = merged(nodeOf([schema], '', 0), root);
    },
    count: (record: unknown, line: number) => look(record, root, line),
    fields: () => Object.fromEntries(listed(root)),
  };
}

function nodeOf(schemas: Schema[], path: string, depth: number): Node {
  const all = schemas.flatMap(alternatives);
  const node: Node = { path, present: 0, filled: 0 };
  if (depth > DEEPEST) return node;
  const items = all.map(({ items }) => items).filter(isSchema);
  if (items.length > 0) node.items = nodeOf(items, `${path}[]`, depth + 1);
  const named = all.map(({ properties }) => properties).filter(isSchema);
  const names = new Set(named.flatMap(Object.keys));
  if (names.size === 0 || all.some(isOpen)) return node;
  node.properties = new Map();
  for (const name of names) {
    const below = named.map((one) => one[name]).filter(isSchema);
    node.properties.set(name, nodeOf(below, path ? `${path}.${name}` : name, depth + 1));
  }
  return node;
}

/** A schema and every one that it may stand for. */
function alternatives(schema: Schema): Schema[] {
  const more = ['anyOf', 'oneOf', 'allOf'].flatMap((key) => schema[key] ?? []).filter(isSchema);
  return [schema, ...more.flatMap(alternatives)];
}

function isOpen({ $ref, patternProperties, additionalProperties }: Schema): boolean {
  return $ref !== undefined || patternProperties !== undefined || isSchema(additionalProperties);
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function merged(now: Node, before: Node): Node {
  now.present += before.present;
  now.filled += before.filled;
  for (const [name, child] of now.properties ?? []) {
    const old = before.properties?.get(name);
    if (old) merged(child, old);
  }
  if (now.items && before.items) merged(now.items, before.items);
  return now;
}

function listed(node: Node): [string, Filled][] {
  const own: [string, Filled][] = node.path
    ? [[node.path, { present: node.present, filled: node.filled }]]
    : [];
  const below = [...(node.properties?.values() ?? []), ...(node.items ? [node.items] : [])];
  return [...own.filter(([path]) => !path.endsWith('[]')), ...below.flatMap(listed)];
}
