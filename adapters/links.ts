import { createHash, createHmac } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, jwtVerify, SignJWT } from 'jose';
import * as z from 'zod';
import { APPROVAL_ID } from '#core/approvals/approval.ts';
import type { Clock } from '#core/ports.ts';
import { isSameCode, shortCode } from './codes.ts';
import { type SigningKeys, signingKeys } from './signing-keys.ts';

const ISSUER = 'signalbox';
/** No genuine token is longer; anything that is costs nothing but this comparison. */
const MAX_TOKEN = 2_048;

const Org = z.string().regex(/^[\w.-]{1,64}$/);
const Named = { aud: Org, aid: z.string().regex(APPROVAL_ID), jti: z.string().min(16), exp: z.int() };

const LinkClaims = z.object({
  ...Named,
  sub: z.string(),
  rev: z.int().positive(),
  ph: z.string(),
  ch: z.literal('email'),
});
const ViewClaims = z.object({ ...Named, sub: z.string(), lnk: z.string() });
const FormClaims = z.object({
  ...Named,
  iat: z.int(),
  sub: z.string(),
  rev: z.int().positive(),
  ph: z.string(),
  lnk: z.optional(z.string()),
});

/** What a link in a mail says: who may look at which question, until when. */
export interface LinkToken {
  org: string;
  approvalId: string;
  approver: string;
  revision: number;
  payloadHash: string;
  /** 0 for the first link of a request; the next one replaces a link that was locked. */
  round: number;
  issuedAt: string;
  expiresAt: string;
}

/** What a browser holds after following a link, or after deciding: the right to see one page for a while. */
export interface View {
  org: string;
  approvalId: string;
  approver: string;
  /** SHA-256 of the link's id. */
  linkHash: string;
}

/** What the form on one page says: good for one decision on one revision, by the person that it was made for. */
export interface Form {
  org: string;
  approvalId: string;
  /** Who looked: the link's approver, or whoever was signed in. */
  by: string;
  /** Of the link that the page was opened by, if it was. */
  linkHash?: string | undefined;
  /** SHA-256 of the form's id. */
  formHash: string;
  revision: number;
  payloadHash: string;
  /** When its page was made, to the second. */
  shownAt: string;
}

export const VIEW_SECONDS = 15 * 60;

/** Signs and reads the three tokens around an approval page. Each has its own type and key, so none passes for another. */
export function approvalTokens(secretText: string, clock: Clock) {
  const keys = signingKeys(secretText);
  const read = reader(keys, clock);
  const now = () => Math.floor(clock.now().getTime() / 1000);

  return {
    /** The same link gives the same token: a mail that is sent twice holds one link. */
    async link(link: LinkToken) {
      const jti = linkId(keys, link);
      const claims = { aid: link.approvalId, rev: link.revision, ph: link.payloadHash, ch: 'email' };
      const token = await sign(
        keys,
        'link',
        { ...claims, jti, sub: link.approver, aud: link.org },
        {
          iat: Math.floor(Date.parse(link.issuedAt) / 1000),
          exp: Math.floor(Date.parse(link.expiresAt) / 1000),
        },
      );
      return { token, hash: sha256(jti) };
    },

    async readLink(token: string): Promise<View | undefined> {
      const claims = await read('link', LinkClaims, token);
      return (
        claims && {
          org: claims.aud,
          approvalId: claims.aid,
          approver: claims.sub,
          linkHash: sha256(claims.jti),
        }
      );
    },

    view({ org, approvalId, approver, linkHash }: View, nonce: string): Promise<string> {
      const claims = { aid: approvalId, sub: approver, lnk: linkHash, jti: nonce, aud: org };
      return sign(keys, 'view', claims, { iat: now(), exp: now() + VIEW_SECONDS });
    },

    async readView(token: string): Promise<View | undefined> {
      const claims = await read('view', ViewClaims, token);
      return (
        claims && { org: claims.aud, approvalId: claims.aid, approver: claims.sub, linkHash: claims.lnk }
      );
    },

    form(form: Omit<Form, 'formHash' | 'shownAt'>, nonce: string): Promise<string> {
      const { org, approvalId, by, revision, payloadHash, linkHash } = form;
      const named = { aid: approvalId, rev: revision, ph: payloadHash, jti: nonce, aud: org };
      const claims = { ...named, sub: by, ...(linkHash && { lnk: linkHash }) };
      return sign(keys, 'form', claims, { iat: now(), exp: now() + VIEW_SECONDS });
    },

    async readForm(token: string): Promise<Form | undefined> {
      const claims = await read('form', FormClaims, token);
      if (!claims) return undefined;
      const { aud, aid, sub, rev, ph, lnk, jti, iat } = claims;
      return {
        org: aud,
        approvalId: aid,
        by: sub,
        revision: rev,
        payloadHash: ph,
        linkHash: lnk,
        formHash: sha256(jti),
        shownAt: new Date(iat * 1000).toISOString(),
      };
    },
  };
}

/** Codes that go into the body of a link's mail and nowhere else: whoever has only the URL, as scanners do, cannot decide. */
export function approvalCodes(secretText: string) {
  const keys = signingKeys(secretText);
  const codeFor = (org: string, linkHash: string) => shortCode(keys, `approval-code/v1/${org}`, linkHash);
  return {
    codeFor,
    isRight: (typed: string, org: string, linkHash: string) => isSameCode(typed, codeFor(org, linkHash)),
  };
}

export type ApprovalCodes = ReturnType<typeof approvalCodes>;

export type ApprovalTokens = ReturnType<typeof approvalTokens>;

type Kind = 'link' | 'view' | 'form';

const purpose = (kind: Kind, org: string) => `approval-${kind}/v1/${org}`;
const type = (kind: Kind) => `approval-${kind}+jwt`;

/** 128 bits that only the key's holder can compute, so that nothing secret has to be stored until the mail is sent. */
function linkId(keys: SigningKeys, { org, approvalId, revision, approver, round }: LinkToken): string {
  const key = keys.key(keys.current, `approval-link-id/v1/${org}`) ?? new Uint8Array();
  const bytes = createHmac('sha256', key)
    .update(`${approvalId}\n${revision}\n${approver}\n${round}`)
    .digest();
  return bytes.subarray(0, 16).toString('base64url');
}

function sign(
  keys: SigningKeys,
  kind: Kind,
  claims: Record<string, unknown> & { aud: string },
  { iat, exp }: { iat: number; exp: number },
): Promise<string> {
  const key = keys.key(keys.current, purpose(kind, claims.aud)) ?? new Uint8Array();
  return new SignJWT({ iss: ISSUER, ...claims, iat, exp })
    .setProtectedHeader({ alg: 'HS256', typ: type(kind), kid: keys.current })
    .sign(key);
}

/** Whatever is wrong with a token, the answer is nothing: no caller can tell forged from expired from foreign. */
function reader(keys: SigningKeys, clock: Clock) {
  return async <T>(kind: Kind, claims: z.ZodType<T>, token: string): Promise<T | undefined> => {
    if (token.length > MAX_TOKEN) return undefined;
    try {
      const org = Org.parse(decodeJwt(token).aud);
      const key = keys.key(String(decodeProtectedHeader(token).kid), purpose(kind, org));
      if (!key) return undefined;
      const options = { algorithms: ['HS256'], typ: type(kind), issuer: ISSUER, audience: org };
      const { payload } = await jwtVerify(token, key, { ...options, currentDate: clock.now() });
      return claims.parse(payload);
    } catch {
      return undefined;
    }
  };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
