import * as z from 'zod';
import type { Ask, Kept, Reply } from './kept.ts';

const Create = z.strictObject({ id: z.uuidv4(), issueId: z.string().min(1), body: z.string().min(1) });
const Update = z.strictObject({ body: z.string().min(1) });

/** The two operations that we ask for; of the fields that Linear's schema has, those that we send. */
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

/** Comments under Linear's issues. It says no with a list of errors. */
export function linear({ path, headers, body }: Ask, kept: Kept, key: string): Reply | undefined {
  if (path !== '/graphql') return undefined;
  if (headers.authorization !== key)
    return no(401, 'Authentication required, not authenticated', 'AUTHENTICATION_ERROR');
  const { success, data, error } = Request.safeParse(body);
  if (!success) return no(400, error.message, 'GRAPHQL_VALIDATION_FAILED');
  return 'id' in data.variables
    ? update(kept, data.variables.id, data.variables.input.body)
    : create(kept, data.variables.input);
}

/** Where comments are kept: a comment is asked for by its id alone. */
export const PLACE = 'comments';

function update(kept: Kept, id: string, body: string): Reply {
  if (!kept.find(PLACE, id)) return no(200, 'Entity not found: Comment', 'INPUT_ERROR');
  kept.write(PLACE, id, body);
  return { status: 200, body: { data: { commentUpdate: { success: true } } } };
}

function create(kept: Kept, { id, body }: z.infer<typeof Create>): Reply {
  if (kept.find(PLACE, id)) return no(200, 'Conflict on insert of Comment', 'INPUT_ERROR');
  kept.write(PLACE, id, body);
  return { status: 200, body: { data: { commentCreate: { success: true } } } };
}

function no(status: number, message: string, code: string): Reply {
  return { status, body: { errors: [{ message, extensions: { code } }] } };
}
