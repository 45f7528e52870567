import { createHash } from 'node:crypto';
import { redactor } from './taps/redact.ts';

/** Stands for the organization where a message names none: only the operator's admins see these. */
export const PLATFORM = '-';

/** Why a message was not done with, as far as whoever read it has noted. */
export interface Failure {
  code: string;
  message: string;
  at: string;
}

/** A message as its dead-letter queue holds it. */
export interface DeadMessage {
  messageId: string;
  /** The construct that the message waited at: `Answers/Github`. */
  queue: string;
  body: string;
  sentAt: string;
  attempts: number;
  /** Of the dead letter that was replayed by this message. */
  replayOf?: string | undefined;
}

export interface DeadLetter {
  org: string;
  /** Sorts by when the message was first sent. */
  id: string;
  queue: string;
  body: string;
  status: 'dead' | 'replayed';
  /** The message that died last; a replay is another message. */
  messageId: string;
  /** Attempts of all its messages. */
  attempts: number;
  replays: number;
  reason?: Failure;
  sentAt: string;
  diedAt: string;
  replayedAt?: string;
  replayedBy?: string;
}

export interface DeadLetterQuery {
  queue?: string | undefined;
  status?: DeadLetter['status'] | undefined;
  limit: number;
  cursor?: string | undefined;
}

export interface DeadLetters {
  /** Remembers why a message was not done with this time. */
  note(messageId: string, failure: Failure): Promise<void>;
  lastFailure(messageId: string): Promise<Failure | undefined>;
  /** Files a message, once; what was replayed and died again is the same dead letter. False when it was filed before. */
  file(letter: DeadLetter): Promise<boolean>;
  /** Newest first. */
  list(org: string, query: DeadLetterQuery): Promise<{ deadLetters: DeadLetter[]; cursor?: string }>;
  find(org: string, id: string): Promise<DeadLetter | undefined>;
  /** Unless it has died again meanwhile. */
  markReplayed(letter: DeadLetter, by: string, at: string): Promise<void>;
}

const ORG = /^[a-z0-9][a-z0-9-]{0,63}$/;

/** What is filed of a dead message. */
export function deadLetterOf(message: DeadMessage, reason: Failure | undefined, diedAt: string): DeadLetter {
  const { messageId, queue, body, sentAt, attempts, replayOf } = message;
  return {
    ...{ org: orgOf(body), id: replayOf ?? idOf(messageId, sentAt), queue, body, messageId, attempts },
    ...{ status: 'dead', replays: 0, sentAt, diedAt, ...(reason && { reason }) },
  };
}

function idOf(messageId: string, sentAt: string): string {
  const digest = createHash('sha256').update(messageId).digest('hex');
  return `dl_${Date.parse(sentAt).toString(36).padStart(9, '0')}${digest.slice(0, 12)}`;
}

/** Our messages name their organization at the top; events from the bus in their detail. */
function orgOf(body: string): string {
  try {
    const { org, detail } = JSON.parse(body) as { org?: unknown; detail?: { org?: unknown } };
    const named = org ?? detail?.org;
    return typeof named === 'string' && ORG.test(named) ? named : PLATFORM;
  } catch {
    return PLATFORM;
  }
}

const redacted = redactor([]);

/** As people are shown it: without what has the shape of a secret. The body only where it is asked for. */
export function deadLetterView(
  { body, reason, messageId: _, ...rest }: DeadLetter,
  withBody = false,
): DeadLetterView {
  return {
    ...rest,
    ...(reason && { reason: { ...reason, message: redacted(reason.message) } }),
    ...(withBody && { body: redacted(body) }),
  };
}
export type DeadLetterView = Omit<DeadLetter, 'body' | 'messageId'> & { body?: string };
