import * as z from 'zod';
import { carryOutAction } from '#core/approvals/carry-out.ts';
import { parseJson } from '#core/parse.ts';
import { AskEnv, askingFrom } from '../asking.ts';
import { queue } from '../queue.ts';

export const Env = AskEnv;
export type Env = z.infer<typeof Env>;

/** An approved action that the platform itself carries out. */
export const ToCarryOut = z.object({ org: z.string(), id: z.string() });
export type ToCarryOut = z.infer<typeof ToCarryOut>;

export const handler = queue(Env, async (env) => {
  const needs = askingFrom(env);
  return ({ body }) => carryOutAction(parseJson(ToCarryOut, body), needs);
});
