import type { Claim, Outcome, Purse } from '#core/agents/spend.ts';

/** What the attempts at one answer cost, written down beside the work. */
export interface Book {
  rows: (Claim & Outcome)[];
  /** `onBooked` hears of it once it is in the ledger. */
  settle(claim: Claim, outcome: Outcome, onBooked: () => void): void;
  /** Once everything so far is in the ledger; throws when it could not be. */
  done(): Promise<void>;
}

export function booking(purse: Purse): Book {
  const rows: Book['rows'] = [];
  let written = Promise.resolve();
  return {
    rows,
    settle: (claim, outcome, onBooked) => {
      rows.push({ ...claim, ...outcome });
      const one = purse.settle(claim, outcome).then(onBooked);
      written = Promise.all([written, one]).then(() => undefined);
      written.catch(() => undefined); // told to whoever waits
    },
    done: () => written,
  };
}
