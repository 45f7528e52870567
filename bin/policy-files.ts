import { readFileSync } from 'node:fs';
import { Fault } from '#core/fault.ts';
import { parseJson } from '#core/parse.ts';
import type { ActivePolicy } from '#core/policy/policy.ts';
import { Groups } from '#core/policy/quorum.ts';
import { PastAction } from '#core/policy/replay.ts';
import { CommandError, EXIT } from './terminal.ts';

/** A file's text; `-` is standard input. */
export function textOf(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new CommandError(`${file} cannot be read: ${(error as Error).message}`, EXIT.usage);
  }
}

/** The members of groups, from JSON. */
export function groupsFrom(file: string): Groups {
  return inPlace(file, () => parseJson(Groups, textOf(file)));
}

interface Said {
  action: string;
  facts: string;
  spent: string;
  people: string;
  risk?: string;
}

/** An action as the options describe it. */
export function actionFrom({ action: type, risk: declaredRisk, people, ...json }: Said): PastAction {
  const part = (name: 'facts' | 'spent') =>
    inPlace(`--${name}`, () => parseJson(PastAction.shape[name], json[name]));
  const rest = { declaredRisk, people: Number(people) };
  return inPlace('--risk, --people', () =>
    parseJson(
      PastAction,
      JSON.stringify({ id: type, type, facts: part('facts'), spent: part('spent'), ...rest }),
    ),
  );
}

/** Past actions, one line of JSON each. */
export function pastFrom(file: string): PastAction[] {
  return textOf(file)
    .split('\n')
    .flatMap((line, at) =>
      line.trim() ? [inPlace(`${file}:${at + 1}`, () => parseJson(PastAction, line))] : [],
    );
}

/** The examples of both policies, as if each had happened once. */
export function examplesOf(old: ActivePolicy, next: ActivePolicy): PastAction[] {
  const all = [...old.policy.tests, ...next.policy.tests].map(({ name, action, facts, spent }) => ({
    ...{ id: name, type: action, facts, spent, people: 3 },
  }));
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
}

function inPlace<T>(place: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Fault) throw new CommandError(`${place}: ${error.message}`, EXIT.usage);
    throw error;
  }
}
