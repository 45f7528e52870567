import * as z from 'zod';

/**
 * What the ticket machine says to each of its steps, and what they answer. The machine carries ids and decisions;
 * steps read and write the ticket and the run themselves. Every step may be called twice with the same input.
 */
export const RunRef = z.object({ org: z.string(), ticketId: z.string(), runId: z.string() });
export type RunRef = z.infer<typeof RunRef>;

/** Waits for a slot; `slot` counts those that the run has had. Its token is answered with the next one's number as `grant`. */
export const AwaitSlot = {
  input: RunRef.extend({ token: z.string().min(1), executionArn: z.string(), slot: z.int().nonnegative() }),
  output: z.object({}),
};

export const Classify = {
  input: RunRef,
  output: z.object({ next: z.enum(['diagnose', 'escalate']), reason: z.string() }),
};

export const Diagnose = {
  input: RunRef,
  output: z.object({ next: z.enum(['propose', 'escalate']), reason: z.string() }),
};

/** Policy decides whether a person is asked; `approvalId` names the stored request either way. */
export const ProposePlan = {
  input: RunRef,
  output: z.object({
    approvalId: z.string(),
    mode: z.enum(['auto', 'require_approval', 'deny']),
    waitSeconds: z.int().positive(),
    /** For people, when denied: who could be asked, and what to change. */
    reason: z.string(),
  }),
};

/** Gives the run's slot back and stores the task token where only the dispatcher reads it; the machine then sleeps. */
export const AwaitDecision = {
  input: RunRef.extend({
    approvalId: z.string(),
    token: z.string().min(1),
    executionArn: z.string(),
    slot: z.int().nonnegative(),
  }),
  output: z.object({}),
};

/** The sole authority on what was decided: the row, whatever woke the machine. A still-pending one is expired here. */
export const LoadDecision = {
  input: RunRef.extend({ approvalId: z.string(), executionArn: z.string() }),
  output: z.object({
    decision: z.enum(['approved', 'declined', 'expired', 'cancelled']),
    reason: z.string(),
  }),
};

/** What the engineer's task answers through its token: a patch in the artifact bucket, or why there is none. */
export const Implement = {
  input: RunRef,
  output: z.object({ next: z.enum(['verify', 'escalate']), reason: z.string() }),
};

/** What the verifier's task answers through its token: `open` means that the branch is pushed and verification passed. */
export const Verify = {
  input: RunRef,
  output: z.object({ next: z.enum(['open', 'retry', 'escalate']), reason: z.string() }),
};

export const OpenPullRequest = { input: RunRef, output: z.object({ url: z.string() }) };

/** Ends a ticket without a pull request: to a person, with the reason; a failure by its error's name, which may be tried again. */
export const Escalate = {
  input: RunRef.extend({
    status: z.enum(['escalated', 'declined', 'failed']),
    reason: z.string(),
    error: z.string().optional(),
  }),
  output: z.object({}),
};
