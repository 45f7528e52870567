import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as z from 'zod';
import { jwtSessions, SESSION_COOKIE } from '#adapters/session.ts';
import type { Approval } from '#core/approvals/approval.ts';
import type { PlanPayload } from '#core/approvals/plan.ts';
import type { Question } from '#core/approvals/question.ts';
import { summarise } from '#core/approvals/summary.ts';
import { canonical, hashOf } from '#core/canonical.ts';
import { personId } from '#core/people/person.ts';
import type { approvalPages } from '#functions/http/approval-page.ts';
import { notFound } from '#functions/http/not-found.ts';
import { http } from '#functions/http.ts';
import { systemClock } from '#local/clock.ts';
import { gateway } from '#local/gateway/gateway.ts';
import { ANNA, approvals, handClock, NOW, ORG, payload, question, SECRET } from '../support/approvals.ts';
import { localAws } from '../support/aws.ts';
import { mailed, routes } from './person.ts';
import { people } from './stage.ts';

export type Site = Awaited<ReturnType<typeof site>>;

/** The approval pages at an address that a browser can open, on a clock that tests set. */
export async function site() {
  const aws = await localAws();
  const clock = handClock();
  const seen: Pick<IncomingMessage, 'method' | 'url' | 'headers'>[] = [];
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const url = `http://localhost:${(server.address() as AddressInfo).port}`;
  const { pages, decision, passkeys } = routes(clock, url);
  const api = served({
    'GET /a/{id}': pages,
    'GET /a/{id}/receipt': pages,
    'GET /a/{id}/step-up': pages,
    'POST /a/{id}/decision': decision,
    'GET /auth/passkeys': passkeys,
    'POST /auth/passkeys': passkeys,
  });
  server.on('request', (request, response) => {
    seen.push(request);
    api.handle(request, response);
  });

  async function mail(approval: Approval, round: number) {
    const page = `${url}/a/${approval.id}`;
    const { token, code } = await mailed(clock, approval, ANNA, round);
    return { token, code, page, link: `${page}?t=${token}` };
  }

  async function about(type: string, asked: object, more: Partial<Question> = {}): Promise<Mailed> {
    const text = canonical(asked);
    const { headline } = summarise(type, text);
    const { step } = question({ type, headline, payloadHash: hashOf(text), ...more });
    const approval = await approvals.propose(step, text);
    return { approval, text, ...(await mail(approval, 0)) };
  }

  return {
    ...{ aws, clock, url, seen },
    /** The same request, in another mail with another link. */
    remail: async (given: Mailed, round: number): Promise<Mailed> => ({
      ...given,
      ...(await mail(given.approval, round)),
    }),
    /** A request to change code, as it was mailed to Anna. */
    ask: (change: Partial<PlanPayload> = {}, more: Partial<Question> = {}) =>
      about('change_code', payload(change), more),
    about,
    /** The session of somebody who is signed in. */
    session: (email: string) => session(email, clock),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await aws.stop();
    },
  };
}

/** A request, and the mail that an approver got about it. */
export interface Mailed {
  approval: Approval;
  /** The payload's canonical bytes. */
  text: string;
  token: string;
  code: string;
  /** Where the link leads. */
  page: string;
  link: string;
}

function served(functions: Record<string, ReturnType<typeof approvalPages>>) {
  const all = { ...functions, $default: notFound() };
  const handlers = Object.fromEntries(
    Object.entries(all).map(([key, route]) => [key, http(z.object({}), async () => route)]),
  );
  const api = gateway(systemClock(), async (key, event) => handlers[key]?.(event as never, {} as never));
  api.defineApi('api', { Name: 'Api', ProtocolType: 'HTTP' });
  for (const RouteKey of Object.keys(all)) {
    const to = { IntegrationType: 'AWS_PROXY', PayloadFormatVersion: '2.0', IntegrationUri: RouteKey };
    api.defineIntegration(RouteKey, to);
    api.defineRoute({ RouteKey, Target: `integrations/${RouteKey}`, AuthorizationType: 'NONE' });
  }
  return api;
}

async function session(email: string, clock: ReturnType<typeof handClock>) {
  const id = personId(ORG, email);
  const createdAt = NOW.toISOString();
  await people.admit({ org: ORG, id, email, name: email, roles: ['viewer'], groups: [], createdAt });
  const { token } = await jwtSessions(SECRET, clock).issue({ org: ORG, personId: id });
  return { name: SESSION_COOKIE, value: token };
}

/** Nothing about a request was decided, and nobody was let closer to deciding it. */
export async function isUntouched({ id, ledgerHead }: Approval): Promise<boolean> {
  const now = await approvals.find(ORG, id);
  return now?.status === 'PENDING' && now.votes.length === 0 && now.ledgerHead === ledgerHead;
}
