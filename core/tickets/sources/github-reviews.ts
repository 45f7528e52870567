import * as z from 'zod/mini';
import type { Meaning } from '../told.ts';
import { asksUs } from './asking.ts';

const Said = { body: z.nullish(z.string()) };

/** What people say on a pull request: a review, or a comment on a line, which is always part of one. */
export const ReviewDelivery = z.object({
  action: z.string(),
  review: z.optional(z.object({ ...Said, id: z.int(), state: z.string() })),
  comment: z.optional(z.object({ ...Said, pull_request_review_id: z.nullish(z.int()) })),
  pull_request: z.object({ number: z.int().check(z.positive()) }),
  repository: z.object({ full_name: z.string() }),
  sender: z.nullish(z.object({ type: z.nullish(z.string()) })),
});
export type ReviewDelivery = z.infer<typeof ReviewDelivery>;

/** Requested changes, and a review or remark that names us, ask for another round. What robots write is not read. */
export function fromReview(_org: string, delivery: ReviewDelivery): Meaning {
  const { action, review, comment, pull_request, repository, sender } = delivery;
  const id = review?.id ?? comment?.pull_request_review_id;
  const isAsked =
    review?.state === 'changes_requested' || asksUs(review?.body ?? '') || asksUs(comment?.body ?? '');
  if (sender?.type === 'Bot' || !id || !isAsked || !['submitted', 'created'].includes(action))
    return { kind: 'ignored', why: 'a review that asks for nothing' };
  const { number } = pull_request;
  return { kind: 'review', repository: repository.full_name, number, ref: `review/${id}` };
}
