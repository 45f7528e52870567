import type * as z from 'zod';
import { parse } from '../parse.ts';
import type { FactName } from './facts.ts';

/** Whether a changed value asks for no more than the one before: then who changed it may agree to it as well. */
export type Narrows = (before: unknown, after: unknown) => boolean;

/** Something that can be proposed: its payload, what is measured about it, and what people are told of it. */
export interface ActionType<Payload = unknown> {
  type: string;
  payload: z.ZodType<Payload>;
  /** What the server measures about it; limits and budgets of other facts do not apply to it. */
  facts: readonly FactName[];
  /** What will happen, in a line made of the payload's own fields: never of what an agent says about it. */
  headline(payload: Payload): string;
  /** The texts in it that people will read, for looking for personal data. */
  prose?(payload: Payload): string[];
  /** Fields that an approver may change where policy lets them, by JSON pointer. */
  modifiable: Readonly<Record<string, Narrows>>;
}

/** A type whose functions check what they are given: a payload that is not of it is `Invalid`. */
export function action<Payload>(type: ActionType<Payload>): ActionType {
  const { payload: schema, headline, prose = () => [] } = type;
  return {
    ...type,
    headline: (payload) => headline(parse(schema, payload)),
    prose: (payload) => prose(parse(schema, payload)),
  };
}
