import { execFile } from 'node:child_process';
import { createHash, createSign, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { relyingParty } from '#adapters/relying-party.ts';
import { isSignedDecision } from '#adapters/webauthn.ts';
import type { Approval } from '#core/approvals/approval.ts';
import { challengeOf } from '#core/approvals/challenge.ts';
import { canonical, hashOf } from '#core/canonical.ts';
import { Checkpoint, checkpointed, type Signed } from '#core/ledger/checkpoint.ts';
import { Evidence, evidenceOf } from '#core/ledger/evidence.ts';
import { verifyEvidence } from '#core/ledger/verify.ts';
import { LedgerEntry, type Sealed, seal } from '#core/ledger.ts';
import type { Principal } from '#core/people/principal.ts';
import { approvalApi } from '#functions/http/approval-api.ts';
import { evidence } from '#functions/http/evidence.ts';
import { ANNA, approvals, asking, handClock, NOW, question, vote } from '../../support/approvals.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';
import {
  type Chain,
  chain,
  inserted,
  making,
  newOrg,
  recorded,
  sequence,
  sequencer,
  trees,
} from '../../support/ledger.ts';
import { agentOf, organization, policies } from '../../support/organization.ts';
import { send } from '../../support/request.ts';

const needs = { approvals, policies, sequence, trees };
let aws: LocalAws;
let org: string;
let action: Chain;
let bundle: Evidence;
let folder: string;

beforeAll(async () => {
  aws = await localAws();
  folder = mkdtempSync(join(tmpdir(), 'signalbox-evidence-'));
  org = newOrg();
  action = chain(org, 5);
  for (const one of [chain(org), action, chain(org, 2)]) await recorded(org, one);
  await checkpointed(org, making);
  for (const one of [chain(org), chain(org)]) await recorded(org, one);
  await checkpointed(org, making);
  bundle = await evidenceOf(org, action.id, needs);
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await aws.stop();
});

const check = (of: Evidence, keys: string[] = []) => verifyEvidence(of, { keys, isSigned: isSignedDecision });

/** A copy that may be spoilt. */
const copy = () => structuredClone(bundle);
type Entry = Evidence['entries'][number];
const entry = (of: Evidence, seq: number) => of.entries[seq - 1] as Entry;

/** The entry as it would be if something else had happened, sealed as it should be. */
function otherwise({ text }: Sealed, change: Partial<LedgerEntry>): Sealed {
  return seal(LedgerEntry.parse({ ...JSON.parse(text), ...change }));
}

/** Rewrites the chain from an entry on, so that it is whole again. */
function rewrite(of: Evidence, from: number, change: Partial<LedgerEntry>): void {
  let prev = entry(of, from - 1).hash;
  for (const one of of.entries.slice(from - 1)) {
    Object.assign(one, otherwise(one, { ...(one.seq === from && change), prev }));
    prev = one.hash;
  }
}

/** Signs something else with another key, as somebody could who has no access to ours. */
function forgery(change: Partial<Checkpoint>, { text }: Signed): Signed {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const forged = canonical({ ...JSON.parse(text), ...change });
  const signature = createSign('sha256').update(forged).sign(privateKey, 'base64');
  return { text: forged, signature, publicKey: String(publicKey.export({ format: 'pem', type: 'spki' })) };
}

describe('evidence', () => {
  it('holds, and says until when', async () => {
    expect(await check(bundle)).toEqual({
      problems: [],
      asOf: making.clock.now().toISOString(),
      unchecked: [expect.stringContaining('policy')],
    });
    expect(bundle.entries).toHaveLength(5);
    expect(bundle.payloads).toEqual([{ revision: 1, text: action.payload }]);
    expect(bundle.checkpoints.map(({ text }) => JSON.parse(text).size)).toEqual([10, 16]);
  });

  it('holds for the key that is known, and for no other', async () => {
    const { publicKey } = bundle.checkpoints[0];
    const other = forgery({}, bundle.checkpoints[0]).publicKey;

    expect((await check(bundle, [other, publicKey])).problems).toEqual([]);
    expect((await check(bundle, [other])).problems[0]?.message).toContain('a key that is not yours');
  });

  it('is not given before a checkpoint covers all of it', async () => {
    const late = chain(org);
    await recorded(org, late);
    await expect(evidenceOf(org, late.id, needs)).rejects.toMatchObject({ code: 'Unavailable' });
    await checkpointed(org, making);

    expect((await check(await evidenceOf(org, late.id, needs))).problems).toEqual([]);
  });

  it('still holds when the payload was erased, and says what it cannot show', async () => {
    const erased = await evidenceOf(org, action.id, {
      ...needs,
      approvals: { ...approvals, payload: async () => undefined },
    });
    const report = await check(erased);

    expect(erased).toMatchObject({ payloads: [], salt: null, reason: null });
    expect(report.problems).toEqual([]);
    expect(report.unchecked).toContainEqual(expect.stringContaining('erased'));
  });
});

describe('evidence of an action that was changed, approved and carried out', () => {
  it('holds the bytes of every revision, and the policy by which people were asked', async () => {
    const clock = handClock();
    const team = await organization([
      {
        ...{ id: 'mail', action: 'email.send', risk: 'medium', mode: 'require_approval', approval: 'leads' },
        modifiable: ['/to'],
      },
    ]);
    const agent = agentOf(team, clock, { recipients: 2 });
    const payload = { to: ['ann@c.example', 'bob@c.example'], subject: 'Prices', body: 'They rise.' };
    const { body } = await agent.propose({ type: 'email.send', payload });
    const { id: lea, email, name, roles } = team.lea;
    const { payloadHash: payload_hash } = (await approvals.find(team.org, body.action_id)) as Approval;
    const principalOf = async () => ({ via: 'session', org: team.org, id: lea, email, name, roles }) as const;
    await send(approvalApi({ ...asking(clock, { recipients: 1 }), principalOf }), {
      ...{ method: 'POST', path: `/v1/approvals/${body.action_id}/decision`, id: body.action_id },
      body: JSON.stringify({
        ...{ revision: 1, payload_hash, decision: 'modify', patch: { '/to': ['ann@c.example'] } },
      }),
    });
    await agentOf(team, clock, { recipients: 1 }).redeem(body.action_id);
    await agent.result(body.action_id, 'done');
    const sealed = await approvals.ledger(team.org, body.action_id);
    for (const one of sealed) await sequencer().consume(inserted(team.org, body.action_id, one));
    await checkpointed(team.org, making);
    const found = await evidenceOf(team.org, body.action_id, needs);

    expect(await check(found)).toMatchObject({ problems: [], unchecked: [] });
    expect(found.entries.map(({ text }) => JSON.parse(text).type)).toEqual([
      'PROPOSED',
      'MODIFIED',
      'DECIDED',
      'EXECUTING',
      'EXECUTED',
    ]);
    expect(found.payloads.map(({ text }) => JSON.parse(text).to.length)).toEqual([2, 1]);
    expect(JSON.parse(found.policy.text ?? '')).toEqual(team.document);
    expect((await check({ ...found, policy: { ...found.policy, text: '{}' } })).problems).toMatchObject([
      { entry: 5, message: 'the policy is not what entry 5 was made for' },
    ]);
    expect((await check({ ...found, facts: { recipients: 2 } })).problems).toMatchObject([{ entry: 2 }]);
  });
});

describe('evidence of a decision that a passkey has signed', () => {
  /** A passkey in software: it signs what WebAuthn says it signs, with a P-256 key. */
  function passkey(origin: string) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
    const bytes = (hex: string) => Buffer.from(hex, 'hex');
    const coordinate = (text: string) => Buffer.from(text, 'base64url');
    const cose = Buffer.concat([
      bytes('a5010203262001215820'),
      coordinate(x),
      bytes('225820'),
      coordinate(y),
    ]);
    return {
      publicKey: cose.toString('base64url'),
      sign(challenge: string) {
        const host = createHash('sha256').update(new URL(origin).hostname).digest();
        const authenticatorData = Buffer.concat([host, bytes('0500000001')]);
        const clientData = Buffer.from(JSON.stringify({ type: 'webauthn.get', challenge, origin }));
        const signed = Buffer.concat([authenticatorData, createHash('sha256').update(clientData).digest()]);
        const signature = createSign('sha256').update(signed).sign(privateKey).toString('base64url');
        const response = {
          ...{ authenticatorData: authenticatorData.toString('base64url'), signature },
          clientDataJSON: clientData.toString('base64url'),
        };
        return { id: 'a2V5', rawId: 'a2V5', type: 'public-key', response, clientExtensionResults: {} };
      },
    };
  }

  /** Evidence of a decision, signed by a passkey that was shown another one if `shown` says so. */
  async function signed(shown: Partial<{ id: string; verdict: 'decline'; payloadHash: string }> = {}) {
    const mine = newOrg();
    const { step, text } = question({ org: mine, risk: 'high', auths: ['passkey'] });
    const { next } = step;
    const origin = 'https://approve.acme.example';
    const key = passkey(origin);
    const { verdict = 'approve', ...other } = shown;
    const response = key.sign(challengeOf({ ...next, ...other }, { verdict, nonce: 'n' }));
    const assertion = canonical({ ...relyingParty(origin), nonce: 'n', publicKey: key.publicKey, response });
    await approvals.propose(step, text);
    await approvals.decide(mine, next.id, vote(next, { auth: 'passkey', assertion }), NOW);
    for (const one of await approvals.ledger(mine, next.id))
      await sequencer().consume(inserted(mine, next.id, one));
    await checkpointed(mine, making);
    return evidenceOf(mine, next.id, needs);
  }

  it('proves it with the passkey’s public key', async () => {
    const found = await signed();

    expect(found.assertions).toHaveLength(1);
    expect((await check(found)).problems).toEqual([]);
  });

  it.each([
    ['another request', { id: `act_${'0'.repeat(26)}` }],
    ['the other verdict', { verdict: 'decline' as const }],
    ['another payload', { payloadHash: hashOf('{}') }],
  ])('finds that the passkey was shown %s', async (_, shown) => {
    expect((await check(await signed(shown))).problems).toEqual([
      { entry: 2, message: 'entry 2 is not signed by its passkey' },
    ]);
  });

  it('finds a signature that is missing, or that no entry is about', async () => {
    const found = await signed();

    expect((await check({ ...found, assertions: [] })).problems).toMatchObject([{ entry: 2 }]);
    expect((await check({ ...found, assertions: [...found.assertions, '{}'] })).problems).toMatchObject([
      { entry: 1 },
    ]);
  });
});

