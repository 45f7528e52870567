import * as z from 'zod';
import { SlackMember } from '#core/people/person.ts';
import type { Clock } from '#core/ports.ts';
import { signedCookie } from '../signed-cookie.ts';

/** Whoever began it is whoever finishes it. */
const person = z.string();
const Begun = z.object({ state: z.string(), nonce: z.string(), verifier: z.string(), person });
const Proven = z.object({ member: SlackMember, name: z.string(), person });

/** The two steps of linking a Slack account, in the browser that takes them: who has gone to Slack, and as whom they came back. */
export function slackCookies(secretText: string, clock: Clock) {
  return {
    begun: signedCookie({ name: '__Host-slack', type: 'slack-checks+jwt', schema: Begun }, secretText, clock),
    proven: signedCookie(
      { name: '__Host-slacked', type: 'slack-member+jwt', schema: Proven },
      secretText,
      clock,
    ),
  };
}

export type SlackCookies = ReturnType<typeof slackCookies>;
