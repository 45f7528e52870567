import type { ApprovalMetrics } from '#core/approvals/metrics.ts';
import type { ApprovalEntry } from '#core/approvals/view.ts';
import type { DeadLetterView } from '#core/dead-letters.ts';
import type { IntegrationEntry } from '#core/projects/health.ts';
import type { QueueView } from '#core/queue/view.ts';
import type { CostRow, Run, RunLine } from '#core/runs/run.ts';
import type { CheckRecord } from '#core/taps/check.ts';
import type { Consumer } from '#core/taps/consumers.ts';
import type { Answer } from '#core/tickets/answer.ts';
import type { Ticket, TicketStatus } from '#core/tickets/ticket.ts';
import type { Similar } from '#core/triage/similar.ts';
import type { DeadLetterPage } from './views/dead-letters.ts';
import type { PreferencesPage } from './views/notices.ts';
import type { Steering } from './views/queue.ts';
import type { Wish } from './views/steering.ts';
import type { Correction } from './views/triage.ts';

export interface Me {
  org: string;
  id: string;
  email?: string;
  roles: string[];
}

export interface Summary {
  byStatus: Record<string, number>;
  spentNanoUsd: number;
}

export interface TicketDetail {
  ticket: Ticket;
  runs: Run[];
  costs: CostRow[];
  similar: Similar[];
  /** Where it was answered, and where it could not be. */
  answers: Answer[];
}

/** `since` is later than the days say when there was too much to read. */
export interface Figures extends ApprovalMetrics {
  days: number;
  since: string;
}

/** A page of approvals, and where the next one begins. */
export interface Approvals {
  approvals: ApprovalEntry[];
  cursor?: string;
}

/** Every tap, with its last check if there was one. */
export interface DriftList {
  taps: {
    projectId: string;
    repository: string;
    discovery: string;
    check?: Omit<CheckRecord, 'changes'>;
  }[];
}

/** One tap's checks, the newest first. */
export interface DriftHistory {
  repository: string;
  checks: CheckRecord[];
  consumers: Consumer[];
  /** What became of the tickets that its checks name. */
  tickets: { id: string; status: TicketStatus; pullRequest?: string }[];
}

/** The API said no; `status` 401 means that nobody is signed in. */
export interface Refusal extends Error {
  status: number;
}

/** Everything that the page reads and sends. A refused call throws a {@link Refusal} with the API's own words. */
export const api = {
  me: () => ask<Me>('/api/me'),
  summary: () => ask<Summary>('/api/summary'),
  tickets: (filter: Record<string, string>) =>
    ask<{ tickets: Ticket[]; cursor?: string }>(`/api/tickets?${new URLSearchParams(filter)}`),
  ticket: (id: string) => ask<TicketDetail>(`/api/tickets/${encodeURIComponent(id)}`),
  correct: (id: string, body: Correction) =>
    ask<unknown>(`/api/tickets/${encodeURIComponent(id)}/corrections`, { method: 'POST', body }),
  merge: (id: string, into: string) =>
    ask<unknown>(`/api/tickets/${encodeURIComponent(id)}/merge`, { method: 'POST', body: { into } }),
  queue: () => ask<QueueView>('/api/queue'),
  steer: (id: string, wish: Steering, body: { priority?: string }) =>
    ask<unknown>(`/api/tickets/${encodeURIComponent(id)}/${wish}`, { method: 'POST', body }),
  lines: (runId: string) => ask<{ lines: RunLine[] }>(`/api/runs/${encodeURIComponent(runId)}/lines`),
  wish: (runId: string, wish: Wish, text?: string) =>
    ask<unknown>(`/api/runs/${encodeURIComponent(runId)}/${wish}`, {
      method: 'POST',
      body: text ? { text } : {},
    }),
  /** A run's change, and everything that its agent said and did, as files. */
  patch: async (runId: string) => {
    const parts = await all<{ name: string; base64: string }>(`/api/runs/${encodeURIComponent(runId)}/patch`);
    const bytes = parts.map(({ base64 }) => Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0)));
    return { name: parts[0]?.name ?? '', blob: new Blob(bytes) };
  },
  journal: async (runId: string) => {
    const parts = await all<{ text: string }>(`/api/runs/${encodeURIComponent(runId)}/journal`);
    return { name: `${runId}.jsonl`, blob: new Blob(parts.map(({ text }) => text)) };
  },
  integrations: () => ask<{ integrations: IntegrationEntry[] }>('/api/integrations'),
  register: (body: object) => ask<unknown>('/api/integrations', { method: 'POST', body }),
  approvals: () => ask<Approvals>('/api/approvals'),
  settled: (cursor?: string) =>
    ask<Approvals>(
      `/api/approvals?${new URLSearchParams({ status: 'settled', by: 'people', limit: '10', ...(cursor && { cursor }) })}`,
    ),
  figures: (days: number) => ask<Figures>(`/api/approvals/metrics?days=${days}`),
  drift: () => ask<DriftList>('/api/drift'),
  driftOf: (repository: string) => ask<DriftHistory>(`/api/drift/${repository}`),
  checkTaps: (repository?: string) =>
    ask<{ check: string }>('/api/drift/checks', {
      method: 'POST',
      body: repository ? { repository } : {},
    }),
  acceptDrift: (repository: string, check: string, reason?: string) =>
    ask<unknown>(`/api/drift/${repository}/accept`, {
      method: 'POST',
      body: { check, ...(reason && { reason }) },
    }),
  deadLetters: () => ask<DeadLetterPage>('/api/dead-letters?limit=50'),
  deadLetter: (id: string) => ask<{ deadLetter: DeadLetterView }>(`/api/dead-letters/${id}`),
  replay: (id?: string, cursor?: string) =>
    ask<{ cursor?: string }>(`/api/dead-letters/${id ? `${id}/` : ''}replay`, {
      method: 'POST',
      body: cursor ? { cursor } : {},
    }),
  preferences: () => ask<PreferencesPage>('/v1/preferences'),
  putMine: (body: PreferencesPage['mine']) => ask<unknown>('/v1/preferences/mine', { method: 'PUT', body }),
  putRooms: (body: PreferencesPage['rooms']) =>
    ask<unknown>('/v1/preferences/rooms', { method: 'PUT', body }),
  askCode: (email: string) => ask<unknown>('/auth/code', { method: 'POST', body: { email } }),
  signIn: (email: string, code: string) =>
    ask<unknown>('/auth/session', { method: 'POST', body: { email, code } }),
  signOut: () => ask<unknown>('/auth/session', { method: 'DELETE' }),
};

/** Every part of something that comes in several. */
async function all<T>(path: string): Promise<T[]> {
  const found: T[] = [];
  for (let part: number | undefined = 0; part !== undefined; ) {
    const answer: T & { next?: number } = await ask(`${path}?part=${part}`);
    found.push(answer);
    part = answer.next;
  }
  return found;
}

async function ask<T>(
  path: string,
  { method = 'GET', body }: { method?: string; body?: unknown } = {},
): Promise<T> {
  const response = await fetch(path, {
    method,
    headers: { 'x-signalbox': '1', ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (response.ok) return (text ? JSON.parse(text) : undefined) as T;
  throw Object.assign(new Error(saidBy(text) ?? `The server answered ${response.status}`), {
    status: response.status,
  });
}

function saidBy(text: string): string | undefined {
  try {
    return JSON.parse(text).message;
  } catch {
    return undefined;
  }
}
