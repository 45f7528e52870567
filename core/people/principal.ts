import { Fault } from '../fault.ts';
import type { Role, Scope } from './person.ts';

/** Who is asking, as proven by a session or an API key. The organization comes from here, never from a request's body. */
export type Principal =
  | { via: 'session'; org: string; id: string; email: string; name: string; roles: readonly Role[] }
  | { via: 'key'; org: string; id: string; keyId: string; scopes: readonly Scope[] };

/** As people read it: a person by name, a key by who owns it. */
export function nameOf(principal: Principal): string {
  return principal.via === 'session' ? principal.name || principal.email : principal.id;
}

/** Throws `Forbidden` unless the person has the role. A key passes only by the scope, and only where a route names one. */
export function allow(principal: Principal, role: Role, scope?: Scope): void {
  if (principal.via === 'key') allowScope(principal.scopes, scope);
  else allowRole(principal.roles, role);
}

function allowRole(roles: readonly Role[], role: Role): void {
  if (roles.includes('admin') || roles.includes(role)) return;
  if (role === 'viewer' && roles.length > 0) return;
  throw new Fault(
    'Forbidden',
    `This needs the role ${role}; an admin of your organization can give it to you`,
  );
}

function allowScope(scopes: readonly Scope[], scope: Scope | undefined): void {
  if (!scope) throw new Fault('Forbidden', 'API keys cannot do this; sign in instead');
  if (!scopes.includes(scope)) throw new Fault('Forbidden', `This API key lacks the scope ${scope}`);
}
