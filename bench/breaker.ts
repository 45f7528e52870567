import { breaker, type Step } from '#core/agents/breaker.ts';
import { print } from './print.ts';
import { HEALTHY, LOOPS, type Trace } from './traces.ts';

/** Answers the number of the first step, from 1, at which a detector speaks up; nothing if it never does. */
type Detector = (steps: Step[]) => number | undefined;

const isSame = (one: Step, other: Step, what: (step: Step) => unknown) =>
  JSON.stringify(what(one)) === JSON.stringify(what(other));

/** Whether the last `count` steps are alike in something. */
function alike(steps: Step[], count: number, what: (step: Step) => unknown): boolean {
  const last = steps.slice(-count);
  return last.length === count && last.every((one) => isSame(one, last[0] as Step, what));
}

const action = ({ tool, input }: Step) => [tool, input];
const event = ({ tool, input, result }: Step) => [tool, input, result];

function first(steps: Step[], speaksUp: (before: Step[]) => boolean): number | undefined {
  const at = steps.findIndex((_, index) => speaksUp(steps.slice(0, index + 1)));
  return at < 0 ? undefined : at + 1;
}

/** OpenHands' published thresholds: action with observation 4 times, with an error 3, words 3, two in turn 6; in a row, byte for byte. */
const openHands: Detector = (steps) =>
  first(steps, (before) => {
    const last = before.at(-1);
    if (!last?.tool) return alike(before, 3, ({ tool }) => tool);
    const six = before.slice(-6);
    const isInTurn = six.length === 6 && six.slice(2).every((one, at) => isSame(one, six[at] as Step, event));
    return (
      alike(before, 4, event) ||
      (alike(before, 3, action) && before.slice(-3).every(({ isError }) => isError)) ||
      isInTurn
    );
  });

/** SWE-agent's: three requeries for a malformed answer, three timeouts in a row. */
const sweAgent: Detector = (steps) =>
  first(steps, (before) => {
    const last = before.slice(-3);
    return (
      last.length === 3 &&
      (last.every(({ malformed }) => malformed) || last.every(({ timedOut }) => timedOut))
    );
  });

/** Signalbox's first strike, or the step at which the run would end. */
export const detects =
  (strike: 1 | 3): Detector =>
  (steps) => {
    const observe = breaker();
    const at = steps.findIndex((step) => observe(step).strike >= strike);
    return at < 0 ? undefined : at + 1;
  };

const DETECTORS: [string, Detector][] = [
  ['nudge', detects(1)],
  ['stop', detects(3)],
  ['OpenHands', openHands],
  ['SWE-agent', sweAgent],
];

/** Steps from the beginning of the loop, itself counted, until each detector speaks up. */
export function delays({ steps, loopsFrom = 1 }: Trace): (number | undefined)[] {
  return DETECTORS.map(([, detect]) => detect(steps)).map((at) => at && at - loopsFrom + 1);
}

/** By trace and detector: how soon loops are noticed, and when healthy runs are taken for one. */
export function breakerDelays(show: typeof print): object {
  const rows = (traces: Trace[]) => traces.map((one) => [one.name, ...delays(one)] as const);
  const found = { loops: rows(LOOPS), healthy: rows(HEALTHY) };
  const heads = ['', ...DETECTORS.map(([name]) => name)];
  const wide = ([name, ...cells]: (typeof found.loops)[number]) => [name.padEnd(48), ...cells];
  show('Runs that loop: steps until noticed', heads, found.loops.map(wide));
  show('Healthy runs: steps until a false alarm', heads, found.healthy.map(wide));
  return { detectors: heads.slice(1), ...found };
}

if (import.meta.main) breakerDelays(print);
