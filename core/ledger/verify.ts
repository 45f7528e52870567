import { challengeOf } from '../approvals/challenge.ts';
import { canonical, hashOf } from '../canonical.ts';
import { commit, entryIn, firstBroken, type LedgerEntry, type Problem } from '../ledger.ts';
import { Checkpoint, type Signed } from './checkpoint.ts';
import type { Evidence } from './evidence.ts';
import { isHead } from './heads.ts';
import { isConsistent, isIncluded } from './merkle.ts';
import { isGenuine, pemOf } from './signature.ts';

/** What evidence is worth. Without problems everything in it is as it was written, for as long as the key is who it says. */
export interface Report {
  problems: Problem[];
  /** Until when nothing can have been added unseen. */
  asOf: string | undefined;
  /** What is not there to be checked. */
  unchecked: string[];
}

/** Whether what was kept with a vote is a passkey's signature over the challenge that its nonce makes. Never throws. */
export type SignedByPasskey = (kept: string, challenge: (nonce: string) => string) => Promise<boolean>;

/** Checks evidence with nothing but public keys, the first bad entry first. `keys`, in PEM, are the ones believed; without any, its own are. */
export async function verifyEvidence(
  evidence: Evidence,
  { keys = [], isSigned }: { keys?: readonly string[]; isSigned: SignedByPasskey },
): Promise<Report> {
  const [first, latest] = evidence.checkpoints.map(checkpointIn);
  const problems = [
    ...evidence.checkpoints.flatMap((signed) => signatureProblem(signed, keys)),
    ...(first && latest ? treeProblems(evidence, first, latest) : []),
    ...chainProblems(evidence),
    ...committedProblems(evidence),
    ...(await passkeyProblems(evidence, isSigned)),
  ];
  return {
    problems: problems.sort((a, b) => a.entry - b.entry),
    asOf: latest?.time,
    unchecked: [
      ...(evidence.salt === null ? ['payload, reason and passkeys: what they are about was erased'] : []),
      ...(evidence.policy.text === null ? ['the text of the policy: only its hash is known'] : []),
    ],
  };
}

