import { type Project, type Repository, repositoryFor } from '../projects/project.ts';
import type { Classification, Draft, Priority, TicketType } from '../tickets/ticket.ts';

/** Under this a person is asked. */
export const SURE = 0.8;

/** A decision with how sure it is and why, in words for a person. */
export interface Sure<T> {
  value: T;
  confidence: number;
  reason: string;
}

type Words = Pick<Draft, 'title' | 'body' | 'labels' | 'concerns'>;

interface Pattern {
  type: TicketType;
  pattern: RegExp;
  because: string;
}

interface Rule extends Pattern {
  /** Alone in the title; in the body the same words are weaker by a tenth. */
  confidence: number;
}

/** What has a signature in its words. The first that matches decides. */
const SIGNATURES: Rule[] = [
  {
    type: 'incident',
    pattern:
      /\b(production (is )?down|outage|sev-?[01]\b|all (syncs|jobs|pipelines) (are )?(fail|stopp|down))/i,
    confidence: 0.92,
    because: 'it speaks of an outage',
  },
  {
    type: 'schema_drift',
    pattern:
      /\b(schema (drift|changed?|mismatch)|unexpected (field|column|property)|(column|field) \S+ (was )?(removed|renamed|no longer))/i,
    confidence: 0.9,
    because: 'it speaks of a changed schema',
  },
  {
    type: 'new_integration',
    pattern:
      /\b(new (integration|tap|target|connector) (for|with|to)|(integrate|connect) (us )?(with|to) [A-Z]\w+)/,
    confidence: 0.9,
    because: 'it asks for a new integration',
  },
];

/** What words lean to. Alone they are right about half the time: they count where the classifier leans the same way. */
const LEANINGS: Pattern[] = [
  {
    type: 'bug',
    pattern:
      /\b(traceback|exception|[A-Z]\w*Error\b|stack ?trace|segfault|HTTP [45]\d\d|exit(ed)? (code|status) [1-9])/,
    because: 'it quotes an error',
  },
  {
    type: 'bug',
    pattern:
      /\b(bug|fails?|failing|failed|broken|crash(es|ed)?|missing|wrong|incorrect|duplicated?|stops? (early|working)|regression|not (being )?(synced|imported|updated))\b/i,
    because: 'it describes something that goes wrong',
  },
  {
    type: 'feature',
    pattern:
      /\b(feature request|please add|add support for|would (like|love)|allow (us|users) to|it would be (nice|great))\b/i,
    because: 'it asks for something new',
  },
  {
    type: 'question',
    pattern: /(^(how|why|what|when|where|who|which|can|could|does|is|are)\b.*\?\s*$)|\?\s*$/i,
    because: 'it asks a question',
  },
];

/** What kind of work it is, as far as its words have a signature. */
export function typeBySignature(words: Words): Sure<TicketType> | undefined {
  return byRule(words, SIGNATURES);
}

/** What kind of work its words lean to, and why; how likely that is depends on what the classifier says. */
export function typeByLeaning(words: Words): Omit<Sure<TicketType>, 'confidence'> | undefined {
  return firstOf(words, LEANINGS)?.said;
}

function byRule(words: Words, rules: Rule[]): Sure<TicketType> | undefined {
  const first = firstOf(words, rules);
  return first && { ...first.said, confidence: first.rule.confidence - (first.isInTitle ? 0 : 0.1) };
}

function firstOf<R extends Pattern>({ title, body }: Words, rules: R[]) {
  const inTitle = rules.find(({ pattern }) => pattern.test(title));
  const text = body.slice(0, 8_000);
  const rule = inTitle ?? rules.find(({ pattern, type }) => type !== 'question' && pattern.test(text));
  if (!rule) return undefined;
  const reason = `${rule.because} (${inTitle ? 'title' : 'description'})`;
  return { rule, isInTitle: !!inTitle, said: { value: rule.type, reason } };
}

const URGENT = /\b(urgent|asap|critical|production (is )?down|outage|data loss|blocker)\b/i;
const LATER = /\b(nice to have|whenever|low priority|cosmetic|typo)\b/i;

/** How soon: an incident and urgent words are critical or high, everything else is medium unless it says that it can wait. */
export function priorityBySignature({ title, body }: Words, type: TicketType | undefined): Sure<Priority> {
  if (type === 'incident') return { value: 'critical', confidence: 0.9, reason: 'an incident comes first' };
  const text = `${title}\n${body.slice(0, 4_000)}`;
  if (URGENT.test(text)) return { value: 'high', confidence: 0.8, reason: 'it says that it is urgent' };
  if (LATER.test(text)) return { value: 'low', confidence: 0.8, reason: 'it says that it can wait' };
  return { value: 'medium', confidence: 0.8, reason: 'nothing says how urgent it is' };
}

const LARGE =
  /\b(migrat\w+|rewrite|redesign|re-?architect\w*|(all|several|every) (taps?|targets?|integrations?|modules?))\b/i;
const SMALL = /\b(typo|cosmetic|rename|wording|one[- ]line|label)\b/i;

/** How much work, as far as words say. */
export function complexityBySignature(
  { title, body }: Words,
  type: TicketType,
): { value: 'low' | 'medium' | 'high'; reason: string } {
  if (type === 'new_integration') return { value: 'high', reason: 'an integration from nothing' };
  const text = `${title}\n${body.slice(0, 4_000)}`;
  if (LARGE.test(text)) return { value: 'high', reason: 'it speaks of a change in many places' };
  if (type === 'question' || SMALL.test(title)) return { value: 'low', reason: 'it asks for little' };
  return { value: 'medium', reason: 'nothing says how much work it is' };
}

/** Who works on it. */
export function roleFor(type: TicketType): Classification['role'] {
  if (type === 'question' || type === 'incident') return 'lead';
  return type === 'new_integration' ? 'researcher' : 'engineer';
}

/** Which repository it concerns: by what the source says, else by the one that its title, or else its description, names. */
export function repositoryBySignature(
  { title, body, labels, concerns }: Words,
  projects: Project[],
): Sure<{ project: Project; repository: Repository }> | undefined {
  const places = [
    { words: [...concerns, ...labels], confidence: 1, where: 'the source says so' },
    { words: tokens(title), confidence: 0.95, where: 'the title names it' },
    { words: tokens(body.slice(0, 8_000)), confidence: 0.85, where: 'the description names it' },
  ];
  for (const { words, confidence, where } of places) {
    const value = repositoryFor(projects, words);
    if (value) return { value, confidence, reason: where };
  }
  return undefined;
}

function tokens(text: string): string[] {
  return text.match(/[\w.-]+(\/[\w.-]+)?/g)?.flatMap((word) => [word, word.replace(/[.-]+$/, '')]) ?? [];
}
