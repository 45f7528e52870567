import { count, lines, note } from '../journal.ts';

const { JOURNAL = '' } = process.env;

/** A step of a machine; the one called flaky fails once in its life. */
export const handler = async ({ name, input }: { name: string; input: unknown }) => {
  note(JOURNAL, { what: 'begin', name });
  await new Promise((resolve) => setTimeout(resolve, 2));
  if (name === 'flaky' && count(lines(JOURNAL), 'failed', name) === 0) {
    note(JOURNAL, { what: 'failed', name });
    throw Object.assign(new Error('once'), { name: 'Flaky' });
  }
  note(JOURNAL, { what: 'end', name });
  return { name, input };
};
