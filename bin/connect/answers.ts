import { text } from 'node:stream/consumers';
import { ask, askSecret, canAsk } from '../prompt.ts';
import { CommandError, EXIT } from '../terminal.ts';

/** What a person types, or a program pipes in; never an argument, which others on the machine can read. */
export interface Answers {
  ask(name: string, question: string): Promise<string>;
  /** Not shown while it is typed. */
  secret(name: string, question: string): Promise<string>;
}

/** Asks at a terminal; otherwise standard input is one JSON object with an answer to each name. */
export function answers(json: boolean): Answers {
  if (canAsk(json)) {
    const given = (answer: Promise<string>, name: string) =>
      answer.then((said) => said || Promise.reject(new CommandError(`${name} is needed.`, EXIT.usage)));
    return {
      ask: (name, question) => given(ask(`${question}: `), name),
      secret: (name, question) => given(askSecret(`${question} (not shown): `), name),
    };
  }
  let piped: Promise<Record<string, unknown>> | undefined;
  const one = async (name: string, question: string) => {
    piped ??= pipedAnswers();
    const answer = (await piped)[name];
    if (typeof answer === 'string' && answer) return answer;
    throw new CommandError(`Standard input has no "${name}" (${question}).`, EXIT.usage);
  };
  return { ask: one, secret: one };
}

async function pipedAnswers(): Promise<Record<string, unknown>> {
  const given = process.stdin.isTTY ? '{}' : await text(process.stdin);
  try {
    return JSON.parse(given || '{}');
  } catch {
    throw new CommandError('Standard input is no JSON object of answers.', EXIT.usage);
  }
}