function checkpointIn({ text }: Signed): Checkpoint | undefined {
  try {
    return Checkpoint.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Whether a checkpoint is what it looks like. Nothing of the evidence is worth anything when one is not. */
function signatureProblem(signed: Signed, keys: readonly string[]): Problem[] {
  const checkpoint = checkpointIn(signed);
  const named = checkpoint ? `the checkpoint of size ${checkpoint.size}` : 'a checkpoint that cannot be read';
  const unproven = (why: string) => [{ entry: 1, message: `entry 1 is not proven: ${named} ${why}` }];
  if (!checkpoint) return unproven('proves nothing');
  if (keys.length > 0 && !keys.some((key) => pemOf(key) === pemOf(signed.publicKey))) {
    return unproven('was signed by a key that is not yours');
  }
  return isGenuine(signed) ? [] : unproven('has a signature that is not of its key');
}

function treeProblems(evidence: Evidence, first: Checkpoint, latest: Checkpoint): Problem[] {
  const { org, action_id, entries, head, consistency } = evidence;
  const problems: Problem[] = [];
  if (first.org !== org || latest.org !== org) {
    problems.push({
      entry: 1,
      message: 'entry 1 is not proven: the checkpoints are of another organization',
    });
  }
  if (!isConsistent(first, latest, consistency)) {
    const message = `entry 1 is in a fork: the checkpoint of size ${latest.size} does not begin with the one of size ${first.size}`;
    problems.push({ entry: 1, message });
  }
  for (const { seq, hash, index, proof } of entries) {
    if (isIncluded({ leaf: hash, index }, first, proof)) continue;
    problems.push({
      entry: seq,
      message: `entry ${seq} is not in the tree of the checkpoint of size ${first.size}`,
    });
  }
  const { proof, ...last } = head;
  if (!isHead({ actionId: action_id, ...last }, proof, latest.heads)) {
    problems.push({ entry: head.seq, message: `entry ${head.seq} is not proven to be the last one` });
  }
  return problems;
}

function chainProblems({ org, action_id, entries, head }: Evidence): Problem[] {
  const broken = firstBroken(entries);
  if (broken) return [broken];
  const read = entries.map(({ text }) => entryIn(text) as LedgerEntry);
  const foreign = read.find((entry) => entry.org !== org || entry.actionId !== action_id);
  if (foreign) return [{ entry: foreign.seq, message: `entry ${foreign.seq} is of another action` }];
  const missing = entries.length + 1;
  if (missing <= head.seq) {
    return [{ entry: missing, message: `entry ${missing} is missing: the chain has ${head.seq}` }];
  }
  const last = entries.at(-1);
  if (last?.seq === head.seq && last.hash === head.hash) return [];
  return [{ entry: head.seq, message: `entry ${head.seq} is not the last one that the checkpoint knows` }];
}

/** What entries only commit to: facts, policy, payloads and reason. */
function committedProblems(evidence: Evidence): Problem[] {
  const entries = evidence.entries.flatMap(({ text }) => entryIn(text) ?? []);
  const { facts, policy, salt, payloads, reason } = evidence;
  const withFacts = entries.findLast(({ factsHash }) => factsHash);
  const last = entries.at(-1);
  const texts = [policy.hash, policy.text === null ? policy.hash : hashOf(policy.text)];
  return [
    ...(withFacts && withFacts.factsHash !== factsHash(facts) ? [not(withFacts, 'facts')] : []),
    ...(last && texts.some((hash) => hash !== last.policyHash) ? [not(last, 'policy')] : []),
    ...(salt !== null
      ? [...payloadProblems(evidence, salt, entries), ...reasonProblems(reason, salt, entries)]
      : []),
    ...(salt === null && (payloads.length > 0 || reason !== null)
      ? [{ entry: 1, message: 'there is a payload or a reason, and nothing to check it with' }]
      : []),
  ];
}

/** Nothing for facts that can have no hash. */
function factsHash(facts: Evidence['facts']): string | undefined {
  try {
    return hashOf(canonical(facts));
  } catch {
    return undefined;
  }
}

function reasonProblems(reason: string | null, salt: string, entries: LedgerEntry[]): Problem[] {
  const decided = entries.findLast(({ type }) => type === 'DECIDED');
  const missing = { entry: entries.length + 1, message: 'there is a reason, and the decision is missing' };
  if (!decided) return reason === null ? [] : [missing];
  return commit(salt, reason ?? '') === decided.reasonCommit ? [] : [not(decided, 'reason')];
}

function payloadProblems({ payloads }: Evidence, salt: string, entries: LedgerEntry[]): Problem[] {
  const wrong = entries.find(({ revision, payloadCommit }) => {
    const payload = payloads.find((one) => one.revision === revision);
    return !payload || commit(salt, hashOf(payload.text)) !== payloadCommit;
  });
  const loose = payloads.some(({ revision }) => !entries.some((entry) => entry.revision === revision));
  if (loose) return [{ entry: 1, message: 'there is a payload that no entry is about' }];
  return wrong ? [not(wrong, `payload of revision ${wrong.revision}`)] : [];
}

function not({ seq }: LedgerEntry, what: string): Problem {
  return { entry: seq, message: `the ${what} is not what entry ${seq} was made for` };
}

/** Whether passkeys have signed what their entries say: this payload, this decision. */
async function passkeyProblems(evidence: Evidence, isSigned: SignedByPasskey): Promise<Problem[]> {
  const entries = evidence.entries.flatMap(({ text }) => entryIn(text) ?? []);
  const kept = new Map(evidence.assertions.map((text) => [hashOf(text), text]));
  const problems: Problem[] = [];
  for (const entry of entries) {
    const text = kept.get(entry.assertionHash ?? '');
    kept.delete(entry.assertionHash ?? '');
    if (!entry.assertionHash || (text && (await isOwnDecision(entry, text, { evidence, isSigned }))))
      continue;
    problems.push({ entry: entry.seq, message: `entry ${entry.seq} is not signed by its passkey` });
  }
  if (kept.size > 0) problems.push({ entry: 1, message: 'there is a signature that no entry is about' });
  return problems;
}

async function isOwnDecision(
  { org, actionId, revision, decision }: LedgerEntry,
  text: string,
  { evidence, isSigned }: { evidence: Evidence; isSigned: SignedByPasskey },
): Promise<boolean> {
  const payload = evidence.payloads.find((one) => one.revision === revision);
  if (!payload || !decision) return evidence.salt === null;
  const request = { org, id: actionId, revision, payloadHash: hashOf(payload.text) };
  return isSigned(text, (nonce) => challengeOf(request, { verdict: decision, nonce }));
}
