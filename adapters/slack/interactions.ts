import * as z from 'zod';

/** Null for an app that is installed to a whole enterprise: it then belongs to no workspace, and we take none. */
const Team = z.object({ id: z.string() }).nullable();
const User = z.object({ id: z.string(), team_id: z.string().optional() });

/** Somebody pressed a button of a message. */
export const Press = z.object({
  type: z.literal('block_actions'),
  team: Team,
  user: User,
  trigger_id: z.string(),
  container: z.object({ channel_id: z.string() }),
  actions: z.array(z.object({ action_id: z.string(), value: z.string().max(2_000).default('') })).length(1),
});
export type Press = z.infer<typeof Press>;

/** Somebody sent off a modal. */
export const Submission = z.object({
  type: z.literal('view_submission'),
  team: Team,
  user: User,
  view: z.object({
    callback_id: z.string(),
    private_metadata: z.string().max(3_000),
    state: z.object({
      values: z.record(z.string(), z.record(z.string(), z.object({ value: z.string().nullish() }))),
    }),
  }),
});
export type Submission = z.infer<typeof Submission>;

/** The `payload` of what Slack posts, as far as we read it. */
export const Interaction = z.discriminatedUnion('type', [Press, Submission]);
export type Interaction = z.infer<typeof Interaction>;
