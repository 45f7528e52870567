import { VIEW_SECONDS } from '#adapters/links.ts';

/** Follows a link from the mail to the page and its form. No sign-in comes of it. */
export const LINK_COOKIE = '__Host-hl';
/** Lets whoever decided see the receipt after the link's cookie is gone. */
export const RECEIPT_COOKIE = '__Host-hr';

const ATTRIBUTES = 'Path=/; Secure; HttpOnly; SameSite=Lax';

/** `Lax`: the click comes from a mail program's page, and a strict cookie would miss on the page it leads to. */
export function linkCookie(value: string): string {
  return `${LINK_COOKIE}=${value}; ${ATTRIBUTES}; Max-Age=${VIEW_SECONDS}`;
}

export function receiptCookie(value: string): string {
  return `${RECEIPT_COOKIE}=${value}; ${ATTRIBUTES}; Max-Age=${VIEW_SECONDS}`;
}

export const NO_LINK_COOKIE = `${LINK_COOKIE}=; ${ATTRIBUTES}; Max-Age=0`;
