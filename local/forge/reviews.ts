import * as z from 'zod';
import { type Context, timeOf } from './context.ts';
import { invalid } from './problem.ts';
import { comparisonOf } from './pulls.ts';
import type { Pull, Repository, Review } from './records.ts';
import { node, shapes } from './shapes.ts';

const STATES = { APPROVE: 'APPROVED', REQUEST_CHANGES: 'CHANGES_REQUESTED', COMMENT: 'COMMENTED' } as const;

export const NewReview = z.object({
  event: z.enum(['APPROVE', 'REQUEST_CHANGES', 'COMMENT']),
  body: z.string().default(''),
  comments: z
    .array(z.object({ path: z.string(), line: z.int().positive(), body: z.string().min(1) }))
    .default([]),
});

/** Stores a review under GitHub's conditions and tells the webhooks: once of itself, once of each comment on a line. */
export async function submitReview(
  context: Context,
  repository: Repository,
  { pull, wanted, login }: { pull: Pull; wanted: z.infer<typeof NewReview>; login: string },
): Promise<Review> {
  const { event, body, comments } = wanted;
  if (login === pull.author && event !== 'COMMENT')
    throw refused(`Can not ${event === 'APPROVE' ? 'approve' : 'request changes on'} your own pull request`);
  if (event !== 'APPROVE' && !body.trim() && comments.length === 0) throw refused('A review needs some text');
  const { files } = await comparisonOf(context, repository, pull);
  const elsewhere = comments.find(({ path }) => !files.some((file) => file.path === path));
  if (elsewhere) throw refused(`Path could not be resolved: ${elsewhere.path} is not changed here`);
  return context.store.transaction(() => {
    const review = context.records.addReview(repository, {
      ...{ number: pull.number, author: login, state: STATES[event], body, comments },
      ...{ commitSha: pull.pull.headSha, submittedAt: timeOf(context) },
    });
    announceReview(context, repository, { pull, review });
    return review;
  });
}

function announceReview(
  context: Context,
  repository: Repository,
  { pull, review }: { pull: Pull; review: Review },
): void {
  const shape = shapes(context);
  const about = {
    pull_request: shape.pull(repository, pull),
    repository: shape.repository(repository),
    sender: shape.user(review.author),
  };
  const reviews = reviewShapes(context);
  const said = { ...reviews.review(repository, review), state: review.state.toLowerCase() };
  context.hooks.fire(repository, 'pull_request_review', { action: 'submitted', review: said, ...about });
  for (const comment of reviews.reviewComments(repository, review))
    context.hooks.fire(repository, 'pull_request_review_comment', { action: 'created', comment, ...about });
}

/** How GitHub spells a review and its comments. */
export function reviewShapes(context: Pick<Context, 'origin' | 'accounts'>) {
  const { route, page, user } = shapes(context);

  function at(of: Repository, number: number, anchor: string) {
    return {
      html_url: `${page(of)}/pull/${number}#${anchor}`,
      pull_request_url: `${route(of)}/pulls/${number}`,
    };
  }

  /** The REST interface names the state in capitals, webhooks in small letters. */
  function review(of: Repository, { id, number, author, state, body, commitSha, submittedAt }: Review) {
    return {
      id,
      node_id: node('PRR', id),
      user: user(author),
      body,
      state,
      commit_id: commitSha,
      submitted_at: submittedAt,
      ...at(of, number, `pullrequestreview-${id}`),
    };
  }

  function reviewComments(of: Repository, { id: review, number, author, comments, ...rest }: Review) {
    return comments.map(({ path, line, body }, index) => {
      const id = review * 1000 + index;
      return {
        id,
        node_id: node('PRRC', id),
        url: `${route(of)}/pulls/comments/${id}`,
        pull_request_review_id: review,
        path,
        line,
        side: 'RIGHT',
        commit_id: rest.commitSha,
        user: user(author),
        body,
        created_at: rest.submittedAt,
        updated_at: rest.submittedAt,
        ...at(of, number, `discussion_r${id}`),
      };
    });
  }

  return { review, reviewComments };
}

function refused(message: string) {
  return invalid('PullRequestReview', { code: 'custom', message });
}
