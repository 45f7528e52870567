import type { Seen } from './check.ts';
import type { Field, Shape } from './shape.ts';

/** What a library cannot say about a field: its catalogs are silent there, which is no change. */
const SILENT: Record<string, (keyof Field)[]> = {
  'singer-python': ['values', 'required'],
  'pipelinewise-singer-python': ['values', 'required'],
};
/** Limits that the library leaves out of its catalogs. */
const NO_PATTERN = [
  'hotglue-singer-sdk',
  'hotglue_singer_sdk',
  'singer-python',
  'pipelinewise-singer-python',
];

/** A catalog's shape, and what printed it. */
type Printed = Pick<Seen, 'shape'> & { made: { sdk?: string | undefined } };

/** Both catalogs as far as the libraries of both can say it: one that is printed by another library is not another schema. */
export function inBoth(before: Printed, after: Printed): [Shape, Shape] {
  const sdks = [before, after].map(({ made }) => made.sdk?.split(' ')[0] ?? '');
  if (sdks[0] === sdks[1]) return [before.shape, after.shape];
  const silent = sdks.flatMap((sdk) => SILENT[sdk] ?? []);
  const hasPattern = !sdks.some((sdk) => NO_PATTERN.includes(sdk));
  const reduce = (shape: Shape): Shape => mapped(shape, (field) => reduced(field, silent, hasPattern));
  return [reduce(before.shape), reduce(after.shape)];
}

function mapped(shape: Shape, change: (field: Field) => Field): Shape {
  return Object.fromEntries(
    Object.entries(shape).map(([name, stream]) => {
      const fields = Object.entries(stream.fields).map(([path, field]) => [path, change(field)] as const);
      return [name, { ...stream, fields: Object.fromEntries(fields) }];
    }),
  );
}

function reduced(field: Field, silent: (keyof Field)[], hasPattern: boolean): Field {
  const left = Object.fromEntries(
    Object.entries(field).filter(([name]) => !silent.includes(name as keyof Field)),
  ) as Field;
  if (hasPattern || !left.limits) return left;
  const { pattern: _, ...limits } = left.limits;
  const { limits: __, ...rest } = left;
  return Object.keys(limits).length > 0 ? { ...rest, limits } : rest;
}
