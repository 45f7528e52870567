import type { Clock } from '../clock.ts';
import { type Commit, groupCommit } from '../group-commit.ts';
import type { Store } from '../store.ts';
import { calls, type Integrations } from './calls.ts';
import type { Machine } from './definition.ts';
import { advance, type Happening, happen } from './interpreter.ts';
import { openJournal, storedFrame } from './journal.ts';
import type { Execution, Pending } from './rows.ts';
import type { Run, Scope } from './scope.ts';
import { type Timers, timers } from './timers.ts';

/** What the engine needs to know of its surroundings. */
export interface Surroundings {
  store: Store;
  clock: Clock;
  integrations: Integrations;
  machineOf: (definition: string) => Machine;
  /** Called inside the commit that ends an execution. */
  onEnd: (execution: Execution) => void;
}

export interface Engine {
  commit: Commit;
  /** Tokens that are closed in memory, and not yet in the store. */
  closing: ReadonlySet<string>;
  /** Tells an execution that something happened; resolves once that, and all that follows at once, is durable. */
  wake(arn: string, happening: Happening): Promise<void>;
  /** Takes up what a stop or a crash left: first steps, answers, calls in flight, timers. No waiting execution is read. */
  resume(): void;
  stop(): Promise<void>;
}

interface Running extends Surroundings {
  awake: Map<string, Awake>;
  commit: Commit;
  closing: Set<string>;
  external: ReturnType<typeof calls>;
  alarm: Timers;
  isStopped: boolean;
}

interface PendingRow {
  execution: string;
  path: string;
  kind: Pending;
}

interface Awake {
  mail: { happening: Happening; done: () => void; failed: (error: unknown) => void }[];
  finished: Promise<void>;
}

/** An execution that loops without waiting is made durable, and lets others run, this often. */
const STEPS = 500;

/** Runs executions: each is read when something happens to it, and forgotten when it waits. */
export function engine(surroundings: Surroundings): Engine {
  const { store, clock, integrations } = surroundings;
  const awake = new Map<string, Awake>();
  const running: Running = {
    ...surroundings,
    awake,
    commit: groupCommit(store),
    closing: new Set(),
    external: calls(integrations, (arn, happening) => void wake(arn, happening)),
    alarm: timers(store, clock, ({ execution, path, kind }) =>
      wake(execution, { kind: 'timer', path, timer: kind }),
    ),
    isStopped: false,
  };

  function wake(arn: string, happening: Happening): Promise<void> {
    if (running.isStopped) return Promise.resolve();
    return new Promise((done, failed) => {
      const letter = { happening, done, failed };
      const known = awake.get(arn);
      if (known) return void known.mail.push(letter);
      const mine: Awake = { mail: [letter], finished: Promise.resolve() };
      awake.set(arn, mine);
      mine.finished = answerMail(running, arn, mine.mail);
    });
  }

  async function stop(): Promise<void> {
    running.isStopped = true;
    running.alarm.stop();
    running.external.stop();
    await Promise.all([...awake.values()].map(({ finished }) => finished));
  }
  return {
    commit: running.commit,
    closing: running.closing,
    wake,
    resume: () => resume(running, wake),
    stop,
  };
}

/** Works on one execution until nothing more happened to it. */
async function answerMail(running: Running, arn: string, mail: Awake['mail']): Promise<void> {
  const { store, clock, machineOf, closing, external } = running;
  const row = store.sql('SELECT * FROM states_executions WHERE arn=?').get(arn) as unknown as Execution;
  const journal = openJournal(store, row, closing);
  const run: Run = {
    journal,
    machine: machineOf(row.definition),
    now: clock.now,
    read: external.read,
    ready: [],
    calls: [],
    ended: [],
  };
  while (mail.length > 0) {
    const letters = mail.splice(0);
    try {
      for (const { happening } of letters) await happen(run, happening);
      await proceed(running, run);
      for (const { done } of letters) done();
    } catch (error) {
      for (const { failed } of letters) failed(error);
    }
  }
  // In the same turn as the last look into the mail: a letter that comes later finds no box and opens its own.
  running.awake.delete(arn);
}

async function proceed(running: Running, run: Run): Promise<void> {
  for (let isUnfinished = false; ; ) {
    await advance(run, STEPS);
    const goesOn = run.ready.length > 0;
    if (goesOn !== isUnfinished) run.journal.pend('', 'ready', goesOn);
    isUnfinished = goesOn;
    await settle(running, run);
    if (!goesOn || running.isStopped) return;
  }
}

/** Makes durable what was done; only then are tasks called. */
async function settle({ commit, onEnd, external, alarm, isStopped }: Running, run: Run): Promise<void> {
  const { journal } = run;
  const { execution } = journal;
  const starting = run.calls;
  run.calls = [];
  await commit(() => {
    journal.flush();
    if (execution.status !== 'RUNNING') onEnd(execution);
  });
  external.abort(execution.arn, { below: journal.takeCleared(), at: run.ended.splice(0) });
  if (isStopped) return;
  for (const scope of starting) void external.start(execution.arn, scope);
  alarm.arm();
}

function resume({ store, external, alarm }: Running, wake: Engine['wake']): void {
  const rows = store.sql('SELECT execution, path, kind FROM states_pending').all() as unknown as PendingRow[];
  for (const { execution, path, kind } of rows) {
    if (kind === 'call') void external.start(execution, storedFrame(store, execution, path) as Scope);
    else if (kind === 'answer') void wake(execution, { kind, path });
    else void wake(execution, { kind } as Happening);
  }
  alarm.arm();
}
