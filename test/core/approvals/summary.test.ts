import { describe, expect, it } from 'vitest';
import { summarise } from '#core/approvals/summary.ts';

describe('a summary', () => {
  const mail = {
    to: ['all@company.example'],
    cc: [],
    bcc: [],
    subject: 'send to Bob',
    body: 'b'.repeat(301),
  };

  it('T29: names whom a mail goes to, whatever it says of itself', () => {
    const { headline, facts, claim } = summarise('email.send', JSON.stringify(mail));

    expect(headline).toBe('Send a mail to all@company.example: send to Bob');
    expect(facts).toEqual([
      { name: 'to', value: 'all@company.example' },
      { name: 'subject', value: 'send to Bob' },
    ]);
    expect(claim).toBe('');
  });

  it('T29: has no words for a kind that nobody knows', () => {
    const { headline, facts } = summarise('crm.delete', '{"summary":"harmless"}');

    expect(headline).toBe('crm.delete (cannot be summarised: read the exact request)');
    expect(facts).toEqual([]);
  });

  it('writes out what would deceive the eye', () => {
    const { headline, facts } = summarise('email.send', JSON.stringify({ ...mail, subject: 'a\u202eb\nc' }));

    expect(headline).toContain('a⟦U+202E⟧b c');
    expect(facts).toContainEqual({ name: 'subject', value: 'a⟦U+202E⟧b c' });
  });
});
