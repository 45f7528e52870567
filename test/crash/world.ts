import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '#local/clock.ts';
import type { Local } from '#local/instance.ts';
import { type Line, lines, note } from './journal.ts';
import { aws, rest } from './wire.ts';

/** Milliseconds by which the clock leaps at every look. */
const LEAP = 5000;

/** What went wrong, in words; nothing when all promises were kept. */
export interface Verdict {
  lost: string[];
  doubled: string[];
}

/** A client of the local AWS that outlives it: what was acknowledged is done, anything else it tries again. */
export interface Scenario {
  /** The template's resources. */
  resources: Record<string, object>;
  /** Ends once everything that the client began has come to its end. */
  play(world: World): Promise<void>;
  check(world: World, all: Line[], crashes: number): Promise<Verdict>;
}

export type World = ReturnType<typeof worldOf>;

export function worldOf(local: Local, journal: string) {
  const endpoint = local.url('aws');

  async function once<T>(name: string, work: () => Promise<T>): Promise<T> {
    const done = lines(journal).find((line) => line.what === 'acknowledged' && line.name === name);
    if (done) return done.value as T;
    note(journal, { what: 'try', name });
    const value = await work();
    note(journal, { what: 'acknowledged', name, value });
    return value;
  }

  async function until<T>(what: string, look: () => Promise<T> | T): Promise<T> {
    for (const deadline = Date.now() + 15_000; Date.now() < deadline; await sleep(5)) {
      const seen = await look();
      if (seen) return seen;
      if (isIdle(lines(journal))) local.clock.forward(LEAP);
    }
    throw new Error(`never: ${what}`);
  }

  return {
    local,
    /** Does it until it was acknowledged once, across crashes. */
    once,
    /** Waits for it while the clock leaps on. */
    until,
    lines: () => lines(journal),
    aws: (target: string, input: object) => aws(endpoint, target, input),
    rest: (call: Parameters<typeof rest>[1]) => rest(endpoint, call),
    /** The `Ref` of a resource. */
    ref: (id: string) => local.assembly.resources.find((one) => one.id === id)?.ref ?? '',
  };
}

/** Whether nothing that this process began is under way: time must not leap over a function at work. */
function isIdle(all: Line[]): boolean {
  const own = all.slice(all.findLastIndex(({ what }) => what === 'boot'));
  const begun = own.filter(({ what }) => what === 'begin').length;
  return begun === own.filter(({ what }) => what === 'end' || what === 'failed').length;
}

/** A clock that stands where it stood when the process before this one died. */
export function keptClock(file: string) {
  const ahead = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  return systemClock({ ahead, keep: (value) => writeFileSync(file, String(value)) });
}
