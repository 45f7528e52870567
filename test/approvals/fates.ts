import { AsyncLocalStorage } from 'node:async_hooks';
import { dynamo, sfn } from '#adapters/aws/clients.ts';

/** One request to AWS by one invocation of a function. */
export interface Call {
  /** Which invocation, as it was named when it began. */
  who: string;
  /** `GetItemCommand`, `SendTaskSuccessCommand`, … */
  command: string;
  // biome-ignore lint/suspicious/noExplicitAny: each command has its own
  input: any;
}

/** A process that dies never sees an answer again; what it had asked for may have happened. */
export type Fate = 'lives' | 'dies before' | 'dies after';
/** Either at once, or with a second look once the request has happened. */
export type Decide = (call: Call) => Fate | Promise<Fate | (() => Promise<'lives' | 'dies after'>)>;

/** How Step Functions names a function whose process ended. */
export class Death extends Error {
  override name = 'Lambda.Unknown';
}

interface Invocation {
  who: string;
  isDead: boolean;
}

const invocations = new AsyncLocalStorage<Invocation>();
let decide: Decide = () => 'lives';
let running = 0;

/** Lets `by` decide over every request from now on. */
export function fate(by: Decide): void {
  decide = by;
}

/** How many invocations are under way. */
export const underway = () => running;

/** Runs work as one invocation of a function, in a process of its own as far as dying is concerned. */
export async function invocation<T>(who: string, work: () => Promise<T>): Promise<T> {
  running += 1;
  try {
    return await invocations.run({ who, isDead: false }, work);
  } finally {
    running -= 1;
  }
}

interface Args {
  input: unknown;
}

/** Outermost of all middleware, so that the SDK's own tries are one request, and a death is none of its errors. */
export function watchClients(): void {
  for (const client of [dynamo(), sfn()]) {
    const stack = client.middlewareStack as { add(middleware: unknown, options: object): void };
    const middleware =
      (next: (args: Args) => Promise<unknown>, { commandName }: { commandName: string }) =>
      (args: Args) =>
        underFate(commandName, args.input, () => next(args));
    stack.add(middleware, { step: 'initialize', priority: 'high', name: 'fate' });
  }
}

async function underFate<T>(command: string, input: unknown, send: () => Promise<T>): Promise<T> {
  const mine = invocations.getStore();
  if (!mine) return send();
  if (mine.isDead) throw new Death();
  const its = await decide({ who: mine.who, command, input });
  if (its === 'dies before') return die(mine);
  const answer = send();
  const then = typeof its === 'function' ? await answer.then(its, its) : its;
  if (then !== 'dies after') return answer;
  await answer.catch(() => undefined);
  return die(mine);
}

function die(invocation: Invocation): never {
  invocation.isDead = true;
  throw new Death();
}
