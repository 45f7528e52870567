import * as z from 'zod/mini';
import { Accepted, Issue, Job } from './issue.ts';
import { NewIssue } from './sources/rest.ts';
import { Priority, Source, TicketStatus, TicketType } from './ticket.ts';

const Cursor = z.string().check(z.maxLength(500));

/** A moment, or a day for its start in UTC; both as stored times are written, which compare as text. */
const Moment = z.pipe(
  z.union([z.iso.date(), z.iso.datetime({ offset: true })], {
    error:
      'Write a day or a time: 2026-11-21, 2026-11-21T09:00:00Z or 2026-11-21T09:00:00+02:00 (in a URL, + is %2B)',
  }),
  z.transform((text: string) => new Date(text).toISOString()),
);

/** What a list of issues may be asked for. */
export const IssueFilters = z
  .strictObject({
    status: z.optional(TicketStatus),
    type: z.optional(TicketType),
    priority: z.optional(Priority),
    source: z.optional(Source),
    /** In what the source says it concerns, or the name of the repository. */
    module: z.optional(z.string().check(z.minLength(1), z.maxLength(200))),
    /** In the title, the description or the external id. */
    text: z.optional(z.string().check(z.minLength(1), z.maxLength(200))),
    /** Created then or later. */
    from: z.optional(Moment),
    /** Created before. */
    to: z.optional(Moment),
    limit: z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(100)), 25),
    cursor: z.optional(Cursor),
  })
  .check(
    z.refine(({ from, to }) => !from || !to || from < to, {
      error: 'Write a later time than that of from',
      path: ['to'],
    }),
  );

const IssuePage = z.object({ issues: z.array(Issue), cursor: z.optional(Cursor) });
const IssueWithJob = z.extend(Issue, {
  job: z.optional(Job),
  /** Its place in the queue while it waits, and the seconds that this takes; null while none was measured. */
  position: z.optional(z.int()),
  estimatedWait: z.optional(z.nullable(z.int())),
});
const Problem = z.object({ error: z.string(), message: z.string() });

/** The body of a status callback. */
export const StatusChanged = z.object({
  event: z.literal('issue.status_changed'),
  at: z.iso.datetime(),
  issue: Issue,
});
export type StatusChanged = z.infer<typeof StatusChanged>;

const SCHEMAS = { NewIssue, Accepted, Issue, IssueWithJob, IssuePage, Job, Problem, StatusChanged };

type Name = keyof typeof SCHEMAS;

/** The API for issues as OpenAPI 3.1, made from the schemas that the product itself checks by. */
export function openApi(publicUrl: string) {
  return {
    openapi: '3.1.0',
    info: { title: 'Signalbox', version: '1', description: 'Issues in, status and progress out.' },
    servers: [{ url: publicUrl.replace(/\/+$/, '') }],
    security: [{ key: [] }],
    paths: {
      '/api/issues': { post: create, get: list },
      '/api/issues/{id}': { get: read },
    },
    webhooks: { statusChanged: { post: callback } },
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'An API key: sbx_…' } },
      schemas: Object.fromEntries(
        Object.entries(SCHEMAS).map(([name, schema]) => [name, jsonSchema(schema, name === 'NewIssue')]),
      ),
    },
  };
}

function jsonSchema(schema: z.core.$ZodType, isInput: boolean) {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: isInput ? 'input' : 'output' });
  return rest;
}

function body(name: Name) {
  return { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } };
}

function answers(status: number, name: Name, problems: Record<number, string>) {
  const all = Object.entries({
    401: 'No key, or one that has ended',
    403: 'The key lacks the scope',
    ...problems,
  });
  return {
    [status]: { description: 'Done', content: body(name) },
    ...Object.fromEntries(
      all.map(([code, description]) => [code, { description, content: body('Problem') }]),
    ),
  };
}

const id = { name: 'id', in: 'path', required: true, schema: { type: 'string' } };

const create = {
  operationId: 'createIssue',
  summary:
    'Send an issue. The same Idempotency-Key, external id or URL again answers the same one. Scope issues:write.',
  parameters: [
    {
      ...{ name: 'Idempotency-Key', in: 'header', required: false },
      schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,200}$' },
    },
  ],
  requestBody: { required: true, content: body('NewIssue') },
  responses: answers(202, 'Accepted', {
    400: 'The body is not an issue; the message names each field',
    409: 'The Idempotency-Key was used for another body',
    413: 'The body is too large',
  }),
};

const list = {
  operationId: 'listIssues',
  summary: 'Issues, newest first. Hand the cursor back to go on. Scope issues:read.',
  parameters: Object.entries(jsonSchema(IssueFilters, true).properties ?? {}).map(([name, schema]) => ({
    ...{
      name,
      in: 'query',
      required: false,
      schema: name === 'limit' ? { type: 'integer', minimum: 1, maximum: 100, default: 25 } : schema,
    },
  })),
  responses: answers(200, 'IssuePage', { 400: 'A filter or the cursor is none of ours' }),
};

const read = {
  operationId: 'getIssue',
  summary: 'One issue, and how far the work on it is. Scope issues:read.',
  parameters: [id],
  responses: answers(200, 'IssueWithJob', { 404: 'There is no such issue' }),
};

const callback = {
  summary:
    'Sent to the callback that an operator has set, signed as Standard Webhooks, until it is answered with 2xx.',
  requestBody: { required: true, content: body('StatusChanged') },
  responses: { 204: { description: 'Heard' } },
};
