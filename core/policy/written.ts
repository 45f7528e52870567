import { stringify } from 'yaml';
import type { PolicyDocument } from './policy.ts';

/** A policy as a file, for people to go on from; for one that was never written as one. */
export function writtenPolicy(document: PolicyDocument): string {
  return stringify(document, { flowCollectionPadding: true, lineWidth: 120 });
}
