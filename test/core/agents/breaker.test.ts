import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { breaker, type Step } from '#core/agents/breaker.ts';
import { errorFingerprint, fingerprint, normalise } from '#core/agents/fingerprint.ts';
import { detects } from '../../../bench/breaker.ts';
import { HEALTHY, LOOPS } from '../../../bench/traces.ts';

const signals = (steps: Step[]) => {
  const observe = breaker();
  return steps.map((step) => observe(step));
};
const call = (more: Partial<Step> = {}): Step => ({
  ...{ tool: 'bash', input: { command: 'x' }, result: 'exit 1', isError: true, tree: 't' },
  ...more,
});

describe('the breaker', () => {
  it.each(LOOPS.map((one) => [one.name, one] as const))('stops %s', (_, { steps, loopsFrom = 1 }) => {
    const nudged = detects(1)(steps) ?? Number.POSITIVE_INFINITY;

    expect(nudged - loopsFrom).toBeLessThanOrEqual(12);
    expect(detects(3)(steps)).toBeGreaterThan(nudged);
  });

  it.each(HEALTHY.map((one) => [one.name, one] as const))('leaves alone %s', (_, { steps }) => {
    expect(signals(steps).filter(({ strike }) => strike > 0)).toEqual([]);
  });

  it('nudges with the evidence, then plans anew, then stops', () => {
    const [, , first, second, , , third] = signals(Array.from({ length: 7 }, () => call()));

    expect(first).toMatchObject({
      strike: 1,
      signal: 'same-call',
      nudge: expect.stringMatching(/steps 1, 2, 3.*"x"/),
    });
    expect(second).toMatchObject({ strike: 2, replan: true, nudge: expect.stringMatching(/plan anew/) });
    expect(third).toMatchObject({ strike: 3, stop: expect.stringMatching(/same result: "exit 1/) });
  });

  it('tells its eight signals apart', () => {
    const seen = new Set(LOOPS.flatMap(({ steps }) => signals(steps).map(({ signal }) => signal)));

    expect([...seen].filter(Boolean).sort()).toEqual(
      'alternation format-error monologue no-diff revert-loop same-call same-error timeouts'.split(' '),
    );
  });

  it('forgives for verified progress, never for another command or a test run of the model’s own', () => {
    const verify = call({ tool: 'verify', tests: { passing: 1, failing: [] }, result: 'one more' });
    const other = call({ input: { command: 'pytest' }, result: '9 passed', isError: false });
    const strikes = (between: Step) =>
      signals([call(), call(), call(), between, call(), call(), call()]).map(({ strike }) => strike);

    expect(strikes(verify)).toEqual([0, 0, 1, 0, 0, 0, 1]);
    expect(Math.max(...strikes(other))).toBeGreaterThan(1);
  });

  it('gives the same verdicts again for the same steps', () => {
    for (const { steps } of LOOPS) expect(signals(structuredClone(steps))).toEqual(signals(steps));
  });
});

const noise = fc.record({
  at: fc
    .date({ min: new Date('2000-01-01'), max: new Date('2090-01-01'), noInvalidDate: true })
    .map((at) => at.toISOString()),
  seconds: fc.integer({ min: 0, max: 99_999 }).map((n) => `${n / 100}s`),
  id: fc.uuid(),
  port: fc.integer({ min: 1_024, max: 65_535 }),
  folder: fc.stringMatching(/^[a-z0-9]{3,12}$/),
  space: fc.constantFrom(' ', '  ', '\n', '\t'),
});
type Noise = typeof noise extends fc.Arbitrary<infer T> ? T : never;
const said = (word: string, { at, seconds, id, port, folder, space }: Noise) =>
  [
    at,
    word,
    'in',
    seconds,
    `request ${id}`,
    `http://localhost:${port}/v1`,
    `/tmp/${folder}/out.txt`,
    `/home/${folder}/tap/client.py`,
  ].join(space);

describe('fingerprints', () => {
  it('are the same whatever the time, place, port or id', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[g-z]{1,12}$/), noise, noise, (word, one, other) => {
        expect(fingerprint(said(word, one))).toBe(fingerprint(said(word, other)));
      }),
    );
  });

  it('differ where the words differ', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.stringMatching(/^[g-z]{1,12}$/), { minLength: 2, maxLength: 2 }),
        noise,
        ([a = '', b = ''], one) => {
          expect(fingerprint(said(a, one))).not.toBe(fingerprint(said(b, one)));
        },
      ),
    );
  });

  it('change nothing when taken of what is plain already', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string({ unit: 'binary' }),
          noise.map((one) => said('word', one)),
        ),
        (text) => {
          expect(normalise(normalise(text))).toBe(normalise(text));
        },
      ),
    );
  });

  it.each([
    ['file.py', 'other.py'],
    ['line 40', 'line 41'],
    ['/w/a/one.py', '/w/a/two.py'],
    ['3 failed', '4 failed'],
  ])('tell %s from %s', (one, other) => {
    expect(fingerprint(one)).not.toBe(fingerprint(other));
  });

  it('of errors look at every error there is, not at the last', () => {
    const old = "E ModuleNotFoundError: No module named 'boto3'";

    expect(errorFingerprint(`a\nE KeyError: 'x'\n${old}`)).not.toBe(errorFingerprint(`a\n${old}`));
    expect(errorFingerprint(`took 1.2s\n${old}`)).toBe(errorFingerprint(`took 9.9s\n${old}`));
    expect(errorFingerprint('exit 1')).toBeUndefined();
  });
});
