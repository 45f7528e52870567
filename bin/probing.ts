import type { Access } from '#adapters/anthropic/client.ts';
import { type Finding, probe } from '#adapters/anthropic/probe.ts';
import { clients } from '#adapters/anthropic/providers.ts';
import { speaking } from '#adapters/anthropic/speak.ts';
import { clock } from '#adapters/clock.ts';
import { ROLES, type Role } from '#core/agents/roles.ts';
import type { Purse } from '#core/agents/spend.ts';
import { CommandError, EXIT } from './terminal.ts';

/** Whoever runs this pays with their own key. */
const OWN: Purse = {
  left: async () => ({ nanoUsd: Number.MAX_SAFE_INTEGER, of: 'call' }),
  reserve: async () => {},
  settle: async () => {},
};

/** The conformance probe of a role's model, from this machine. */
export function probed(role: Role, access: Access): Promise<Finding[]> {
  const speak = speaking({ send: clients(access), roles: ROLES, clock, purse: OWN, measure: () => {} });
  return probe(role, ROLES[role], speak);
}

/** The role of this name, or all. */
export function rolesNamed(wanted?: string): Role[] {
  const names = (Object.keys(ROLES) as Role[]).filter((name) => !wanted || name === wanted);
  if (names.length > 0) return names;
  throw new CommandError(
    `There is no role ${wanted}; there are ${Object.keys(ROLES).join(', ')}`,
    EXIT.usage,
  );
}
