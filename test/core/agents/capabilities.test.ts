import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { refuseUnfit, unfit } from '#core/agents/capabilities.ts';
import { ROLES, type RoleLimits } from '#core/agents/roles.ts';

const NOW = new Date('2026-11-20');
const engineer = (change: Partial<RoleLimits>) => unfit({ ...ROLES.engineer, ...change }, NOW);

describe('a role', () => {
  it('is fit as configured', () => {
    expect(() => refuseUnfit(ROLES, NOW)).not.toThrow();
  });

  it.each<[string, Partial<RoleLimits>, RegExp]>([
    [
      'a model without what it needs',
      { provider: 'openrouter', model: 'MiniMax-M3' },
      /lacks thinkingReplay/,
    ],
    [
      'a need that the provider does not meet',
      { provider: 'minimax', model: 'MiniMax-M3', needs: ['batch'] },
      /lacks batch/,
    ],
    [
      'longer answers than the model gives',
      { model: 'claude-haiku-4-5', maxTokens: 65_000 },
      /64000 tokens at most/,
    ],
    ['an unknown model', { model: 'claude-next' }, /is not known/],
    [
      'a model without a price',
      { provider: 'openrouter', model: 'z-ai/glm', needs: [] },
      /price of model "z-ai\/glm" is not known/,
    ],
    ['a model of another provider', { provider: 'minimax' }, /claude-opus-5-5 can do at minimax/],
  ])('is refused %s', (_, change, why) => {
    expect(engineer(change).join()).toMatch(why);
  });

  it('may have another provider whose model can do the work', () => {
    expect(engineer({ provider: 'minimax', model: 'MiniMax-M3' })).toEqual([]);
  });

  it('is named with every reason before anything is deployed', () => {
    const roles = {
      ...ROLES,
      engineer: { ...ROLES.engineer, provider: 'openrouter' as const, model: 'MiniMax-M3' },
    };

    expect(() => refuseUnfit(roles, NOW)).toThrow(/engineer: .*thinkingReplay[\s\S]*engineer: .*cache/);
  });

  it('that lacks a need stops the synthesis, which leaves nothing behind', { timeout: 60_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'signalbox-unfit-'));
    const out = join(folder, 'cdk.out');
    const args = ['--import', './test/core/agents/unfit-role.ts', 'bin/app.ts'];
    const said = await new Promise<string>((resolve) => {
      const env = { ...process.env, CDK_OUTDIR: out };
      execFile(process.execPath, args, { env }, (error, _, wrong) => resolve(error ? wrong : 'synthesised'));
    });

    expect(said).toMatch(/engineer: MiniMax-M3 at openrouter lacks thinkingReplay/);
    expect(said).toMatch(/another model in core\/agents\/roles\.ts/);
    expect(existsSync(out)).toBe(false);
    rmSync(folder, { recursive: true });
  });
});
