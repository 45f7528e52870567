import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { killSurvivors } from '#local/aws/ecs/survivors.ts';
import { openStore } from '#local/store.ts';
import { note } from './journal.ts';
import { writeAssembly } from './template.ts';
import type { Trip } from './tripwire.ts';
import type { Scenario, Verdict } from './world.ts';

const child = fileURLToPath(new URL('child.ts', import.meta.url));
const MOMENTS = ['before', 'after'] as const;
/** Children at a time: most of a child's life is computing. */
const LANES = 2;

export interface Matrix {
  cases: number;
  /** How many steps the undisturbed scenario has. */
  steps: number;
  lost: string[];
  doubled: string[];
}

interface Options {
  /** Looks at every so-manieth step. */
  every: number;
  /** Kills the recovery too, at every step of its own, for every so-manieth first kill; in copies, so with all tasks dead. */
  again?: number;
  /** Also what the local AWS had started dies. */
  tasksToo?: boolean;
}

/** Kills a scenario at its steps, one process after the other, and gathers what became of it. */
export async function crashMatrix(
  name: string,
  { every, again, tasksToo = false }: Options,
): Promise<Matrix> {
  const { scenario } = (await import(`./scenarios/${name}.ts`)) as { scenario: Scenario };
  const origin = mkdtempSync(join(tmpdir(), `crash-${name}-`));
  writeAssembly(join(origin, 'assembly'), scenario.resources);
  const matrix: Matrix = { cases: 0, steps: 0, lost: [], doubled: [] };

  function tell(label: string, { lost, doubled }: Verdict): void {
    matrix.cases += 1;
    matrix.lost.push(...lost.map((what) => `${label}: ${what}`));
    matrix.doubled.push(...doubled.map((what) => `${label}: ${what}`));
  }

  /** Plays to the end where a kill has left off. */
  async function recover(at: string, label: string): Promise<void> {
    const end = await play(name, at);
    if (end !== 'killed') tell(label, end);
  }

  /** Plays in a copy of `from` up to its kill, and hands the copy to `then`; answers whether it came to that. */
  async function killIn(
    from: string,
    { trip, label }: { trip: Trip; label: string },
    then: (at: string) => Promise<void>,
  ): Promise<boolean> {
    const at = mkdtempSync(join(tmpdir(), `crash-${name}-`));
    cpSync(from, at, { recursive: true });
    try {
      const end = await play(name, at, trip);
      if (end !== 'killed') tell(`${label} not reached`, end);
      else {
        if (tasksToo) cutOff(at);
        await then(at);
      }
      return end === 'killed';
    } finally {
      killTasks(at);
      rmSync(at, { recursive: true, force: true });
    }
  }

  function killOnce(trip: Trip): Promise<boolean> {
    const label = `${name} killed ${trip.moment} ${trip.step}`;
    return killIn(origin, { trip, label }, async (at) => {
      if (again && (trip.step - 1) % again === 0) await killAgain(at, label);
      await recover(at, label);
    });
  }

  async function killAgain(from: string, first: string): Promise<void> {
    for (let step = 1; ; step += 1)
      for (const moment of MOMENTS) {
        const label = `${first}, then ${moment} ${step}`;
        if (!(await killIn(from, { trip: { step, moment }, label }, (at) => recover(at, label)))) return;
      }
  }

  async function undisturbed(): Promise<number> {
    const at = mkdtempSync(join(tmpdir(), `crash-${name}-`));
    cpSync(origin, at, { recursive: true });
    const end = (await play(name, at)) as Ending;
    tell(`${name} undisturbed`, end);
    rmSync(at, { recursive: true, force: true });
    return end.steps;
  }

  let next = 1;
  let isOver = false;
  async function lane(): Promise<void> {
    while (!isOver) {
      const step = next;
      next += every;
      for (const moment of MOMENTS) if (!(await killOnce({ step, moment }))) isOver = true;
    }
  }

  try {
    matrix.steps = await undisturbed();
    await Promise.all(Array.from({ length: LANES }, lane));
  } finally {
    rmSync(origin, { recursive: true, force: true });
  }
  return matrix;
}

/** Ends the containers as well, and notes that they may have to be begun again. */
function cutOff(at: string): void {
  killTasks(at);
  note(join(at, 'journal'), { what: 'failed', name: 'containers' });
}

function killTasks(at: string): void {
  const store = openStore(join(at, 'data'));
  killSurvivors(store);
  store.close();
}

type Ending = Verdict & { steps: number };

/** Plays in a process of its own; one that hangs has lost whatever it waits for. */
async function play(name: string, at: string, trip?: Trip): Promise<Ending | 'killed'> {
  const args = [child, name, at, ...(trip ? [String(trip.step), trip.moment] : [])];
  const env = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'crash-compiled') };
  const running = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true, env });
  const output: string[] = [];
  const problems: string[] = [];
  running.stdout.on('data', (text) => output.push(String(text)));
  running.stderr.on('data', (text) => problems.push(String(text)));
  const patience = setTimeout(() => running.kill('SIGTERM'), 40_000);
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
    running.once('close', (...how) => resolve(how)),
  );
  clearTimeout(patience);
  if (signal === 'SIGKILL') return 'killed';
  if (code === 0) return JSON.parse(output.join(''));
  return {
    steps: 0,
    lost: [`ended with ${code ?? signal}: ${problems.join('').slice(0, 2000)}`],
    doubled: [],
  };
}
