import { json } from 'node:stream/consumers';
import * as z from 'zod';
import { listening, type Reply } from './listening.ts';

export const LINEAR_KEY = 'lin_api_test';

const Create = z.strictObject({ id: z.uuidv4(), issueId: z.string().min(1), body: z.string().min(1) });
const Update = z.strictObject({ body: z.string().min(1) });
const Request = z.discriminatedUnion('query', [
  z.strictObject({
    query: z.literal('mutation ($input: CommentCreateInput!) { commentCreate(input: $input) { success } }'),
    variables: z.strictObject({ input: Create }),
  }),
  z.strictObject({
    query: z.literal(
      'mutation ($id: String!, $input: CommentUpdateInput!) { commentUpdate(id: $id, input: $input) { success } }',
    ),
    variables: z.strictObject({ id: z.uuidv4(), input: Update }),
  }),
]);

/** Linear as far as we use it: comments under one issue. It says no with a list of errors. */
export async function linearDouble(issue = 'OPS-12') {
  /** By id, the newest version first. */
  const comments = new Map<string, string[]>();
  const vendor = await listening(async (request) => {
    if (request.headers.authorization !== LINEAR_KEY)
      return no(401, 'Authentication required, not authenticated', 'AUTHENTICATION_ERROR');
    const { success, data, error } = Request.safeParse(await json(request));
    if (!success) return no(400, error.message, 'GRAPHQL_VALIDATION_FAILED');
    return 'id' in data.variables
      ? update(comments, data.variables)
      : create(comments, issue, data.variables.input);
  });
  return { ...vendor, issue, comments };
}

function update(
  comments: Map<string, string[]>,
  { id, input }: { id: string; input: z.infer<typeof Update> },
): Reply {
  const known = comments.get(id);
  if (!known) return no(200, 'Entity not found: Comment', 'INPUT_ERROR');
  known.unshift(input.body);
  return { status: 200, body: { data: { commentUpdate: { success: true } } } };
}

function create(
  comments: Map<string, string[]>,
  issue: string,
  { id, issueId, body }: z.infer<typeof Create>,
): Reply {
  if (issueId !== issue) return no(200, 'Entity not found: Issue', 'INPUT_ERROR');
  if (comments.has(id)) return no(200, 'Conflict on insert of Comment', 'INPUT_ERROR');
  comments.set(id, [body]);
  return { status: 200, body: { data: { commentCreate: { success: true } } } };
}

function no(status: number, message: string, code: string): Reply {
  return { status, body: { errors: [{ message, extensions: { code } }] } };
}
