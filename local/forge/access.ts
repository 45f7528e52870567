import type { IncomingHttpHeaders } from 'node:http';
import { problem } from './problem.ts';

/** Someone the forge knows by a token. */
export interface Account {
  login: string;
  token: string;
  /** `read` may clone private repositories and read the REST interface, `write` may also push, open and merge. */
  access: 'read' | 'write';
  type?: 'User' | 'Bot';
}

/** Who sends the request; undefined for nobody. Throws GitHub's 401 for a token that is not known. */
export function accountOf(headers: IncomingHttpHeaders, accounts: readonly Account[]): Account | undefined {
  const [scheme = '', value = ''] = (headers.authorization ?? '').split(' ');
  if (!scheme) return undefined;
  const known = accounts.find(({ token }) => token === tokenIn(scheme.toLowerCase(), value));
  return known ?? refuse();
}

function tokenIn(scheme: string, value: string): string | undefined {
  if (scheme === 'token' || scheme === 'bearer') return value;
  if (scheme !== 'basic') return undefined;
  const [user = '', password] = Buffer.from(value, 'base64').toString().split(':');
  return password || user; // `https://TOKEN@host/` puts the token where the name goes
}

function refuse(): never {
  throw problem(401, 'Bad credentials');
}
