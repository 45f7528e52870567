import type { Construct } from 'constructs';

const PROFILES = ['economy', 'strict'];

/** Which of the two profiles agents run in: `-c AgentProfile=strict`, else economy. */
export function isStrict(scope: Construct): boolean {
  const profile = scope.node.tryGetContext('AgentProfile') ?? 'economy';
  if (!PROFILES.includes(profile))
    throw new Error(`AgentProfile is ${profile}; it is one of ${PROFILES.join(', ')}`);
  return profile === 'strict';
}
