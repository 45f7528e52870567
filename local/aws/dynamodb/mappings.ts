import { type Batch, type MappingParts, placeOf } from './mapping-place.ts';
import { type Mapping, type MappingProperties, readMapping } from './mapping-properties.ts';

export interface StreamMappings {
  /** Starts the mapping, or takes it up where it was. `id` names its place in the stream over restarts. */
  define(id: string, properties: MappingProperties): void;
  /** Forgets the places of all other mappings, so that they no longer hold records back. */
  keepOnly(ids: string[]): void;
  /** Starts nothing more; what a running function answers after this is forgotten, and so repeated. */
  stop(): void;
}

/**
 * Event source mappings on tables' streams. Records reach the function in order, at least once: a batch that fails
 * holds up those behind it until it succeeds or its retries are used up. The place in the stream is durable.
 */
export function streamMappings(parts: MappingParts): StreamMappings {
  const { store, streams } = parts;
  const running = new Map<string, { stop(): void }>();
  return {
    define: (id, properties) => {
      const mapping = readMapping(id, properties);
      const text = 'INSERT OR IGNORE INTO dynamodb_mappings (id, arn, passed) VALUES (?, ?, ?)';
      const first = mapping.latest ? streams.latest() : 0;
      store.transaction(() => void store.sql(text).run(id, mapping.stream, first));
      running.get(id)?.stop();
      running.set(id, mapping.enabled ? run(parts, mapping) : { stop: () => {} });
    },
    keepOnly: (ids) => {
      const text = 'DELETE FROM dynamodb_mappings WHERE id NOT IN (SELECT value FROM json_each(?))';
      store.transaction(() => void store.sql(text).run(JSON.stringify(ids)));
    },
    stop: () => {
      for (const one of running.values()) one.stop();
    },
  };
}

function run(parts: MappingParts, mapping: Mapping): { stop(): void } {
  const { clock, streams, invoke } = parts;
  const place = placeOf(parts, mapping);
  let busy = false;
  let stopped = false;
  let waiting: (() => void) | undefined;

  const unlisten = streams.listen((arn) => {
    if (arn === mapping.stream) wake(mapping.window);
  });
  wake(0);
  return {
    stop: () => {
      stopped = true;
      unlisten();
      waiting?.();
    },
  };

  /** Looks at the stream after `delay`; a look that is due or under way already will see what has come. */
  function wake(delay: number): void {
    if (busy || waiting || stopped) return;
    waiting = clock.at(clock.now() + delay, () => {
      waiting = undefined;
      void drain();
    });
  }

  async function drain(): Promise<void> {
    busy = true;
    let retryIn: number | undefined;
    while (!stopped && retryIn === undefined) {
      const batch = place.next();
      if (!batch) break;
      retryIn = await deliver(batch);
    }
    busy = false;
    if (retryIn !== undefined) wake(retryIn);
  }

  /** Answers after how many milliseconds to try again, or undefined to go on at once. */
  async function deliver(batch: Batch): Promise<number | undefined> {
    if (batch.records.length === 0) return place.pass(batch.last);
    const failed = await attempt(batch);
    if (stopped) return undefined;
    return failed < 0 ? place.pass(batch.last) : place.fail(batch, failed);
  }

  /** Runs the function. Answers the position of the first record it failed, -1 for none. */
  async function attempt(batch: Batch): Promise<number> {
    try {
      const answer = await invoke(mapping.functionName, {
        Records: batch.records.map(({ record }) => record),
      });
      return mapping.reportsFailures ? firstFailure(answer, batch) : -1;
    } catch {
      return 0;
    }
  }
}

/** Which record the function reported first, by position; -1 for none, 0 also for a report that makes no sense. */
function firstFailure(answer: unknown, { records }: Batch): number {
  const reported =
    (answer as { batchItemFailures?: { itemIdentifier?: unknown }[] } | null)?.batchItemFailures ?? [];
  const positions = reported.map(({ itemIdentifier }) =>
    records.findIndex(({ record }) => record.dynamodb.SequenceNumber === itemIdentifier),
  );
  return positions.length === 0 ? -1 : Math.max(0, Math.min(...positions));
}
