import type { BatchIntent, BatchIntents } from '#core/agents/batch.ts';

/** Intents that nobody else sees. */
export function memoryBatchIntents(): BatchIntents {
  const all = new Map<string, BatchIntent>();
  const change = (id: string, more: Partial<BatchIntent>) =>
    void all.set(id, { ...(all.get(id) as BatchIntent), ...more });
  return {
    intend: async (intent) => {
      const stored = all.get(intent.id) ?? intent;
      all.set(intent.id, stored);
      return stored;
    },
    tried: async (id, triedAt) => change(id, { triedAt }),
    adopt: async (id, batchId) => change(id, { batchId }),
    ownerOf: async (batchId) => [...all.values()].find((one) => one.batchId === batchId)?.id,
  };
}
