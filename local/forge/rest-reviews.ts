import { problem } from './problem.ts';
import { pullOf } from './pulls.ts';
import type { Pull, Repository, Review } from './records.ts';
import { NewReview, reviewShapes, submitReview } from './reviews.ts';
import { type Answer, type Ask, input, listed, numberIn, type Routes, repositoryOf } from './route.ts';
import { shapes } from './shapes.ts';

/** Reviews of pull requests, and who may do what in a repository. */
export const reviewRoutes: Routes = {
  'POST /repos/:owner/:repo/pulls/:number/reviews': submit,
  'GET /repos/:owner/:repo/pulls/:number/reviews': list,
  'GET /repos/:owner/:repo/pulls/:number/reviews/:id': read,
  'GET /repos/:owner/:repo/pulls/:number/reviews/:id/comments': comments,
  'GET /repos/:owner/:repo/collaborators/:login/permission': permission,
};

/** Whoever may read may review, as on GitHub. */
async function submit(ask: Ask): Promise<Answer> {
  if (!ask.account) throw problem(401, 'Requires authentication');
  const { repository, pull } = asked(ask);
  const wanted = input(NewReview, 'PullRequestReview', ask);
  const review = await submitReview(ask.context, repository, { pull, wanted, login: ask.account.login });
  return { status: 200, body: reviewShapes(ask.context).review(repository, review) };
}

function list(ask: Ask): Answer {
  const { repository, pull } = asked(ask);
  const found = ask.context.records.reviews(repository, pull.number);
  return listed(ask, found, (one) => reviewShapes(ask.context).review(repository, one));
}

function read(ask: Ask): Answer {
  return { status: 200, body: reviewShapes(ask.context).review(asked(ask).repository, reviewOf(ask)) };
}

function comments(ask: Ask): Answer {
  const shape = reviewShapes(ask.context);
  return listed(ask, shape.reviewComments(asked(ask).repository, reviewOf(ask)), (one) => one);
}

function permission(ask: Ask): Answer {
  const { context, params, account } = ask;
  repositoryOf(ask);
  if (!account) throw problem(401, 'Requires authentication');
  const { login = '' } = params;
  const known = context.accounts.find((one) => one.login === login)?.access;
  const granted = login === context.visitor ? 'admin' : (known ?? 'none');
  return {
    status: 200,
    body: { permission: granted, role_name: granted, user: shapes(context).user(login) },
  };
}

function reviewOf(ask: Ask): Review {
  const { repository, pull } = asked(ask);
  const id = numberIn(ask.params, 'id');
  const found = ask.context.records.reviews(repository, pull.number).find((one) => one.id === id);
  if (!found) throw problem(404, 'Not Found');
  return found;
}

function asked(ask: Ask): { repository: Repository; pull: Pull } {
  const repository = repositoryOf(ask);
  return { repository, pull: pullOf(ask.context, repository, numberIn(ask.params, 'number')) };
}
