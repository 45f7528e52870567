import type { PolicyDocument } from './policy.ts';

/** The policy of an organization that has none of its own: people decide about everything. */
export function defaultPolicy(tenant: string): PolicyDocument {
  return {
    version: 1,
    tenant,
    default: { mode: 'require_approval', risk: 'high', approval: 'approvers' },
    approvals: {
      project: { groups: ['project-approvers'], ttl: '72h' },
      approvers: { groups: ['approvers', 'admins'], ttl: '72h' },
    },
    rules: [
      {
        id: 'change_code',
        action: 'change_code',
        risk: 'medium',
        mode: 'require_approval',
        approval: 'project',
      },
    ],
  };
}
