import { setTimeout as sleep } from 'node:timers/promises';
import { note } from '../journal.ts';

const { JOURNAL = '', NAME = '', CODE } = process.env;

note(JOURNAL, { what: 'begin', name: NAME });
await sleep(30);
note(JOURNAL, { what: 'end', name: NAME });
process.exitCode = Number(CODE);