describe('T50: what was tampered with is found, and the first bad entry is named', () => {
  const cases: [name: string, entry: number, spoil: (of: Evidence) => void, message: string][] = [
    [
      'an edited entry',
      2,
      (of) => Object.assign(entry(of, 2), { text: entry(of, 2).text.replace('approve', 'decline') }),
      'entry 2 was changed',
    ],
    [
      'an edited entry with a new hash',
      2,
      (of) => Object.assign(entry(of, 2), otherwise(entry(of, 2), { rule: 'other' })),
      'entry 2 is not in the tree',
    ],
    ['a deleted entry', 3, (of) => of.entries.splice(2, 1), 'entry 3 is missing'],
    [
      'a deleted entry, the others renumbered',
      3,
      (of) => {
        of.entries.splice(2, 1);
        for (const [at, one] of of.entries.entries())
          if (at >= 2) Object.assign(one, otherwise(one, { seq: at + 1 }));
        rewrite(of, 3, {});
      },
      'entry 3 is not in the tree',
    ],
    [
      'reordered entries',
      2,
      (of) => of.entries.splice(1, 2, entry(of, 3), entry(of, 2)),
      'entry 2 is missing or out of order',
    ],
    ['a tail cut off', 4, (of) => of.entries.splice(3), 'entry 4 is missing'],
    [
      'a tail cut off, and the head made to fit',
      3,
      (of) => {
        of.entries.splice(3);
        of.head = { ...of.head, seq: 3, hash: entry(of, 3).hash };
      },
      'entry 3 is not proven to be the last one',
    ],
    [
      'a tail replaced with a whole chain',
      4,
      (of) => rewrite(of, 4, { decision: 'decline' }),
      'entry 4 is not in the tree',
    ],
    [
      'a payload swapped',
      1,
      (of) => {
        of.payloads = [{ revision: 1, text: action.payload.replace('acme/tap-orders', 'acme/elsewhere') }];
      },
      'the payload of revision 1 is not what entry 1 was made for',
    ],
    ['a payload added', 1, (of) => void of.payloads.push({ revision: 2, text: '{}' }), 'no entry is about'],
    ['a payload left out', 1, (of) => void of.payloads.pop(), 'the payload of revision 1'],
    ['other facts', 1, (of) => Object.assign(of.facts, { recipients: 1 }), 'the facts'],
    [
      'another reason',
      4,
      (of) => {
        of.reason = 'because';
      },
      'the reason',
    ],
    [
      'another policy',
      5,
      (of) => {
        of.policy.hash = `sha256:${'a'.repeat(64)}`;
      },
      'the policy',
    ],
    [
      'a checkpoint whose text was changed',
      1,
      (of) => {
        of.checkpoints[1].text = of.checkpoints[1].text.replace(/"time":"20../, '"time":"2031');
      },
      'a signature that is not of its key',
    ],
    [
      'a signature of something else',
      1,
      (of) => {
        of.checkpoints[1].signature = of.checkpoints[0].signature;
      },
      'a signature that is not of its key',
    ],
    [
      'another action’s evidence under this id',
      1,
      (of) => {
        of.action_id = `act_${'0'.repeat(26)}`;
      },
      'entry 1 is of another action',
    ],
    [
      'another organization’s evidence',
      1,
      (of) => {
        of.org = 'other';
      },
      'another organization',
    ],
  ];

  it.each(cases)('%s', async (_, first, spoil, message) => {
    const spoilt = copy();
    spoil(spoilt);
    const { problems } = await check(Evidence.parse(spoilt));

    expect(problems[0]).toMatchObject({ entry: first });
    expect(
      problems
        .filter((one) => one.entry === first)
        .map((one) => one.message)
        .join('\n'),
    ).toContain(message);
  });

  it('a forged checkpoint, by whoever knows our key', async () => {
    const forged = copy();
    forged.checkpoints[1] = forgery({ time: '2020-01-01T00:00:00.000Z' }, forged.checkpoints[1]);
    const [first] = (await check(forged, [bundle.checkpoints[0].publicKey])).problems;

    expect(first).toEqual({
      entry: 1,
      message: expect.stringContaining('signed by a key that is not yours'),
    });
  });

  it('a fork, even one that we have signed ourselves', async () => {
    const forked = copy();
    const later = Checkpoint.parse(JSON.parse(forked.checkpoints[1].text));
    forked.checkpoints[1] = await making.signer.sign(canonical({ ...later, root: 'f'.repeat(64) }));
    const problems = (await check(forked, [bundle.checkpoints[0].publicKey])).problems;

    expect(problems).toEqual([{ entry: 1, message: expect.stringContaining('entry 1 is in a fork') }]);
  });

  it('an entry that only a fork has, named by the history that does not have it', async () => {
    const forked = copy();
    rewrite(forked, 3, { actor: { principal: ANNA, auth: 'session' } });

    expect((await check(forked)).problems[0]?.message).toContain('entry 3 is not in the tree');
  });

  it.each<[string, number, (of: Evidence) => void]>([
    [
      'an entry with half a character',
      2,
      (of) => Object.assign(entry(of, 2), { text: entry(of, 2).text.replace('approve', '\\ud800') }),
    ],
    ['an entry that is no JSON', 2, (of) => Object.assign(entry(of, 2), { text: '{' })],
    ['a checkpoint that is no JSON', 1, (of) => Object.assign(of.checkpoints[0], { text: '{' })],
    ['facts that can have no hash', 1, (of) => Object.assign(of.facts, { cost: 2 ** 60 })],
    [
      'a key of another kind',
      1,
      (of) => {
        const { publicKey } = generateKeyPairSync('ed25519');
        of.checkpoints[0].publicKey = String(publicKey.export({ format: 'pem', type: 'spki' }));
      },
    ],
    ['no key', 1, (of) => Object.assign(of.checkpoints[0], { publicKey: 'x' })],
    [
      'a signature of a passkey that is no JSON',
      3,
      (of) => {
        of.assertions = ['{'];
        rewrite(of, 3, { assertionHash: hashOf('{') });
      },
    ],
  ])('%s, in words and not with a crash', async (_, first, spoil) => {
    const spoilt = copy();
    spoil(spoilt);
    const { problems } = await check(Evidence.parse(spoilt));

    expect(problems[0]?.entry).toBe(first);
  });

  it('any other character anywhere', { timeout: 600_000 }, async () => {
    const paths = leaves(bundle);
    await fc.assert(
      fc.asyncProperty(fc.nat(paths.length - 1), fc.nat(), async (at, where) => {
        const spoilt = copy();
        alter(spoilt, paths[at] as string[], where);
        const read = Evidence.safeParse(spoilt);

        expect(read.success && (await check(read.data)).problems.length === 0, paths[at]?.join('.')).toBe(
          false,
        );
      }),
      { numRuns: process.env.SIGNALBOX_FULL ? 20_000 : 1_000 },
    );
  });
});

/** Paths to every string and number of a value. */
function leaves(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return value === null ? [] : [path];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]));
}

