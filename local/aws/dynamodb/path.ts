import { type Cursor, cursorOver, type Path } from './cursor.ts';
import type { Scope } from './scope.ts';
import { type AttributeValue, attribute, copyOf, type Item } from './value.ts';

/** What is at `path`, if anything. */
export function at(item: Item, [name, ...steps]: Path): AttributeValue | undefined {
  let value = attribute(item, name);
  for (const step of steps) {
    if (!value) return undefined;
    if (typeof step === 'number') value = value.L?.[step];
    else value = value.M && attribute(value.M, step);
  }
  return value;
}

/** How messages show a path: `[a, b, [1]]`. */
export function shown(path: Path): string {
  return `[${path.map((step) => (typeof step === 'number' ? `[${step}]` : step)).join(', ')}]`;
}

/** Reads a ProjectionExpression; undefined when there is none. */
export function readProjection(expression: string | undefined, scope: Scope): Path[] | undefined {
  if (expression === undefined) return undefined;
  const cursor = cursorOver('ProjectionExpression', expression, scope);
  const paths = [cursor.path()];
  while (cursor.take(',')) paths.push(cursor.path());
  if (cursor.peek) throw cursor.syntaxError();
  refuseOverlaps(paths, cursor);
  return paths;
}

/** Refuses two paths of which one lies within the other, or that need one place to be both map and list. */
export function refuseOverlaps(paths: Path[], cursor: Cursor): void {
  for (const [position, one] of paths.entries()) {
    for (const two of paths.slice(position + 1)) {
      const problem = clash(one, two);
      if (!problem) continue;
      throw cursor.error(
        `Two document paths ${problem} with each other; must remove or rewrite one of these paths; ` +
          `path one: ${shown(one)}, path two: ${shown(two)}`,
      );
    }
  }
}

function clash(one: Path, two: Path): 'overlap' | 'conflict' | undefined {
  for (let step = 0; step < Math.min(one.length, two.length); step += 1) {
    if (typeof one[step] !== typeof two[step]) return 'conflict';
    if (one[step] !== two[step]) return undefined;
  }
  return 'overlap';
}

type Tree = Map<string | number, Tree>;

/** The parts of `item` at `paths`, in its own structure; list elements close up. */
export function project(item: Item, paths: Path[]): Item {
  const tree: Tree = new Map();
  for (const path of paths) {
    let node = tree;
    for (const step of path) {
      const below = node.get(step) ?? new Map();
      node.set(step, below);
      node = below;
    }
  }
  return projectItem(item, tree);
}

function projectItem(item: Item, tree: Tree): Item {
  const chosen = copyOf({});
  for (const [name, below] of tree) {
    const value = attribute(item, String(name));
    const part = value && projectValue(value, below);
    if (part) chosen[name] = part;
  }
  return chosen;
}

function projectValue(value: AttributeValue, tree: Tree): AttributeValue | undefined {
  if (tree.size === 0) return value;
  const byIndex = typeof tree.keys().next().value === 'number';
  if (byIndex && value.L) {
    const parts = value.L.map((one, position) => {
      const below = tree.get(position);
      return below && projectValue(one, below);
    }).filter((part) => part !== undefined);
    return parts.length > 0 ? { L: parts } : undefined;
  }
  if (byIndex || !value.M) return undefined;
  const part = projectItem(value.M, tree);
  return Object.keys(part).length > 0 ? { M: part } : undefined;
}
