import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { clock } from '#adapters/clock.ts';
import { dynamoRuns } from '#adapters/dynamodb/runs.ts';
import { Fault } from '#core/fault.ts';
import { parseJson } from '#core/parse.ts';
import { allow } from '#core/people/principal.ts';
import type { Clock, Runs } from '#core/ports.ts';
import { progress } from '#core/runs/progress.ts';
import { Instruction } from '#core/runs/run.ts';
import { http, type Request, type Route } from '../http.ts';
import { PrincipalEnv, type PrincipalOf, principalsFrom } from '../principal.ts';

export const Env = PrincipalEnv.extend({ RUNS_TABLE: z.string() });
export type Env = z.infer<typeof Env>;

interface Needs {
  runs: Pick<Runs, 'find' | 'update' | 'instruct' | 'say'>;
  principalOf: PrincipalOf;
  clock: Clock;
}

const Body = z.strictObject({ text: Instruction.shape.text.trim().min(1) });
const SAYS = { pause: 'pauses this run', resume: 'lets this run go on', stop: 'stops this run' };

/**
 * POST /api/runs/{id}/message, pause, resume and stop, by a lead: heard by the agent before its next question to the model.
 * Stopping keeps what there is as a partial change.
 */
export function steerRun(needs: Needs): Route {
  return async (request) => {
    const principal = await needs.principalOf(request);
    allow(principal, 'lead');
    const { runs, clock } = needs;
    const { org } = principal;
    const by = principal.via === 'session' ? principal.name || principal.email : principal.id;
    const { id, wish } = asked(request);
    const run = await runs.find(org, id);
    if (!run) throw new Fault('NotFound', `There is no run ${id}`);
    if (run.status !== 'running')
      throw new Fault('Conflict', `Nobody works on run ${id} any more: it ${run.status}`);
    const { say } = progress(
      { runs, clock },
      { org, ticketId: run.ticketId, runId: id },
      { who: 'person', stage: run.stage },
    );
    const at = clock.now().toISOString();
    if (wish === 'message') {
      const { text } = parseJson(Body, request.text);
      await say(`${by}: ${text}`);
      return { status: 202, body: { run: await runs.instruct(org, id, { id: randomUUID(), at, by, text }) } };
    }
    await say(`${by} ${SAYS[wish]}`);
    return { status: 202, body: { run: await runs.update(org, id, { control: { wish, by, at } }) } };
  };
}

function asked({ event }: Request): { id: string; wish: keyof typeof SAYS | 'message' } {
  const [, id, wish] = /^\/api\/runs\/([\w-]{1,100})\/(message|pause|resume|stop)$/.exec(event.rawPath) ?? [];
  if (!id) throw new Fault('NotFound', `There is nothing at ${event.rawPath}`);
  return { id, wish: wish as keyof typeof SAYS | 'message' };
}

export const handler = http(Env, async (env) =>
  steerRun({ runs: dynamoRuns(env.RUNS_TABLE), principalOf: await principalsFrom(env), clock }),
);