/** Changes one character of a string, or a number by one. */
function alter(value: Evidence, path: string[], where: number): void {
  const parent = path
    .slice(0, -1)
    .reduce((one, key) => one[key] as Record<string, unknown>, value as Record<string, unknown>);
  const key = path.at(-1) as string;
  const old = parent[key];
  if (typeof old === 'number') parent[key] = old + 1;
  if (typeof old !== 'string') return;
  const at = where % Math.max(1, old.length);
  parent[key] = `${old.slice(0, at)}${old[at] === 'b' ? 'c' : 'b'}${old.slice(at + 1)}`;
}

describe('GET /v1/actions/{id}/evidence', () => {
  const session: Principal = {
    via: 'session',
    org: '',
    id: ANNA,
    email: 'a@b.example',
    name: 'A',
    roles: ['viewer'],
  };
  const key: Principal = { via: 'key', org: '', id: ANNA, keyId: 'k', scopes: ['approvals:read'] };
  const ask = (principal: Principal, id = action.id) =>
    send(evidence({ ...needs, principalOf: async () => ({ ...principal, org: principal.org || org }) }), {
      path: `/v1/actions/${id}/evidence`,
      id,
    });

  it.each([
    ['a person', session],
    ['a key with the scope', key],
  ])('gives it to %s', async (_, principal) => {
    const answer = await ask(principal);

    expect(answer.statusCode).toBe(200);
    expect((await check(Evidence.parse(JSON.parse(answer.body)))).problems).toEqual([]);
  });

  it.each([
    ['a key without the scope', { ...key, scopes: ['issues:read' as const] }, undefined, 403],
    ['somebody of another organization', { ...session, org: 'other' }, undefined, 404],
    ['an id that is none', session, 'x', 404],
  ])('refuses %s', async (_, principal, id, status) => {
    expect((await ask(principal as Principal, id)).statusCode).toBe(status);
  });
});

