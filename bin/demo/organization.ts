import type { Person } from '#core/people/person.ts';
import type { Project } from '#core/projects/project.ts';

/** The organization that `npm start` makes on a fresh folder. */
export const ORG = 'demo';

/** Who has the last word here; the first to sign in with it becomes admin, as on AWS. */
export const ADMIN = 'admin@demo.example';

export const PEOPLE: Pick<Person, 'email' | 'name' | 'roles'>[] = [
  { email: ADMIN, name: 'Ada Admin', roles: ['admin'] },
  { email: 'lead@demo.example', name: 'Lena Lead', roles: ['lead'] },
  { email: 'approver@demo.example', name: 'Paul Approver', roles: ['approver'] },
  { email: 'viewer@demo.example', name: 'Vera Viewer', roles: ['viewer'] },
];

interface DemoRepository {
  owner: string;
  name: string;
  kind: 'tap' | 'target';
  description: string;
}

export const REPOSITORIES: DemoRepository[] = [
  { owner: 'acme', name: 'tap-orders', kind: 'tap', description: 'Singer tap for the shop API' },
  { owner: 'acme', name: 'target-ledger', kind: 'target', description: 'Singer target for the ledger' },
];

/** Two projects, each with one repository on the forge at `forgeUrl`, decided by the demo's approver. */
export function projects(forgeUrl: string): Project[] {
  return REPOSITORIES.map(({ owner, name, kind }) => ({
    org: ORG,
    id: name,
    name: kind === 'tap' ? 'Orders' : 'Ledger',
    approvers: ['approver@demo.example'],
    selfApproval: false,
    repositories: [
      {
        fullName: `${owner}/${name}`,
        cloneUrl: `${forgeUrl}/${owner}/${name}.git`,
        apiUrl: `${forgeUrl}/api/v3`,
        defaultBranch: 'main',
        kind,
        aliases: [name],
        logPrefix: `logs/${ORG}/${name}/`,
        trustedReporters: ['*'],
      },
    ],
  }));
}
