/** The parts of an UpdateItem that set each given attribute, and remove those given as `undefined`. */
export function setting(change: Record<string, unknown>) {
  const entries = Object.entries(change);
  const names = Object.fromEntries(entries.map(([name]) => [`#${name}`, name]));
  const given = entries.filter(([, value]) => value !== undefined);
  const gone = entries.filter(([, value]) => value === undefined);
  const set = given.map(([name]) => `#${name} = :${name}`);
  const remove = gone.map(([name]) => `#${name}`);
  return {
    set: set.length > 0 ? `SET ${set.join(', ')}` : '',
    remove: remove.length > 0 ? `REMOVE ${remove.join(', ')}` : '',
    names,
    values: Object.fromEntries(given.map(([name, value]) => [`:${name}`, value])),
  };
}

/** Whether a conditional write was refused because its condition did not hold. */
export function isRefused(error: unknown): boolean {
  return (error as { name?: string }).name === 'ConditionalCheckFailedException';
}