describe('signalbox evidence verify', { timeout: 60_000 }, () => {
  /** Says at its end what a process has cost: a machine that does other things too makes it wait, but not work. */
  const COST = `data:text/javascript,process.on('exit', () => {
    const { user, system } = process.cpuUsage();
    process.stderr.write(String((user + system) / 1e6));
  });`;

  /** The command, on a machine without the product: where no address answers and no network is asked. */
  function run(of: unknown, ...options: string[]): Promise<{ code: number; out: string; seconds: number }> {
    const file = join(folder, 'evidence.json');
    writeFileSync(file, typeof of === 'string' ? of : JSON.stringify(of));
    return cli('evidence', 'verify', file, ...options);
  }

  function cli(...words: string[]): Promise<{ code: number; out: string; seconds: number }> {
    const args = ['--import', COST, 'bin/cli.ts', ...words];
    return new Promise((resolve) => {
      execFile(
        process.execPath,
        args,
        { env: { ...process.env, AWS_ENDPOINT_URL: '' } },
        (error, out, err) => {
          const [said = '', seconds] = err.split(/(\d+\.?\d*)$/);
          resolve({ code: Number(error?.code ?? 0), out: out + said, seconds: Number(seconds) });
        },
      );
    });
  }

  it('ends with 0 when everything holds, and works no longer than the command takes to start', async () => {
    const key = join(folder, 'key.pem');
    writeFileSync(key, bundle.checkpoints[0].publicKey);
    const { code, out, seconds } = await run(bundle, '--key', key, '--json');

    expect({ code, ...JSON.parse(out) }).toMatchObject({
      code: 0,
      ok: true,
      entries: 5,
      first_bad_entry: null,
    });
    const least = async (again: () => Promise<{ seconds: number }>) =>
      Math.min(...(await Promise.all([again(), again()])).map((one) => one.seconds));
    const started = await least(() => cli('--version'));
    expect(Math.min(seconds, await least(() => run(bundle)))).toBeLessThan(2 * started);
  });

  it('ends with 1 and names the first bad entry when something does not hold', async () => {
    const spoilt = copy();
    entry(spoilt, 3).text += ' ';
    const { code, out } = await run(spoilt, '--json');

    expect({ code, ...JSON.parse(out) }).toMatchObject({ code: 1, ok: false, first_bad_entry: 3 });
    expect((await run(spoilt)).out).toContain('Not to be believed: entry 3 was changed');
  });

  it('names the entry that cannot even be read', async () => {
    const { code, out } = await run(JSON.stringify(bundle).replace(entry(bundle, 4).hash, 'x'), '--json');

    expect({ code, ...JSON.parse(out) }).toMatchObject({ code: 1, ok: false, first_bad_entry: 4 });
  });

  it.each([
    ['no JSON', 'x', 'no evidence'],
    ['something else', '{}', 'no evidence'],
  ])('says what is wrong with a file that is %s', async (_, text, said) => {
    const { code, out } = await run(text);

    expect({ code, out }).toEqual({ code: 1, out: expect.stringContaining(said) });
  });
});
