import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { clock } from '#adapters/clock.ts';
import { dynamoApprovals } from '#adapters/dynamodb/approvals.ts';
import { dynamoBudgets } from '#adapters/dynamodb/budgets.ts';
import { dynamoNotices } from '#adapters/dynamodb/notices.ts';
import { dynamoPeople } from '#adapters/dynamodb/people.ts';
import { dynamoPolicies } from '#adapters/dynamodb/policies.ts';
import { log } from '#adapters/log.ts';
import { type SlackApp, slackApps } from '#adapters/slack/apps.ts';
import { slackChannels } from '#adapters/slack/channels.ts';
import { slack } from '#adapters/slack/client.ts';
import { type Channels, channelAudience, mailAudience } from '#core/actions/audience.ts';
import { costProvider } from '#core/actions/cost.ts';
import { diffProvider } from '#core/actions/diff.ts';
import { type FactProvider, measure } from '#core/actions/measure.ts';
import { piiProvider } from '#core/actions/pii.ts';
import type { AskNeeds } from '#core/approvals/ask.ts';
import type { People } from '#core/people/ports.ts';
import type { Policies } from '#core/policy/ports.ts';

/** What putting something before policy and people takes; extend it with the function's own. */
export const AskEnv = z.object({
  APPROVALS_TABLE: z.string(),
  LEDGER_TABLE: z.string(),
  NOTICES_TABLE: z.string(),
  PEOPLE_TABLE: z.string(),
  POLICIES_TABLE: z.string(),
  /** Where Slack is; without, nobody knows who reads a channel, which is over every limit. */
  SLACK_PREFIX: z.string().optional(),
  SLACK_URL: z.url().optional(),
});
export type AskEnv = z.infer<typeof AskEnv>;

/** The one door's dependencies, wired from the environment. */
export function askingFrom(env: AskEnv, also: { links?: string } = {}): AskNeeds & { policies: Policies } {
  const people = dynamoPeople(env.PEOPLE_TABLE);
  const policies = dynamoPolicies(env.POLICIES_TABLE);
  return {
    people,
    approvals: dynamoApprovals({
      ...also,
      approvals: env.APPROVALS_TABLE,
      ledger: env.LEDGER_TABLE,
      notices: env.NOTICES_TABLE,
      people: env.PEOPLE_TABLE,
    }),
    policies,
    budgets: dynamoBudgets(env.APPROVALS_TABLE),
    notices: dynamoNotices(env.NOTICES_TABLE),
    clock,
    measure: measuring({ people, policies }, env),
    salt: () => randomBytes(16).toString('hex'),
  };
}

/** What the server itself can measure. A provider that fails is told of in the log; its facts are missing, and so over every limit. */
function measuring(
  { people, policies }: { people: Pick<People, 'list'>; policies: Pick<Policies, 'active'> },
  env: AskEnv,
): AskNeeds['measure'] {
  const directory = {
    domains: async (org: string) => (await policies.active(org)).policy.domains,
    people: async (org: string) => (await people.list(org)).map(({ email }) => email),
  };
  const providers: FactProvider[] = [
    costProvider({ nanoUsd: async () => undefined }),
    piiProvider,
    diffProvider,
    mailAudience(directory),
    ...channelsOf(env).map(channelAudience),
  ];
  return async (org, type, payload) => {
    const { facts, failures } = await measure({ org, type, payload }, providers);
    for (const { provides, error } of failures)
      log.warn('facts could not be measured', { type, provides, error });
    return facts;
  };
}

function channelsOf({ SLACK_PREFIX: prefix, SLACK_URL: url }: AskEnv): Channels[] {
  if (!prefix || !url) return [];
  const connect = ({ botToken: token }: SlackApp) => slack({ url, token, timeoutMs: 2_500 });
  return [slackChannels(slackApps(prefix, clock), connect)];
}
