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
});
