import { describe, expect, it } from 'vitest';
import { isSignedBy, signatureFor, signatureOf } from '#adapters/slack/signature.ts';

/** The example of Slack's own documentation. */
const KEY = '8f742231b10e8888abcd99yyyzzz85a5';
const TIMESTAMP = '1531420618';
const NOW = new Date(Number(TIMESTAMP) * 1000);
const RAW = Buffer.from(
  'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
);
const SIGNATURE = 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503';

const headers = (timestamp = TIMESTAMP, signature = SIGNATURE) => ({
  'x-slack-request-timestamp': timestamp,
  'x-slack-signature': signature,
});

describe('a signature of Slack', () => {
  it('is the documented one', () => {
    const signature = signatureOf(headers(), NOW);

    expect(signatureFor(KEY, RAW, TIMESTAMP)).toBe(SIGNATURE);
    expect(signature && isSignedBy(KEY, RAW, signature)).toBe(true);
  });

  it('is never one by an empty key', () => {
    const signature = signatureOf(headers(TIMESTAMP, signatureFor('', RAW, TIMESTAMP)), NOW);

    expect(signature && isSignedBy('', RAW, signature)).toBe(false);
  });

  it.each(['', ' 1531420618', '1531420618.0', '+1531420618', '0x5b47a88a', '1531420618,1531420618', 'NaN'])(
    'has a time in plain digits, not %j',
    (timestamp) => {
      expect(signatureOf(headers(timestamp), NOW)).toBeUndefined();
    },
  );
});
