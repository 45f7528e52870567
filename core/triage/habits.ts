import * as z from 'zod/mini';
import { type Project, type Repository, repositoryNamed } from '../projects/project.ts';
import { type Draft, Priority } from '../tickets/ticket.ts';
import type { Correction } from './correction.ts';
import type { Sure } from './rules.ts';

/** What corrections agree on about words that sources use: labels, components, modules. */
export const Habits = z.record(
  z.string(),
  z.object({ repository: z.optional(z.string()), priority: z.optional(Priority) }),
);
export type Habits = z.infer<typeof Habits>;

type Said = Pick<Draft, 'labels' | 'concerns'>;

/** Corrections that agree before a word means something. */
const OFTEN = 2;

/** A word means what corrections said of it, when they said it at least twice and never anything else. */
export function habitsOf(corrections: Correction[]): Habits {
  const habits: Habits = {};
  for (const word of new Set(corrections.flatMap(({ words }) => words))) {
    const about = corrections.filter(({ words }) => words.includes(word)).map(({ after }) => after);
    const repository = agreed(about.map((after) => after.repository));
    const priority = agreed(about.map((after) => after.priority));
    if (repository || priority) habits[word] = { repository, priority };
  }
  return habits;
}

function agreed<T>(values: (T | undefined)[]): T | undefined {
  const said = values.filter((value) => value !== undefined);
  return said.length >= OFTEN && new Set(said).size === 1 ? said[0] : undefined;
}

/** A ticket's words as habits know them. */
export function wordsOf({ labels, concerns }: Said): string[] {
  return [...new Set([...concerns, ...labels].map((word) => word.toLowerCase()))];
}

export function repositoryByHabit(
  ticket: Said,
  projects: Project[],
  habits: Habits,
): Sure<{ project: Project; repository: Repository }> | undefined {
  const [found, ...others] = known(ticket, habits, 'repository');
  const value = others.length === 0 && repositoryNamed(projects, found?.value);
  if (!found || !value) return undefined;
  return { value, confidence: 0.95, reason: `people said so of “${found.word}”` };
}

export function priorityByHabit(
  ticket: Said,
  habits: Habits,
): { value: Priority; reason: string } | undefined {
  const [found, ...others] = known(ticket, habits, 'priority');
  if (!found || others.length > 0) return undefined;
  return { value: found.value, reason: `people said so of “${found.word}”` };
}

/** Each value that one of the words stands for, once. */
function known<Name extends 'repository' | 'priority'>(ticket: Said, habits: Habits, name: Name) {
  const found = wordsOf(ticket).flatMap((word) => {
    const value = Object.hasOwn(habits, word) ? habits[word]?.[name] : undefined;
    return value === undefined ? [] : [{ word, value }];
  });
  return found.filter((one, at) => found.findIndex(({ value }) => value === one.value) === at);
}
