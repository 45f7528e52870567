import { dynamoQueue } from '#adapters/dynamodb/queue.ts';
import { admit } from '#core/queue/admit.ts';
import type { Limits } from '#core/queue/limits.ts';
import type { QueueNeeds } from '#core/queue/ports.ts';
import { sweep } from '#core/queue/sweep.ts';
import type { Priority } from '#core/tickets/ticket.ts';

/** An execution as Step Functions keeps it: it asks for a slot, works, sleeps while a person decides, and ends. */
export interface Execution {
  org: string;
  runId: string;
  priority: Priority;
  arrivedAt: string;
  state: 'asking' | 'working' | 'deciding' | 'ended';
  /** What it waits by; each ask has another, and only the newest is open. */
  token: string;
  grant: number;
  /** Its slot was given back before the decision could come. */
  hasLeft: boolean;
  /** Asks that were made before, whose process may still be on its way. */
  earlier: { grant: number; token: string }[];
}

class Death extends Error {}

/** When a process dies: at its n-th call of a port, before or after what the call does. */
export interface Fuse {
  calls: number;
  isAfter: boolean;
}

/** Executions that have memory, and processes that die: the queue itself is the real one on the local DynamoDB. */
export function world(limits: Limits, table = 'Queue') {
  const executions: Execution[] = [];
  let time = Date.parse('2026-11-20T10:00:00.000Z');
  let tokens = 0;
  const clock = {
    now: () => {
      time += 1_000;
      return new Date(time);
    },
  };
  const needs: QueueNeeds = {
    queue: dynamoQueue(table),
    tickets: {
      find: async () => undefined,
      advance: () => Promise.reject(new Error('No ticket is found, and none is changed')),
    },
    machines: {
      succeed: async (token, output) => {
        const one = executions.find((each) => each.token === token && each.state === 'asking');
        if (!one) return false;
        Object.assign(one, { state: 'working', grant: (output as { grant: number }).grant });
        return true;
      },
      state: async (arn) =>
        executions.find(({ runId }) => runId === arn)?.state === 'ended' ? 'ended' : 'running',
    },
    limits,
    clock,
  };
  const at = () => clock.now().toISOString();

  /** Does something in a process that may die; true when it lived. */
  async function live(work: (dying: QueueNeeds) => Promise<unknown>, fuse?: Fuse): Promise<boolean> {
    try {
      await work(fuse ? mortal(needs, { ...fuse }) : needs);
      return true;
    } catch (error) {
      if (error instanceof Death) return false;
      throw error;
    }
  }

  async function join(one: Execution, { grant, token }: { grant: number; token: string }, fuse?: Fuse) {
    const { org, runId, priority, arrivedAt } = one;
    const arrival = { org, runId, ticketId: runId, executionArn: runId, kind: 'start' as const };
    await live(async (dying) => {
      await dying.queue.join({ ...arrival, priority, arrivedAt }, { grant, token, at: at() });
      await admit(dying);
    }, fuse);
  }

  return {
    executions,
    needs,
    async arrive(org: string, priority: Priority, fuse?: Fuse) {
      const runId = `run_${executions.length}`;
      const one: Execution = {
        ...{ org, runId, priority, arrivedAt: at(), state: 'asking', token: '', grant: 0 },
        ...{ hasLeft: false, earlier: [] },
      };
      executions.push(one);
      await this.ask(one, fuse);
    },
    /** The state's function, called the first time or again: each time with another token. */
    async ask(one: Execution, fuse?: Fuse) {
      if (one.state !== 'asking') return;
      tokens += 1;
      one.token = `token_${tokens}`;
      one.earlier.push({ grant: one.grant, token: one.token });
      await join(one, one, fuse);
    },
    /** A call of it from before, that comes to an end only now. */
    async askLate(one: Execution, which: number, fuse?: Fuse) {
      const before = one.earlier[which % one.earlier.length];
      if (before) await join(one, before, fuse);
    },
    async decide(one: Execution, fuse?: Fuse) {
      if (one.state === 'working') Object.assign(one, { state: 'deciding', hasLeft: false });
      if (one.state !== 'deciding') return;
      const { org, runId, grant } = one;
      one.hasLeft ||= await live(({ queue }) => queue.leave(org, runId, { grant, at: at() }), fuse);
    },
    /** A call of the function that gives back, from an earlier round. */
    async leaveLate({ org, runId, grant }: Execution, fuse?: Fuse) {
      await live(({ queue }) => queue.leave(org, runId, { grant: Math.max(0, grant - 1), at: at() }), fuse);
    },
    async approve(one: Execution, fuse?: Fuse) {
      if (one.state !== 'deciding' || !one.hasLeft) return;
      one.state = 'asking';
      await this.ask(one, fuse);
    },
    /** It ends by itself, or somebody cancels it; whether and when the queue hears of it is another thing. */
    finish(one: Execution) {
      one.state = 'ended';
    },
    async hear(one: Execution, fuse?: Fuse) {
      if (one.state !== 'ended') return;
      await live(async (dying) => {
        await dying.queue.end(one.org, one.runId, at());
        await admit(dying);
      }, fuse);
    },
    async rerank({ org, runId }: Execution, priority: Priority, fuse?: Fuse) {
      await live(({ queue }) => queue.rerank(org, runId, { priority }), fuse);
    },
    nudge: (fuse?: Fuse) => live(admit, fuse),
    sweep: (fuse?: Fuse) =>
      live(async (dying) => {
        await sweep(dying);
        await admit(dying);
      }, fuse),
  };
}

export type World = ReturnType<typeof world>;

/** The same ports, until the fuse has burned down: then every call dies. */
function mortal(needs: QueueNeeds, fuse: Fuse): QueueNeeds {
  const burn = <T extends object>(port: T): T =>
    new Proxy(port, {
      get: (target, name) => {
        const call = target[name as keyof T] as (...given: unknown[]) => Promise<unknown>;
        return async (...given: unknown[]) => {
          fuse.calls -= 1;
          if (fuse.calls < 0 || (fuse.calls === 0 && !fuse.isAfter)) throw new Death();
          const answer = await call(...given);
          if (fuse.calls === 0) throw new Death();
          return answer;
        };
      },
    });
  return { ...needs, queue: burn(needs.queue), machines: burn(needs.machines), tickets: burn(needs.tickets) };
}
