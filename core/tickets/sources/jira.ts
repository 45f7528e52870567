import * as z from 'zod/mini';
import { cut, oneLine } from '../text.ts';
import type { Draft } from '../ticket.ts';
import { priorityNamed, typeNamed } from './words.ts';

const Named = z.object({ name: z.string() });

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
    reporter: z.nullish(z.object({ displayName: z.string(), emailAddress: z.nullish(z.string()) })),
    created: z.nullish(z.string()),
  }),
});

export const JiraDelivery = z.object({
  /** Epoch milliseconds, inside the signed body. */
  timestamp: z.int().check(z.positive()),
  webhookEvent: z.string(),
  issue: z.optional(Issue),
  changelog: z.nullish(z.object({ items: z.array(z.record(z.string(), z.unknown())) })),
});
export type JiraDelivery = z.infer<typeof JiraDelivery>;

/** Putting this label on an issue hands it to us, whenever that is. */
const LABEL = 'signalbox';
const HOUR = 3_600_000;
const FIVE_MINUTES = 300_000;

/** Whether a delivery's own time is near enough to now to be no replay: up to an hour old, five minutes ahead. */
export function isTimely({ timestamp }: Pick<JiraDelivery, 'timestamp'>, now: Date): boolean {
  const age = now.getTime() - timestamp;
  return age <= HOUR && age >= -FIVE_MINUTES;
}

/** The request that an issue makes when it is created or gets our label; other events make none. */
export function fromJira(org: string, delivery: JiraDelivery): Draft | undefined {
  const { issue } = delivery;
  if (!issue || !begins(delivery)) return undefined;
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

function reporter(given: { displayName: string; emailAddress?: string | null } | null | undefined) {
  const email = z.email().safeParse(given?.emailAddress);
  const name = oneLine(given?.displayName ?? 'unknown', 200) || 'unknown';
  return { name, ...(email.success && { email: email.data }) };
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
  const inner = Array.isArray(content) ? content.map((child) => plainText(child, depth + 1)).join('') : '';
  return ['paragraph', 'heading', 'listItem', 'codeBlock', 'tableRow'].includes(String(type))
    ? `${inner}\n`
    : inner;
}
