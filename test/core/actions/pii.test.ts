import { describe, expect, it } from 'vitest';
import { piiIn, piiProvider } from '#core/actions/pii.ts';

describe('personal data', () => {
  it.each([
    ['an address', 'write to Anna.Weber+x@firma.de today'],
    ['an address of another alphabet', 'пишите на анна@почта.рф'],
    ['an address in wide letters', 'ａｎｎａ＠ｆｉｒｍａ．ｄｅ'],
    ['an address with characters that do not show', 'anna@\u200bfirma.de'],
    ['an international number', 'call +49 (0)30 901820-44'],
    ['an international number without spaces', 'call +4930901820'],
    ['a North American number', 'call (415) 555-2671 now'],
    ['the same with dashes', '415-555-2671'],
    ['a national number', 'Tel. 030 901820'],
    ['a card of one network', '4111 1111 1111 1111'],
    ['of another, in one piece', 'card=5555555555554444;'],
    ['of a third', '3782-822463-10005'],
    ['an account', 'IBAN DE89 3704 0044 0532 0130 00 at the bank'],
    ['an account in small letters', 'gb82west12345698765432'],
    ['a masked address beside a whole one', 'a***@firma.de and anna@firma.de'],
  ])('is raw: %s', (_, text) => {
    expect(piiIn(text)).toBe('raw');
  });

  it.each([
    ['an address', 'a***@firma.de'],
    ['an address with an end', 'a****r@firma.de'],
    ['a card', '**** **** **** 1111'],
    ['a card in letters', 'XXXX-XXXX-XXXX-1111'],
    ['a card in dots', '•••• 1111'],
    ['a number', '+49 *** *** 44'],
    ['an account', 'DE89 **** **** 00'],
    ['what was left out', 'mail [redacted: e-mail] about it'],
  ])('is masked: %s', (_, text) => {
    expect(piiIn(text)).toBe('masked');
  });

  it.each([
    ['nothing', ''],
    ['words', 'The export fails since Monday.'],
    ['a moment', '2026-11-21T07:15:07.123Z'],
    ['a range of days', '2026-11-20 - 2026-11-21'],
    ['a version', 'pkg@1.20.3 and yaml 2.9.1'],
    ['a git address', 'git@github.com:acme/tap.git'],
    ['a reserved name', 'anna@acme.example, ben@example.com'],
    ['an address of the network', '10.0.0.1:8080 and 255.255.255.255'],
    ['a number that is no card', '4111 1111 1111 1112'],
    ['milliseconds', '1763708107123'],
    ['an account with a slip', 'DE89370400440532013001'],
    ['a hash', 'sha256:5caaaf44a6d561574ad90841ad649358c9e8400145a661fa7fd56766a89b9013'],
    ['a hunk', '@@ -100,7 +100,9 @@ def sync():'],
    ['bold text', '**2024** was __good__'],
    ['an id', 'act_0123456789ABCDEFGHJKMNPQRS'],
    ['sums', 'from 1,234.56 to 0.001 in 000 steps'],
  ])('is not seen in %s', (_, text) => {
    expect(piiIn(text)).toBe('none');
  });
});

it('is looked for in the texts of an action, not in whom it goes to', async () => {
  const payload = { to: ['anna@firma.de'], subject: 'Hello', body: 'The export is back.' };
  const pii = (body: string) =>
    piiProvider.measure({ org: 'acme', type: 'email.send', payload: { ...payload, body } });

  expect(await pii('The export is back.')).toEqual({ pii: 'none' });
  expect(await pii('Ask ben@firma.de.')).toEqual({ pii: 'raw' });
});
