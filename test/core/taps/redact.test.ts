import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redactor, secretsOf } from '#core/taps/redact.ts';

describe('what of a config is secret', () => {
  it('is everything but dates, addresses and plain words', () => {
    const config = {
      start_date: '2026-01-01T00:00:00Z',
      api_url: 'https://api.example.com/v2',
      env: 'sandbox',
      page_size: 100,
      flag: true,
      pin: '1234',
      user: 'ada@example.com',
      oauth: { client_secret: 'abc', refresh_token: 'RT-2-long', list: ['another-secret-value'] },
      database: 'postgres://user:hunter22@db/x',
    };

    expect(secretsOf(config).sort()).toEqual(
      ['1234', 'ada@example.com', 'abc', 'RT-2-long', 'another-secret-value', config.database].sort(),
    );
  });
});

describe('redaction', () => {
  it('finds a known secret in every spelling', () => {
    const secret = 'p/w "quoted"+x';
    const clean = redactor([secret]);
    const spellings = [
      secret,
      JSON.stringify(secret),
      encodeURIComponent(secret),
      Buffer.from(secret).toString('base64'),
    ];

    for (const one of spellings) expect(clean(`a ${one} b`)).not.toContain(one.replaceAll('"', ''));
  });

  it.each([
    ['Latest refresh token: RT2abcdef', 'RT2abcdef'],
    ["{'client_secret': 'shhhhh1', 'a': 1}", 'shhhhh1'],
    ['Authorization: Bearer abcdefghij', 'abcdefghij'],
    ['got {"access_token":"tok_12345"}', 'tok_12345'],
    ['key AKIAABCDEFGHIJKLMNOP here', 'AKIAABCDEFGHIJKLMNOP'],
  ])('finds the shape of a secret nobody named: %s', (text, secret) => {
    expect(redactor([])(text)).not.toContain(secret);
  });

  it('leaves no known secret anywhere', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 8 }), fc.string(), fc.string(), (secret, before, after) => {
        fc.pre(!'[removed]'.includes(secret));
        expect(redactor([secret])(before + secret + after).includes(secret)).toBe(false);
      }),
    );
  });
});
