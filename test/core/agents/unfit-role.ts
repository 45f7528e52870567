import { ROLES } from '#core/agents/roles.ts';

// The engineer at a provider that cannot take its thinking back.
Object.assign(ROLES.engineer, { provider: 'openrouter', model: 'MiniMax-M3' });
