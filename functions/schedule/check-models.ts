import * as z from 'zod';
import { bill } from '#adapters/anthropic/bill.ts';
import { lifecycle } from '#adapters/anthropic/lifecycle.ts';
import { type Finding, probe } from '#adapters/anthropic/probe.ts';
import { clients, keysOf } from '#adapters/anthropic/providers.ts';
import { speaking } from '#adapters/anthropic/speak.ts';
import { clock } from '#adapters/clock.ts';
import { dynamoRoutes } from '#adapters/dynamodb/routes.ts';
import { dynamoRuns } from '#adapters/dynamodb/runs.ts';
import { dynamoSpend } from '#adapters/dynamodb/spend.ts';
import { emit } from '#adapters/emf.ts';
import { log } from '#adapters/log.ts';
import { type Bill, reconcile } from '#core/agents/reconcile.ts';
import { ROLES, type Role, routeOf } from '#core/agents/roles.ts';
import { afterLook, type Routes } from '#core/agents/routes.ts';
import { Fault } from '#core/fault.ts';
import type { CostRow, Run } from '#core/runs/run.ts';
import { keyOf, ModelEnv } from '../model.ts';
import { schedule } from '../schedule.ts';

export const Env = z.object({ ...ModelEnv.shape, FIRST_ORG: z.string() });
export type Env = z.infer<typeof Env>;

export interface Needs {
  routes: Routes;
  /** What a model is seen to do in a role. */
  look: (role: Role) => Promise<Finding[]>;
  /** Which models go. */
  stays: (models: string[]) => Promise<Finding[]>;
  rows: (from: Date, to: Date) => Promise<CostRow[]>;
  /** Nothing without an admin key. */
  bill?: ((from: Date, to: Date) => Promise<Bill>) | undefined;
  emit: typeof emit;
}

const DAY = 86_400_000;
/** A night has many questions; none of them is long. */
const PATIENCE = { headers: 10_000, idle: 10_000, silent: 60_000 };

/** Every night: each route by a conformance probe, models that retire, and the ledger beside the bill of the last two days. */
export function checkingModels(needs: Needs) {
  return async (now: Date): Promise<void> => {
    const parts = { route: looks, retirement: retirements, bill: drift };
    for (const [kind, part] of Object.entries(parts)) {
      const alarms = await part(needs, now).catch(inWords);
      for (const what of alarms) log.error('a model needs somebody', { kind, what });
      const metric = { name: 'model_check_alarm', unit: 'Count', value: alarms.length } as const;
      if (alarms.length > 0) needs.emit([{ ...metric, dimensions: { kind } }], {}, now);
    }
    log.info('models were checked');
  };
}

/** One part that cannot be done leaves the others to be done. */
function inWords(error: unknown): string[] {
  if (error instanceof Fault) return [error.message];
  throw error;
}

async function looks({ routes, look }: Needs, now: Date): Promise<string[]> {
  const alarms: string[] = [];
  for (const [route, [role]] of Map.groupBy(Object.keys(ROLES) as Role[], (name) => routeOf(name))) {
    const findings = role ? await look(role) : [];
    const bad = findings.filter(({ isGood }) => !isGood);
    const failed = bad.filter(({ isUnheard }) => !isUnheard).map(words);
    const isHeard = !bad.some(({ isUnheard }) => isUnheard);
    const state = afterLook(await routes.find(route), { route, failed, isHeard }, now.toISOString());
    if (state) await routes.put(state);
    alarms.push(...bad.map((one) => `${route}: ${words(one)}`));
  }
  return alarms;
}

async function retirements({ stays }: Needs): Promise<string[]> {
  const models = Object.values(ROLES).flatMap(({ provider, model }) =>
    provider === 'anthropic' ? [model] : [],
  );
  return (await stays([...new Set(models)])).filter(({ isGood }) => !isGood).map(words);
}

async function drift({ bill: charged, rows }: Needs, now: Date): Promise<string[]> {
  if (!charged) return [];
  const to = new Date(Math.floor(now.getTime() / DAY) * DAY);
  const from = new Date(to.getTime() - 2 * DAY);
  const ours = (await rows(from, to)).filter(({ provider = 'anthropic' }) => provider === 'anthropic');
  return reconcile(ours, await charged(from, to)).alarms;
}

function words({ check, detail }: Finding): string {
  return detail ? `${check}: ${detail}` : check;
}

export const handler = schedule(Env, async (env) => {
  const apiKey = await keyOf(env.MODEL_SECRET_ARN);
  if (!apiKey) return async () => log.info('there is no model key, so no model is checked');
  const { anthropic = '', admin, workspace } = keysOf(apiKey);
  const [baseUrl, spend] = [env.MODEL_BASE_URL, dynamoSpend(env.RUNS_TABLE)];
  return async (now) => {
    const run = probeRun(env.FIRST_ORG, now);
    await dynamoRuns(env.RUNS_TABLE).open(run);
    const purse = spend.purse(run.org, run.id);
    const speak = speaking({
      roles: ROLES,
      clock,
      purse,
      send: clients({ apiKey, baseUrl, patience: PATIENCE }),
    });
    const check = checkingModels({
      routes: dynamoRoutes(env.RUNS_TABLE),
      look: (role) => probe(role, ROLES[role], speak),
      stays: (models) => lifecycle({ apiKey: anthropic, baseUrl }, models, now),
      rows: (from, to) => spend.everybodys(from, to, now),
      bill: admin ? (from, to) => bill({ adminKey: admin, baseUrl, workspace }, from, to) : undefined,
      emit,
    });
    await check(now);
  };
});

/** Pays for a night's probes. */
function probeRun(org: string, now: Date): Run {
  return {
    ...{ org, id: `run_models_${now.toISOString().slice(0, 10)}`, ticketId: 'models', attempt: 1 },
    ...{ status: 'succeeded', stage: 'done', percent: 100, doing: '', spentNanoUsd: 0 },
    ...{ budgetNanoUsd: 2_000_000_000, startedAt: now.toISOString() },
  };
}
