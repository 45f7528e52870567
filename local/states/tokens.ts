import { AwsError, type Operations, only } from '../aws/service.ts';
import type { Clock } from '../clock.ts';
import type { Store } from '../store.ts';
import type { Engine } from './engine.ts';
import type { Answer, TokenRow } from './rows.ts';
import { LIMIT } from './scope.ts';

/** Closes a token with its answer inside the caller's transaction; false when it is closed already. */
export type Close = (token: string, answer: Answer) => boolean;

/** SendTaskSuccess, SendTaskFailure and SendTaskHeartbeat: the first answer counts and is durable when acknowledged. */
export function tokenOperations({ store, clock, engine }: { store: Store; clock: Clock; engine: Engine }): {
  operations: Operations;
  close: Close;
} {
  const { sql } = store;

  function openRow(token: string): TokenRow {
    const row = sql('SELECT * FROM states_tokens WHERE token=?').get(token) as unknown as
      | TokenRow
      | undefined;
    if (!row) throw new AwsError('TaskDoesNotExist', 'Task does not exist');
    if (row.state !== 'open' || engine.closing.has(token))
      throw new AwsError('TaskTimedOut', "Task Timed Out: 'Provided task does not exist anymore'");
    return row;
  }

  function write(row: TokenRow, answer: Answer): void {
    const text = JSON.stringify(answer);
    sql("UPDATE states_tokens SET state='answered', answer=? WHERE token=?").run(text, row.token);
    sql('INSERT OR REPLACE INTO states_pending VALUES(?,?,?)').run(row.execution, row.path, 'answer');
    store.afterCommit(() => void engine.wake(row.execution, { kind: 'answer', path: row.path }));
  }

  function close(token: string, answer: Answer): boolean {
    const row = sql("SELECT * FROM states_tokens WHERE token=? AND state='open'").get(
      token,
    ) as unknown as TokenRow;
    if (!row || engine.closing.has(token)) return false;
    write(row, answer);
    return true;
  }

  async function send(token: string, answer: Answer): Promise<object> {
    checkToken(token);
    await engine.commit(() => write(openRow(token), answer));
    return {};
  }

  return {
    close,
    operations: {
      SendTaskSuccess(input: { taskToken: string; output: string }) {
        only('SendTaskSuccess', input, ['taskToken', 'output']);
        return send(input.taskToken, { output: parseOutput(input.output) });
      },
      SendTaskFailure(input: { taskToken: string; error?: string; cause?: string }) {
        only('SendTaskFailure', input, ['taskToken', 'error', 'cause']);
        return send(input.taskToken, { failure: { error: input.error, cause: input.cause } });
      },
      async SendTaskHeartbeat(input: { taskToken: string }) {
        only('SendTaskHeartbeat', input, ['taskToken']);
        checkToken(input.taskToken);
        await engine.commit(() => {
          const { execution, path, heartbeat } = openRow(input.taskToken);
          if (heartbeat === null) return;
          const due = clock.now() + heartbeat * 1000;
          sql("UPDATE states_timers SET due=? WHERE execution=? AND path=? AND kind='heartbeat'").run(
            due,
            execution,
            path,
          );
        });
        return {};
      },
    },
  };
}

function checkToken(token: unknown): void {
  if (typeof token !== 'string' || !/^AQCE[\w-]{60,}$/.test(token))
    throw new AwsError('InvalidToken', "Invalid Token: 'Invalid token'");
}

function parseOutput(text: unknown): unknown {
  if (typeof text !== 'string' || Buffer.byteLength(text) > LIMIT)
    throw new AwsError(
      'InvalidOutput',
      "Invalid Output: 'The output must be JSON text of at most 262144 bytes'",
    );
  try {
    return JSON.parse(text);
  } catch {
    throw new AwsError('InvalidOutput', "Invalid Output: 'Invalid JSON'");
  }
}
