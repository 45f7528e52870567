import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

interface Locked {
  resolved?: string;
  optionalDependencies?: Record<string, string>;
}

const packages: Record<string, Locked> = JSON.parse(readFileSync('package-lock.json', 'utf8')).packages;

describe('the lock file', () => {
  it('lists every platform package that it names: npm ci refuses it otherwise', () => {
    const named = Object.values(packages)
      .flatMap(({ optionalDependencies = {} }) => Object.keys(optionalDependencies))
      .filter((name) => /(linux|darwin|win32|android)-/.test(name));
    const missing = named.filter((name) => !(`node_modules/${name}` in packages));

    expect(named.length).toBeGreaterThan(50);
    expect([...new Set(missing)]).toEqual([]);
  });

  it('names no host to download from', () => {
    expect(
      Object.entries(packages)
        .filter(([, { resolved }]) => resolved)
        .map(([name]) => name),
    ).toEqual([]);
  });
});
