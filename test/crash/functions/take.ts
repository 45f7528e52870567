import { note } from '../journal.ts';

const { JOURNAL = '' } = process.env;

/** Notes every message. */
export const handler = async ({ Records }: { Records: { body: string }[] }) => {
  for (const { body } of Records) {
    note(JOURNAL, { what: 'begin', name: `take ${body}` });
    await new Promise((resolve) => setTimeout(resolve, 2));
    note(JOURNAL, { what: 'end', name: `take ${body}` });
  }
};
