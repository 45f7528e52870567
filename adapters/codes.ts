import { createHmac, timingSafeEqual } from 'node:crypto';
import { crockford } from '#core/approvals/approval.ts';
import { normalEmail } from '#core/people/person.ts';
import { signingKeys } from './signing-keys.ts';

const LENGTH = 8;

/** Codes for signing in: 40 bits that follow from a key, the address and the request, so that none is stored anywhere. */
export function signInCodes(secretText: string) {
  const keys = signingKeys(secretText);

  function codeFor(email: string, requestId: string): string {
    const key = keys.key(keys.current, 'sign-in-code/v1') ?? new Uint8Array();
    return crockford(
      createHmac('sha256', key)
        .update(`${normalEmail(email)}\n${requestId}`)
        .digest(),
      LENGTH,
    );
  }

  return {
    codeFor,
    /** Compares as people type: any case, with or without a dash, and with the letters that look like digits. */
    isRight(typed: string, email: string, requestId: string): boolean {
      const given = Buffer.from(asMeant(typed));
      const right = Buffer.from(codeFor(email, requestId));
      return given.length === right.length && timingSafeEqual(given, right);
    },
  };
}

export type SignInCodes = ReturnType<typeof signInCodes>;

function asMeant(typed: string): string {
  return typed.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1');
}
