import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { approvalTokens } from '#adapters/links.ts';
import { approvalId } from '#core/approvals/approval.ts';
import { handClock, NOW, SECRET } from '../support/approvals.ts';

const clock = handClock();
const tokens = approvalTokens(SECRET, clock);
const link = {
  org: 'acme',
  approvalId: approvalId('acme', 'run_1', 'plan'),
  approver: 'p_anna',
  revision: 1,
  round: 0,
  payloadHash: 'sha256:00',
  issuedAt: NOW.toISOString(),
  expiresAt: new Date(NOW.getTime() + 3_600_000).toISOString(),
};
const { token } = await tokens.link(link);

describe('a link', () => {
  it('says whose it is, and is the same when it is sent again', async () => {
    expect(await tokens.readLink(token)).toMatchObject({ org: 'acme', approver: 'p_anna' });
    expect((await tokens.link(link)).token).toBe(token);
  });

  it('T01: accepts no change of any character', async () => {
    const flips = [...token].map((character, at) => {
      const other = character === 'A' ? 'B' : 'A';
      return token.slice(0, at) + other + token.slice(at + 1);
    });
    const read = await Promise.all(flips.map(tokens.readLink));

    expect(read.filter((one) => one !== undefined)).toEqual([]);
  });

  it.each([
    [-1000, true],
    [0, false],
    [1000, false],
  ])('%i ms from its end is good: %s', async (offset, isGood) => {
    clock.set(new Date(Date.parse(link.expiresAt) + offset));

    expect((await tokens.readLink(token)) !== undefined).toBe(isGood);
    clock.set(NOW);
  });

  it('is not good as a view or as a form, nor they as a link', async () => {
    const view = { org: 'acme', approvalId: link.approvalId, approver: 'p_anna', linkHash: 'aa' };
    const viewToken = await tokens.view(view, 'a nonce of enough length');
    const form = await tokens.form({ ...link, by: 'p_anna', linkHash: 'aa' }, 'a nonce of enough length');

    expect(await tokens.readView(viewToken)).toEqual(view);
    expect(await tokens.readForm(form)).toMatchObject({
      linkHash: 'aa',
      revision: 1,
      shownAt: NOW.toISOString(),
    });
    expect(await tokens.readView(token)).toBeUndefined();
    expect(await tokens.readForm(viewToken)).toBeUndefined();
    expect(await tokens.readLink(form)).toBeUndefined();
  });

  it.each([
    ['no signature', { alg: 'none' }],
    ['another algorithm', { alg: 'HS512', kid: '1', typ: 'approval-link+jwt' }],
    ['no key id', { alg: 'HS256', typ: 'approval-link+jwt' }],
    ['an unknown key id', { alg: 'HS256', kid: 'other', typ: 'approval-link+jwt' }],
    ['another type', { alg: 'HS256', kid: '1', typ: 'JWT' }],
  ])('T01: refuses %s', async (_, header) => {
    const [, claims, signature] = token.split('.');
    const head = Buffer.from(JSON.stringify(header)).toString('base64url');

    expect(await tokens.readLink(`${head}.${claims}.${signature}`)).toBeUndefined();
    expect(await tokens.readLink(`${head}.${claims}.`)).toBeUndefined();
  });

  it('refuses a token signed with the secret itself, another organization in a good token, and a huge one', async () => {
    const own = await new SignJWT({ aid: link.approvalId, rev: 1, ph: 'x', ch: 'email' })
      .setProtectedHeader({ alg: 'HS256', kid: '1', typ: 'approval-link+jwt' })
      .setIssuer('signalbox')
      .setAudience('acme')
      .setSubject('p_anna')
      .setJti('0123456789abcdef')
      .setExpirationTime('1h')
      .sign(new TextEncoder().encode(SECRET));
    const other = await approvalTokens(SECRET, clock).link({ ...link, org: 'other' });
    const [head, , signature] = token.split('.');

    expect(await tokens.readLink(own)).toBeUndefined();
    expect(await tokens.readLink(`${head}.${other.token.split('.')[1]}.${signature}`)).toBeUndefined();
    expect(await tokens.readLink('a'.repeat(10_000))).toBeUndefined();
  });

  it('goes on working while its key is being replaced, and no longer', async () => {
    const old = { kid: '1', secret: SECRET };
    const fresh = { kid: '2', secret: `${SECRET}, another` };
    const both = approvalTokens(JSON.stringify({ keys: [fresh, old] }), clock);
    const after = approvalTokens(JSON.stringify({ keys: [fresh] }), clock);

    expect(await both.readLink(token)).toBeDefined();
    expect(await after.readLink(token)).toBeUndefined();
    expect(await after.readLink((await both.link(link)).token)).toBeDefined();
  });
});
