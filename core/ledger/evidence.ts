import * as z from 'zod';
import type { Approval } from '../approvals/approval.ts';
import type { Approvals } from '../approvals/ports.ts';
import { Fault } from '../fault.ts';
import type { Problem } from '../ledger.ts';
import { parseJson } from '../parse.ts';
import type { Policies } from '../policy/ports.ts';
import { Checkpoint, Signed } from './checkpoint.ts';
import { headProof } from './heads.ts';
import { consistencyProof, inclusionProof } from './merkle.ts';
import type { Place, Sequence, Trees } from './ports.ts';

const Hash = z.string().regex(/^[0-9a-f]{64}$/);

/** Everything that proves what was asked, decided and done about one action; nothing in it has to be believed. */
export const Evidence = z.strictObject({
  format: z.literal('signalbox-evidence/1'),
  org: z.string(),
  action_id: z.string(),
  /** The exact bytes of each revision. None, and no salt, once they were erased. */
  payloads: z.array(z.strictObject({ revision: z.int().positive(), text: z.string() })),
  salt: z.string().nullable(),
  facts: z.record(z.string(), z.unknown()),
  policy: z.strictObject({ hash: z.string(), text: z.string().nullable() }),
  /** What the decider wrote, if a person decided. */
  reason: z.string().nullable(),
  /** What passkeys have signed, with their public keys: the texts that entries hold the hashes of. */
  assertions: z.array(z.string()),
  entries: z.array(
    z.strictObject({
      seq: z.int().positive(),
      text: z.string(),
      hash: Hash,
      /** The leaf in the tree of the first checkpoint, and the way from it to the root. */
      index: z.int().nonnegative(),
      proof: z.array(Hash),
    }),
  ),
  /** That no entry comes after the last, by the trie of the last checkpoint. */
  head: z.strictObject({ seq: z.int().positive(), hash: Hash, proof: z.array(Hash) }),
  /** The first that covers all entries, and the latest. */
  checkpoints: z.tuple([Signed, Signed]),
  /** That the latest only adds to the first. */
  consistency: z.array(Hash),
});
export type Evidence = z.infer<typeof Evidence>;

/** What a file holds: evidence, or what cannot be read of it, by entry. Throws `Invalid` for what is no evidence at all. */
export function evidenceIn(text: string): { evidence: Evidence } | { problems: Problem[] } {
  const value = parseJson(z.looseObject({ format: Evidence.shape.format }), text);
  const { data, error } = Evidence.safeParse(value);
  if (data) return { evidence: data };
  const problems = error.issues.map(({ path: [part, index, ...rest], message }) => {
    const entry = part === 'entries' && typeof index === 'number' ? index + 1 : 1;
    const place = part === 'entries' ? `entry ${entry}: ${rest.join('.')}` : [part, index, ...rest].join('.');
    return { entry, message: `${place}: ${message}` };
  });
  return { problems: problems.sort((a, b) => a.entry - b.entry) };
}

export interface EvidenceNeeds {
  approvals: Pick<Approvals, 'find' | 'payload' | 'ledger' | 'assertions'>;
  sequence: Pick<Sequence, 'find'>;
  trees: Pick<Trees, 'growth' | 'covering' | 'headNode' | 'node'>;
  policies: Pick<Policies, 'text'>;
}

const LATER = 'Its last entries are in no checkpoint yet; ask again in a minute';

/** The evidence of an action as of the latest checkpoint. Throws `Unavailable` until one covers all its entries. */
export async function evidenceOf(org: string, id: string, needs: EvidenceNeeds): Promise<Evidence> {
  const { approvals, sequence, trees } = needs;
  const approval = await approvals.find(org, id);
  if (!approval) throw new Fault('NotFound', 'There is no such action');
  const latest = (await trees.growth(org))?.signed ?? later();
  const sealed = await approvals.ledger(org, id);
  const places = await Promise.all(
    sealed.map(async ({ seq }) => (await sequence.find(org, id, seq)) ?? later()),
  );
  const size = 1 + Math.max(...places.map(({ index }) => index));
  if (sizeOf(latest) < size) later();
  const first = (await trees.covering(org, size)) ?? later();
  const nodes = trees.node(org);
  return {
    ...{ format: 'signalbox-evidence/1', org, action_id: id },
    ...(await told(approval, needs)),
    facts: approval.facts,
    policy: {
      hash: approval.policyHash,
      text: (await needs.policies.text(org, approval.policyHash)) ?? null,
    },
    assertions: await approvals.assertions(org, id),
    entries: await Promise.all(
      sealed.map(async (one, at) => {
        const { index } = places[at] as Place;
        return { ...one, index, proof: await inclusionProof(index, sizeOf(first), nodes) };
      }),
    ),
    head: await head(org, { id, latest }, trees),
    checkpoints: [first, latest],
    consistency: await consistencyProof(sizeOf(first), sizeOf(latest), nodes),
  };
}

/** What entries commit to by the salt; none of it once a part of it was erased. */
async function told(
  { org, id, revision, salt, decision }: Approval,
  { approvals }: EvidenceNeeds,
): Promise<Pick<Evidence, 'payloads' | 'salt' | 'reason'>> {
  const revisions = Array.from({ length: revision }, (_, at) => at + 1);
  const texts = await Promise.all(revisions.map((one) => approvals.payload(org, id, one)));
  const payloads = texts.flatMap((text, at) => (text === undefined ? [] : [{ revision: at + 1, text }]));
  if (payloads.length < revision) return { payloads: [], salt: null, reason: null };
  return { payloads, salt, reason: decision && decision.auth !== 'policy' ? decision.reason : null };
}

async function head(
  org: string,
  { id, latest }: { id: string; latest: Signed },
  { headNode }: EvidenceNeeds['trees'],
): Promise<Evidence['head']> {
  const { heads } = Checkpoint.parse(JSON.parse(latest.text));
  const found = (await headProof(heads, id, (hash) => headNode(org, hash))) ?? later();
  const { seq, hash } = found.head;
  return { seq, hash, proof: found.proof };
}

function sizeOf({ text }: Signed): number {
  return Checkpoint.parse(JSON.parse(text)).size;
}

function later(): never {
  throw new Fault('Unavailable', LATER);
}
