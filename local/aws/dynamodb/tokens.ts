import { createHash } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import type { Store } from '../../store.ts';
import { AwsError } from '../service.ts';

const LIFE = 600_000;

type TokenStore = (token: string, request: unknown) => (() => void) | undefined;

/**
 * Remembers transactions by their client's token for ten minutes. Answers how to remember this one, to be called in its
 * own commit; undefined when the same request was carried out before. Refuses another request under the same token.
 */
export function tokenStore({ sql, transaction }: Store, clock: Clock): TokenStore {
  transaction(() => {
    sql(`CREATE TABLE IF NOT EXISTS dynamodb_tokens (token TEXT PRIMARY KEY, request TEXT NOT NULL,
      expires INTEGER NOT NULL) WITHOUT ROWID`).run();
    sql('CREATE INDEX IF NOT EXISTS dynamodb_tokens_expiry ON dynamodb_tokens (expires)').run();
  });
  return (token, request) => {
    const now = clock.now();
    sql('DELETE FROM dynamodb_tokens WHERE expires <= ?').run(now);
    const seen = sql('SELECT request FROM dynamodb_tokens WHERE token = ?').get(token)?.request;
    const digest = createHash('sha256')
      .update(JSON.stringify(sorted(request)))
      .digest('base64');
    if (seen === digest) return undefined;
    if (seen !== undefined) {
      throw new AwsError(
        'IdempotentParameterMismatchException',
        'The client token was used before, within ten minutes, with other request parameters',
      );
    }
    return () => {
      sql('INSERT INTO dynamodb_tokens (token, request, expires) VALUES (?, ?, ?)').run(
        token,
        digest,
        now + LIFE,
      );
    };
  };
}

/** The same value whatever the order of its members. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, sorted(member)]),
  );
}
