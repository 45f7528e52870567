import * as z from 'zod';
import { Fault } from '#core/fault.ts';
import { SlackMember } from '#core/people/person.ts';
import { type Oidc, openId } from '../oidc.ts';
import type { SlackApp } from './apps.ts';

/** A member, and the name that they go by there, for the person to recognise. */
export interface SlackAccount {
  member: SlackMember;
  name: string;
}

const Claims = z.object({
  'https://slack.com/team_id': SlackMember.shape.team,
  'https://slack.com/user_id': SlackMember.shape.user,
  name: z.string().default(''),
});

/** Sign in with Slack. Without PKCE: Slack refuses an exchange that has a client's secret and a verifier too. */
export function slackOpenId(
  { clientId, clientSecret }: Pick<SlackApp, 'clientId' | 'clientSecret'>,
  { issuer, redirectUri }: { issuer: string; redirectUri: string },
): Promise<Oidc<SlackAccount>> {
  return openId(
    { issuer, clientId, clientSecret, redirectUri, scope: 'openid profile', usesPkce: false },
    (claims) => {
      const { success, data } = Claims.safeParse(claims);
      if (!success) throw new Fault('Unauthorized', 'Slack did not say which member you are; try again');
      const { 'https://slack.com/team_id': team, 'https://slack.com/user_id': user, name } = data;
      return { member: { team, user }, name };
    },
  );
}
