import * as z from 'zod';
import { clock } from '#adapters/clock.ts';
import { dynamoMerges } from '#adapters/dynamodb/merges.ts';
import { dynamoProjects } from '#adapters/dynamodb/projects.ts';
import { dynamoQueue } from '#adapters/dynamodb/queue.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { dynamoLessons } from '#adapters/dynamodb/triage.ts';
import { Fault } from '#core/fault.ts';
import { parseJson } from '#core/parse.ts';
import { allow, nameOf } from '#core/people/principal.ts';
import type { Clock, Projects, Tickets } from '#core/ports.ts';
import type { Queue } from '#core/queue/ports.ts';
import { mergedInto } from '#core/tickets/merge.ts';
import type { Ticket } from '#core/tickets/ticket.ts';
import { adapt, succeeding } from '#core/triage/adapt.ts';
import { corrected, Wish } from '#core/triage/correction.ts';
import { embedded, shipped } from '#core/triage/embedded.ts';
import type { Lessons, Merges } from '#core/triage/ports.ts';
import { http, type Reply, type Request, type Route } from '../http.ts';
import { PrincipalEnv, type PrincipalOf, principalsFrom } from '../principal.ts';

export const Env = PrincipalEnv.extend({
  TICKETS_TABLE: z.string(),
  DELIVERIES_TABLE: z.string(),
  PROJECTS_TABLE: z.string(),
  TRIAGE_TABLE: z.string(),
  QUEUE_TABLE: z.string(),
});
export type Env = z.infer<typeof Env>;

interface Needs {
  tickets: Pick<Tickets, 'find'>;
  projects: Pick<Projects, 'list'>;
  lessons: Lessons;
  merges: Merges;
  queue: Pick<Queue, 'rerank'>;
  principalOf: PrincipalOf;
  clock: Clock;
}

interface Asked extends Needs {
  request: Request;
  org: string;
  by: { id: string; name: string };
}

const Into = z.strictObject({ into: z.string().min(1).max(100) });
/** Corrections that a training reads, newest first: as many as fit into the time of a request. */
const READ = 300;

const ROUTES: { path: RegExp; method: string; answer: (asked: Asked) => Promise<Reply> }[] = [
  { method: 'POST', path: /^\/api\/tickets\/[\w-]{1,100}\/corrections$/, answer: correct },
  { method: 'POST', path: /^\/api\/tickets\/[\w-]{1,100}\/merge$/, answer: merge },
  { method: 'POST', path: /^\/api\/triage\/train$/, answer: train },
  { method: 'GET', path: /^\/api\/triage$/, answer: state },
];

/** What leads teach triage: they correct tickets, merge duplicates, and train the classifier from what was corrected. */
export function triageRoutes(needs: Needs): Route {
  return async (request) => {
    const principal = await needs.principalOf(request);
    allow(principal, 'lead');
    const { rawPath, requestContext } = request.event;
    const route = ROUTES.find(
      ({ method, path }) => method === requestContext.http.method && path.test(rawPath),
    );
    if (!route) throw new Fault('NotFound', `There is nothing at ${rawPath}`);
    return route.answer({
      ...needs,
      request,
      org: principal.org,
      by: { id: principal.id, name: nameOf(principal) },
    });
  };
}

async function found({ tickets, org }: Asked, id: string): Promise<Ticket> {
  const ticket = await tickets.find(org, id);
  if (!ticket) throw new Fault('NotFound', `There is no ticket ${id}`);
  return ticket;
}

async function correct(asked: Asked): Promise<Reply> {
  const { request, projects, lessons, queue, org, by, clock } = asked;
  const wish = parseJson(Wish, request.text);
  const ticket = await found(asked, request.params.id ?? '');
  const at = clock.now().toISOString();
  const { correction, classification } = corrected(ticket, wish, {
    by,
    at,
    projects: await projects.list(org),
  });
  const now = await lessons.correct(correction, classification);
  if (wish.priority && now.runId) await queue.rerank(org, now.runId, { priority: wish.priority });
  return { status: 200, body: { ticket: now } };
}

async function merge(asked: Asked): Promise<Reply> {
  const { request, merges, by, clock } = asked;
  const { into } = parseJson(Into, request.text);
  const [ticket, other] = await Promise.all([found(asked, request.params.id ?? ''), found(asked, into)]);
  const updatedAt = clock.now().toISOString();
  const change = { ...mergedInto(ticket, other, by.name), updatedAt };
  return { status: 200, body: { ticket: await merges.merge(ticket, other, change) } };
}

async function train({ lessons, org, clock }: Asked): Promise<Reply> {
  const [corrections, before] = await Promise.all([lessons.corrections(org, READ), lessons.learned(org)]);
  const lesson = adapt(corrections, embedded());
  const version = (before?.version ?? 0) + 1;
  const { learned: _learned, ...told } = lesson;
  const learned = succeeding(lesson, before);
  const isShipped = await lessons.ship(org, { ...learned, version, at: clock.now().toISOString() });
  if (!isShipped)
    throw new Fault('Conflict', 'Somebody else has trained it meanwhile; look at what is there now');
  const { threshold, temperature, habits } = learned;
  return { status: 200, body: { version, ...told, threshold, temperature, habits } };
}

async function state({ lessons, org }: Asked): Promise<Reply> {
  const [corrections, learned] = await Promise.all([lessons.corrections(org, READ), lessons.learned(org)]);
  const { weights: _weights, ...classifier } = shipped();
  const { rows: _rows, bias: _bias, ...own } = learned ?? {};
  return { status: 200, body: { corrections: corrections.length, classifier, learned: learned && own } };
}

export const handler = http(Env, async (env) => {
  const tickets = dynamoTickets(env.TICKETS_TABLE, env.DELIVERIES_TABLE);
  return triageRoutes({
    tickets,
    projects: dynamoProjects(env.PROJECTS_TABLE),
    lessons: dynamoLessons(env.TRIAGE_TABLE, env.TICKETS_TABLE, tickets.find),
    merges: dynamoMerges(env.TICKETS_TABLE),
    queue: dynamoQueue(env.QUEUE_TABLE),
    principalOf: await principalsFrom(env),
    clock,
  });
});
