import type { Clock } from '../clock.ts';
import type { Store } from '../store.ts';
import { calls, type Integrations } from './calls.ts';
import { type Commit, sharedCommits } from './commits.ts';
import type { Machine } from './definition.ts';
import { advance, type Happening, happen } from './interpreter.ts';
import { openJournal } from './journal.ts';
import type { Execution, Pending } from './rows.ts';
import type { Run, Scope } from './scope.ts';
import { timers } from './timers.ts';

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
  arm(): void;
  stop(): Promise<void>;
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
export function engine({ store, clock, integrations, machineOf, onEnd }: Surroundings): Engine {
  const commit = sharedCommits(store);
  const closing = new Set<string>();
  const awake = new Map<string, Awake>();
  let isStopped = false;
  const alarm = timers(store, clock, ({ execution, path, kind: timer }) =>
    wake(execution, { kind: 'timer', path, timer }),
  );
  const external = calls(integrations, (arn, happening) => void wake(arn, happening));

  function wake(arn: string, happening: Happening): Promise<void> {
    if (isStopped) return Promise.resolve();
    return new Promise((done, failed) => {
      const known = awake.get(arn);
      if (known) return void known.mail.push({ happening, done, failed });
      const mine: Awake = { mail: [{ happening, done, failed }], finished: Promise.resolve() };
      awake.set(arn, mine);
      mine.finished = work(arn, mine);
    });
  }

  async function work(arn: string, mine: Awake): Promise<void> {
    const row = store.sql('SELECT * FROM states_executions WHERE arn=?').get(arn) as unknown as Execution;
    const journal = openJournal(store, row, closing);
    const run: Run = {
      journal,
      machine: machineOf(row.definition),
      now: clock.now,
      ready: [],
      calls: [],
      ended: [],
    };
    while (mine.mail.length > 0) {
      const mail = mine.mail.splice(0);
      try {
        for (const { happening } of mail) await happen(run, happening);
        await proceed(run);
        for (const { done } of mail) done();
      } catch (error) {
        for (const { failed } of mail) failed(error);
      }
    }
    awake.delete(arn);
  }

  async function proceed(run: Run): Promise<void> {
    for (let isUnfinished = false; ; ) {
      await advance(run, STEPS);
      const goesOn = run.ready.length > 0;
      if (goesOn !== isUnfinished) run.journal.pend('', 'ready', goesOn);
      isUnfinished = goesOn;
      await settle(run);
      if (!goesOn || isStopped) return;
    }
  }

  async function settle(run: Run): Promise<void> {
    const { journal } = run;
    const { arn, status } = journal.execution;
    const starting = run.calls;
    run.calls = [];
    await commit(() => {
      journal.flush();
      if (status !== 'RUNNING') onEnd(journal.execution);
    });
    external.abort(arn, { below: journal.takeCleared(), at: run.ended.splice(0) });
    if (isStopped) return;
    for (const scope of starting) void external.start(arn, scope);
    alarm.arm();
  }

  function resume(): void {
    const rows = store
      .sql('SELECT execution, path, kind FROM states_pending')
      .all() as unknown as PendingRow[];
    for (const { execution, path, kind } of rows) {
      if (kind === 'start') void wake(execution, { kind });
      else if (kind === 'ready') void wake(execution, { kind });
      else if (kind === 'call') void external.start(execution, frame(execution, path));
      else void wake(execution, { kind, path });
    }
    alarm.arm();
  }

  function frame(execution: string, path: string): Scope {
    const row = store.sql('SELECT body FROM states_frames WHERE execution=? AND path=?').get(execution, path);
    return JSON.parse(row?.body as string);
  }

  async function stop(): Promise<void> {
    isStopped = true;
    alarm.stop();
    external.stop();
    await Promise.all([...awake.values()].map(({ finished }) => finished));
  }
  return { commit, closing, wake, resume, arm: alarm.arm, stop };
}
