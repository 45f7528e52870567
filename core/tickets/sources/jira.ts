import * as z from 'zod/mini';
import { Account } from '../../people/account.ts';
import { cut, oneLine } from '../text.ts';
import type { Draft } from '../ticket.ts';
import type { Meaning, Told } from '../told.ts';
import { asksUs, LABEL } from './asking.ts';
import { priorityNamed, typeNamed } from './words.ts';

const Named = z.object({ name: z.string() });

const Reporter = z.nullish(
  z.object({
    displayName: z.string(),
    emailAddress: z.nullish(z.string()),
    accountId: z.nullish(z.string()),
  }),
);

const Issue = z.object({
  key: z.string().check(z.regex(/^[A-Za-z][A-Za-z0-9_]*-\d+$/)),
  self: z.url({ protocol: /^https?$/ }),
  fields: z.object({
    summary: z.string().check(z.minLength(1)),
    description: z.optional(z.unknown()),
    issuetype: z.nullish(Named),
    priority: z.nullish(Named),
    labels: z.nullish(z.array(z.string())),
    components: z.nullish(z.array(Named)),
    reporter: Reporter,
    created: z.nullish(z.string()),
    status: z.nullish(z.object({ statusCategory: z.nullish(z.object({ key: z.nullish(z.string()) })) })),
  }),
});
type Issue = z.infer<typeof Issue>;

const Person = z.nullish(
  z.object({ displayName: z.nullish(z.string()), accountType: z.nullish(z.string()) }),
);

const Written = z.object({
  id: z.string().check(z.regex(/^\d{1,30}$/)),
  body: z.optional(z.unknown()),
  author: Person,
  updated: z.nullish(z.string()),
});

export const JiraDelivery = z.object({
  /** Epoch milliseconds, inside the signed body. */
  timestamp: z.int().check(z.positive()),
  webhookEvent: z.string(),
  issue: z.optional(Issue),
  /** Who changed the issue. */
  user: Person,
  comment: z.optional(z.unknown()),
  changelog: z.nullish(z.object({ items: z.array(z.record(z.string(), z.unknown())) })),
});
export type JiraDelivery = z.infer<typeof JiraDelivery>;

const HOUR = 3_600_000;
const FIVE_MINUTES = 300_000;

const Timed = z.object({ timestamp: z.number() });

