import type { FactName, PiiLevel } from './facts.ts';
import type { FactProvider } from './measure.ts';
import { actionType } from './registry.ts';

/** How much personal data stands in the texts that people would read. */
export const piiProvider: FactProvider = {
  provides: ['pii'] satisfies FactName[],
  measure: async ({ type, payload }) => {
    const texts = actionType(type)?.prose?.(payload);
    return { pii: texts && piiIn(texts.join('\n')) };
  },
};

/**
 * Whether a text names people so that they can be reached or charged: by an address of mail, a telephone number, a
 * card's number or a bank account. It finds what was not meant to be there; it is no match for somebody who hides it.
 */
export function piiIn(text: string): PiiLevel {
  const plain = text.normalize('NFKC').replace(/\p{Cf}/gu, '');
  const unmasked = plain.replace(MASKED, ' ');
  if ([hasEmail, hasPhone, hasCard, hasIban].some((has) => has(unmasked))) return 'raw';
  return unmasked === plain ? 'none' : 'masked';
}

/** `a***@b.de`, `**** 1234`, `xxxx-xxxx-xxxx-1234`, `DE89 •••• 00`, `[redacted]`. Two stars alone are bold text. */
const MASKED = new RegExp(
  [
    String.raw`[\w.+%-]{0,64}[*•][\w.+%*•-]{0,64}@[\w*•-]{1,63}(?:\.[\w*•-]{1,63}){1,8}`,
    String.raw`(?:\+?\d{1,4}|\b[A-Z]{2}\d{2})?[ -]?(?:\*{3,}|•{2,})[ *•-]{0,40}\d{0,4}`,
    String.raw`\b(?:[xX]{4}[ -]?){2,4}\d{2,4}\b`,
    String.raw`\[(?:redacted|masked|removed)[^\]\n]{0,40}\]`,
  ].join('|'),
  'giu',
);

const EMAIL = /([\p{L}\p{N}_.+%-]{1,64})@((?:[\p{L}\p{N}-]{1,63}\.){1,8}\p{L}{2,24})/gu;
/** Names that nobody can have (RFC 2606), and the user of every git address. */
const NOBODY = /(?:^|\.)(?:example|test|invalid|localhost|example\.(?:com|org|net))$/i;

function hasEmail(text: string): boolean {
  return [...text.matchAll(EMAIL)].some(([, user = '', host = '']) => user !== 'git' && !NOBODY.test(host));
}

const PHONES = [
  /(?<![\w+])\+\d(?:[ ()./-]{0,2}\d){7,14}(?!\d)/,
  /(?<![\w.-])(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?![\w.-]*\d)/,
  /(?<![\w.-])\(?0\d{2,4}\)?[ /-]\d{3,}(?:[ -]\d{2,}){0,4}(?![\w.:-]*\d)/,
];

function hasPhone(text: string): boolean {
  return PHONES.some((phone) => phone.test(text));
}

/** First digits and lengths by which the large networks know their cards. */
const CARD =
  /^(?:4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]|2[2-7])\d{14}|3[47]\d{13}|3[0689]\d{12}|6\d{15}(?:\d{3})?)$/;

function hasCard(text: string): boolean {
  return [...text.matchAll(/(?<![\w.])\d(?:[ -]?\d){12,18}(?![\w.]*\d)/g)].some(([found]) => {
    const digits = found.replace(/\D/g, '');
    return CARD.test(digits) && isLuhn(digits);
  });
}

function isLuhn(digits: string): boolean {
  const sum = [...digits].reverse().reduce((total, digit, at) => {
    const value = Number(digit) * (at % 2 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

/** Countries with the length of their account numbers (ISO 13616). */
const IBAN_LENGTHS = new Map(
  `AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 FO18 FR27
  GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LI21 LT20 LU20 LV21 MC27 MD24
  ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SE24 SI19 SK24 SM27 TN24 TR26 UA29 VA22
  XK20`
    .split(/\s+/)
    .map((one) => [one.slice(0, 2), Number(one.slice(2))]),
);

function hasIban(text: string): boolean {
  return [...text.toUpperCase().matchAll(/(?<![A-Z0-9])([A-Z]{2})\d{2}(?=((?: ?[A-Z0-9]){11,30}))/g)].some(
    ([start, country = '', rest = '']) => {
      const length = IBAN_LENGTHS.get(country) ?? 0;
      const iban = `${start}${rest.replaceAll(' ', '')}`.slice(0, length);
      return length > 0 && iban.length === length && isMod97(iban);
    },
  );
}

function isMod97(iban: string): boolean {
  const digits = [...`${iban.slice(4)}${iban.slice(0, 4)}`].map((one) => Number.parseInt(one, 36)).join('');
  return BigInt(digits) % 97n === 1n;
}
