import { createHmac, timingSafeEqual } from 'node:crypto';
import { crockford } from '#core/approvals/approval.ts';
import { normalEmail } from '#core/people/person.ts';
import { type SigningKeys, signingKeys } from './signing-keys.ts';

const LENGTH = 8;

/** 40 bits that follow from a key and what they are for, so that no code is stored anywhere. */
export function shortCode(keys: SigningKeys, purpose: string, subject: string): string {
  const key = keys.key(keys.current, purpose) ?? new Uint8Array();
  return crockford(createHmac('sha256', key).update(subject).digest(), LENGTH);
}

/** Compares as people type: any case, with or without a dash, and with the letters that look like digits. */
export function isSameCode(typed: string, code: string): boolean {
  const given = Buffer.from(asMeant(typed));
  const right = Buffer.from(code);
  return given.length === right.length && timingSafeEqual(given, right);
}

/** Codes for signing in, each for one address and one request. */
export function signInCodes(secretText: string) {
  const keys = signingKeys(secretText);
  const codeFor = (email: string, requestId: string) =>
    shortCode(keys, 'sign-in-code/v1', `${normalEmail(email)}\n${requestId}`);
  return {
    codeFor,
    isRight: (typed: string, email: string, requestId: string) =>
      isSameCode(typed, codeFor(email, requestId)),
  };
}

export type SignInCodes = ReturnType<typeof signInCodes>;

function asMeant(typed: string): string {
  return typed.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1');
}