/** Whether a delivery's own time, inside its body, is near enough to now to be no replay: up to an hour old, five minutes ahead. One without a time is not old, but malformed. */
export function isTimely(text: string, now: Date): boolean {
  const { success, data } = z.safeParse(Timed, jsonOf(text));
  if (!success) return true;
  const age = now.getTime() - data.timestamp;
  return age <= HOUR && age >= -FIVE_MINUTES;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What happened to an issue: created or given our label, or named to us in a comment, it is a request; anything else is news of one. */
export function fromJira(org: string, delivery: JiraDelivery): Meaning {
  const { issue, webhookEvent } = delivery;
  if (webhookEvent.startsWith('comment_')) return fromComment(org, delivery);
  if (!issue || !webhookEvent.startsWith('jira:issue_'))
    return { kind: 'ignored', why: `${oneLine(webhookEvent, 100)} is about no issue` };
  const told = newsOf(org, delivery, issue);
  if (!begins(delivery)) return { kind: 'told', told };
  return { kind: 'request', draft: draftOf(org, delivery, issue), told };
}

/** Our own answers, which are written as whoever's token we were given: the ticket's address behind these words. */
const OWN_ANSWER = /Follow it.*\/tickets\/tk_[0-9a-f]{16}/s;

/** The issue that comes with a comment is only half there: it makes a request, but says nothing new of one. */
function fromComment(org: string, delivery: JiraDelivery): Meaning {
  const { issue, timestamp, webhookEvent } = delivery;
  const written = z.safeParse(Written, delivery.comment);
  if (!issue || !written.success) return { kind: 'ignored', why: 'a comment without its id or its issue' };
  const { id, body, author, updated } = written.data;
  if (author?.accountType === 'app' || OWN_ANSWER.test(JSON.stringify(body ?? '')))
    return { kind: 'ignored', why: 'a comment of an app' };
  const text = plainText(body).trim();
  const by = oneLine(author?.displayName ?? 'someone', 100);
  const isGone = webhookEvent === 'comment_deleted';
  const at = time(updated, timestamp);
  const comment = { id: `jira#${id}`, at, by, text: cut(text, 2_000), isGone };
  const told: Told = {
    org,
    source: 'jira',
    externalId: issue.key,
    at: time(undefined, timestamp),
    by,
    comment,
  };
  if (isGone || !asksUs(text)) return { kind: 'told', told };
  const draft = draftOf(org, delivery, issue);
  return { kind: 'request', draft: { ...draft, body: draft.body || cut(text, 60_000) }, told };
}

function newsOf(org: string, delivery: JiraDelivery, issue: Issue): Told {
  const as = draftOf(org, delivery, issue);
  const isGone = delivery.webhookEvent === 'jira:issue_deleted';
  const isDone = issue.fields.status?.statusCategory?.key === 'done';
  return {
    ...{ org, source: 'jira', externalId: issue.key, as, at: as.changedAt ?? as.openedAt },
    by: oneLine(delivery.user?.displayName ?? 'someone', 100),
    state: isGone || isDone ? 'closed' : 'open',
  };
}

function draftOf(org: string, delivery: JiraDelivery, issue: Issue): Draft {
  const { fields } = issue;
  const labels = (fields.labels ?? []).map((label) => oneLine(label, 100)).slice(0, 50);
  return {
    org,
    source: 'jira',
    externalId: issue.key,
    url: `${new URL(issue.self).origin}/browse/${issue.key}`,
    title: oneLine(fields.summary, 300) || issue.key,
    body: cut(plainText(fields.description), 60_000),
    reporter: reporter(fields.reporter),
    labels,
    concerns: (fields.components ?? []).map(({ name }) => oneLine(name, 200)).slice(0, 20),
    type: typeNamed([fields.issuetype?.name, ...labels]),
    priority: priorityNamed([fields.priority?.name]),
    openedAt: time(fields.created, delivery.timestamp),
    changedAt: time(undefined, delivery.timestamp),
  };
}

function begins({ webhookEvent, changelog }: JiraDelivery): boolean {
  if (webhookEvent === 'jira:issue_created') return true;
  return (
    webhookEvent === 'jira:issue_updated' &&
    (changelog?.items ?? []).some(
      (item) =>
        item.field === 'labels' &&
        words(item.toString).includes(LABEL) &&
        !words(item.fromString).includes(LABEL),
    )
  );
}

function words(value: unknown): string[] {
  return typeof value === 'string' ? value.toLowerCase().split(/\s+/) : [];
}

function reporter(given: z.infer<typeof Reporter>): Draft['reporter'] {
  const email = z.email().safeParse(given?.emailAddress);
  const name = oneLine(given?.displayName ?? 'unknown', 200) || 'unknown';
  const account = Account.safeParse({ at: 'jira', id: given?.accountId });
  return {
    name,
    ...(email.success && { email: email.data }),
    ...(account.success && { account: account.data }),
  };
}

/** Jira writes `2026-11-20T10:00:00.000+0000`. */
function time(created: string | null | undefined, fallback: number): string {
  const parsed = Date.parse((created ?? '').replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));
  return new Date(Number.isNaN(parsed) ? Math.min(fallback, 8.64e15) : parsed).toISOString();
}

/** Wiki text as it is, or the text of an Atlassian document, block by block. */
function plainText(description: unknown, depth = 0): string {
  if (typeof description === 'string') return description;
  if (typeof description !== 'object' || description === null || depth > 30) return '';
  const { type, text, content } = description as { type?: unknown; text?: unknown; content?: unknown };
  if (typeof text === 'string') return text;
  if (type === 'hardBreak') return '\n';
  if (type === 'mention') return String((description as { attrs?: { text?: unknown } }).attrs?.text ?? '');
  const inner = Array.isArray(content) ? content.map((child) => plainText(child, depth + 1)).join('') : '';
  return ['paragraph', 'heading', 'listItem', 'codeBlock', 'tableRow'].includes(String(type))
    ? `${inner}\n`
    : inner;
}
