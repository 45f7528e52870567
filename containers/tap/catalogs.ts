import type { Consumer } from '#core/taps/consumers.ts';
import { inBoth } from '#core/taps/dialect.ts';
import { documentation } from '#core/taps/documented.ts';
import { type Change, changesBetween, sentence } from '#core/taps/drift.ts';
import { type Shape, shapeOf } from '#core/taps/shape.ts';
import type { Step } from '#core/taps/step.ts';
import type { Environment, Shop } from '../verify/environment.ts';
import { sdkOf } from './sdk.ts';

/** What a commit's tap says that it gives, and what its documentation says of that. */
export interface Given {
  shape: Shape;
  made: { sdk?: string };
  text: string;
}

const DOCS = /^(?:readme[^/]*|docs\/.+)\.(?:md|rst|txt)$|^readme$/i;
const MOST_DOCS = 50;

/** A discovered catalog with what is around it. */
export async function given(
  shop: Shop,
  { tree, environment, catalog }: { tree: string; environment: Environment; catalog: string },
): Promise<Given> {
  const { workspace } = shop;
  const paths = (await workspace.files(tree)).filter((path) => DOCS.test(path)).slice(0, MOST_DOCS);
  const texts = await Promise.all(paths.map((path) => workspace.read(tree, path)));
  const sdk = await sdkOf(shop, environment);
  return {
    shape: shapeOf(JSON.parse(catalog)),
    made: sdk === undefined ? {} : { sdk },
    text: texts.join('\n'),
  };
}

/** What holds a commit's catalog to that of the commit before it and to its documentation. `readers` is nothing where nobody has said who reads it. */
export function catalogSteps(head: Given | undefined, base: Given | undefined, readers?: Consumer[]): Step[] {
  return [diff(head, base, readers), documented(head, base)];
}

/** What a change does to the catalog. A pull request that means to says so; a person looks. */
function diff(head: Given | undefined, base: Given | undefined, readers: Consumer[] | undefined): Step {
  const step = { id: 'T6', title: 'The catalog is as before the change', isMandatory: false, seconds: 0 };
  if (!base || !head) return { ...step, verdict: 'SKIP', detail: 'there are not two catalogs to compare' };
  const changes = changesBetween(...inBoth(base, head), { consumers: readers ?? [] });
  const breaking = changes.filter(({ severity }) => severity === 'breaking');
  const evidence = { changes: changes.slice(0, 200) };
  if (changes.length === 0) return { ...step, verdict: 'PASS', detail: 'no difference', evidence };
  const told = changes.slice(0, 3).map(toldOf).join('; ');
  const unknown = readers ? '' : '; who reads it is not known';
  const detail = `${changes.length} changes, ${breaking.length} of them breaking: ${told}${unknown}`;
  return breaking.length > 0
    ? { ...step, verdict: 'WARN', detail, class: 'SCHEMA_CHANGE', rule: 'catalog-diff', evidence }
    : { ...step, verdict: 'PASS', detail, evidence };
}

function toldOf(change: Change): string {
  const readers = change.readers.length > 0 ? ` (read by ${change.readers.join(', ')})` : '';
  return `${change.kind}, ${sentence(change)}${readers}`;
}

function documented(head: Given | undefined, base: Given | undefined): Step {
  const step = {
    id: 'T13',
    title: 'The documentation speaks of its streams',
    isMandatory: false,
    seconds: 0,
  };
  if (!head) return { ...step, verdict: 'SKIP', detail: 'there is no catalog to hold it to' };
  return { ...step, ...documentation(head, base) };
}
