import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { storedClock, systemClock } from '#local/clock.ts';
import { openStore } from '#local/store.ts';

describe('a clock that is set', () => {
  const real = Date.now;
  const step = (milliseconds: number) => {
    Date.now = () => real() + milliseconds;
  };
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  it('back rings a timer after the time that was meant, and not again when it comes forward', async () => {
    const clock = systemClock();
    let rung = 0;
    clock.at(clock.now() + 60, () => {
      rung += 1;
    });
    step(-3_600_000);
    await pause(30);
    const early = rung;
    await pause(100);
    const inTime = rung;
    step(0);
    clock.forward(3_700_000);
    await pause(100);
    Date.now = real;

    expect({ early, inTime, rung }).toEqual({ early: 0, inTime: 1, rung: 1 });
  });

  it('forward rings what fell due by that, once', async () => {
    const clock = systemClock();
    const rung: string[] = [];
    clock.at(clock.now() + 86_400_000, () => void rung.push('a day'));
    clock.at(clock.now() + 90 * 86_400_000, () => void rung.push('a season'));
    clock.forward(2 * 86_400_000);
    await pause(20);

    expect(rung).toEqual(['a day']);
  });
});

it('stays ahead over a restart', () => {
  const folder = mkdtempSync(join(tmpdir(), 'clock-'));
  const first = openStore(folder);
  storedClock(first).forward(3_600_000);
  first.close();
  const again = openStore(folder);
  const ahead = storedClock(again).ahead();
  again.close();
  rmSync(folder, { recursive: true });

  expect(ahead).toBe(3_600_000);
});

it('tells a folder that another version made', () => {
  const folder = mkdtempSync(join(tmpdir(), 'version-'));
  const store = openStore(folder);
  store.sql('PRAGMA user_version=1').run();
  store.close();

  expect(() => openStore(folder)).toThrow('start with --fresh');
  rmSync(folder, { recursive: true });
});

it('takes a file that a kill left empty for a new one', () => {
  const folder = mkdtempSync(join(tmpdir(), 'version-'));
  writeFileSync(join(folder, 'aws.sqlite'), '');
  openStore(folder).close();
  openStore(folder).close();
  rmSync(folder, { recursive: true });
});
