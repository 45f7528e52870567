import { about, beginning, tests } from './common-steps.ts';
import type { Check } from './subject.ts';

const id = (number: number) => `G${number}`;

export const TARGET_CHECKS: Check[] = [
  ...beginning(id),
  { ...about, id: 'G3', needs: ['G2'] },
  { ...tests, id: 'G4', needs: ['G2'] },
];
