import type { Check } from './subject.ts';

export const ETL_CHECKS: Check[] = [];
