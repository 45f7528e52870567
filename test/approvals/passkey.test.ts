import type { Browser, BrowserContext, CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamoNotices } from '#adapters/dynamodb/notices.ts';
import { dynamoPasskeys } from '#adapters/dynamodb/passkeys.ts';
import type { Question } from '#core/approvals/question.ts';
import { hashOf } from '#core/canonical.ts';
import { ANNA, approvals, BEN, ORG, payload } from '../support/approvals.ts';
import { CHROMIUM, chromiumHere } from '../support/browser.ts';
import { isUntouched, type Mailed, type Site, site } from './site.ts';

let here: Site;
beforeAll(async () => {
  here = await site();
});
afterAll(() => here.stop());

const passkeys = dynamoPasskeys('People');
const HIGH: Partial<Question> = { risk: 'high', auths: ['passkey'] };

/** A browser of one person's own, with a fingerprint reader that Chromium pretends to have. */
interface Device {
  context: BrowserContext;
  page: Page;
  authenticator: string;
  cdp: CDPSession;
}

async function device(browser: Browser): Promise<Device> {
  const context = await browser.newContext();
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const options = { protocol: 'ctap2', transport: 'internal', hasResidentKey: true } as const;
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      ...options,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return { context, page, cdp, authenticator: authenticatorId };
}

describe.runIf(CHROMIUM)('a request of high risk', { timeout: 120_000 }, () => {
  let browser: Browser;
  let anna: Device;
  beforeAll(async () => {
    browser = await chromiumHere();
    anna = await device(browser);
    await signIn(anna, 'anna@acme.example');
    await addPasskey(anna);
  });
  afterAll(() => browser.close());

  async function signIn({ context }: Device, email: string) {
    await context.addCookies([
      { ...(await here.session(email)), url: here.url.replace('http:', 'https:'), secure: true },
    ]);
  }

  async function addPasskey({ page }: Device) {
    await page.goto(`${here.url}/auth/passkeys`);
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.waitForFunction(
      () => !document.querySelector('form') || document.querySelector('output')?.textContent,
    );
    return page.locator('main').textContent();
  }

  /** From the page with the request to the one that asks for the passkey. */
  async function stepUp({ page }: Device, given: Mailed) {
    await page.goto(given.link);
    await page.getByRole('link', { name: 'Go on with your passkey' }).click();
  }

  const stored = async ({ approval }: Mailed) => approvals.find(ORG, approval.id);

  it('is approved by a passkey that signed exactly it, and the proof is kept with the vote and committed to in the ledger', async () => {
    const given = await here.ask({}, HIGH);
    await stepUp(anna, given);
    await anna.page.getByRole('button', { name: 'Approve exactly this' }).click();
    await anna.page.waitForURL(/receipt/);
    const last = JSON.parse((await approvals.ledger(ORG, given.approval.id)).at(-1)?.text ?? '{}');

    expect(await stored(given)).toMatchObject({
      status: 'APPROVED',
      decision: { by: ANNA, auth: 'passkey' },
    });
    expect(last).toMatchObject({ type: 'DECIDED', actor: { auth: 'passkey' } });
    expect(last.assertionHash).toMatch(/^sha256:/);
  });

  it('is declined by it too, with a reason', async () => {
    const given = await here.ask({}, HIGH);
    await stepUp(anna, given);
    await anna.page.getByRole('button', { name: 'Decline' }).click();
    expect(await anna.page.locator('output').textContent()).toContain('say why');
    await anna.page.getByLabel(/Reason/).fill('Too dear');
    await anna.page.getByRole('button', { name: 'Decline' }).click();
    await anna.page.waitForURL(/receipt/);

    expect(await stored(given)).toMatchObject({
      status: 'DECLINED',
      decision: { reason: 'Too dear', auth: 'passkey' },
    });
  });

  it('is not decided by the code of the mail, by a session, or by pressing without the passkey', async () => {
    const given = await here.ask({}, HIGH);
    const fields = (form: string) => ({ form, decision: 'approve', code: given.code });
    await anna.page.goto(given.link);
    expect(await anna.page.locator('form').count()).toBe(0);
    await anna.page.goto(`${given.page}/step-up`);
    const form = await anna.page.locator('input[name=form]').inputValue();
    const tries: Record<string, string>[] = [
      {},
      { assertion: '' },
      { assertion: '{}' },
      { assertion: '{"id":"x","rawId":"x","type":"public-key","response":{}}' },
    ];
    for (const more of tries) {
      const answer = await anna.context.request.post(`${given.page}/decision`, {
        form: { ...fields(form), ...more },
        headers: {
          origin: here.url,
          'sec-fetch-site': 'same-origin',
          'sec-fetch-mode': 'navigate',
          'sec-fetch-dest': 'document',
          'sec-fetch-user': '?1',
        },
      });
      expect(answer.status()).toBe(403);
    }

    expect(await stored(given)).toMatchObject({ status: 'PENDING', votes: [] });
  });

  it('takes no signature that was made for another request, or for the other verdict', async () => {
    const [one, other] = [await here.ask({}, HIGH), await here.ask({}, HIGH)];
    await stepUp(anna, one);
    const swap = async (value: string) => {
      await anna.page.evaluate((decision) => {
        const form = document.querySelector('form') as HTMLFormElement;
        const sent = form.submit.bind(form);
        form.submit = () => {
          (form.elements.namedItem('decision') as HTMLInputElement).value = decision;
          sent();
        };
      }, value);
    };
    await swap('decline');
    await anna.page.getByLabel(/Reason/).fill('no');
    await anna.page.getByRole('button', { name: 'Approve exactly this' }).click();
    await anna.page.getByText('Not decided').first().waitFor();
    await stepUp(anna, other);
    await anna.page.evaluate((id) => {
      const form = document.querySelector('form') as HTMLFormElement;
      form.action = `/a/${id}/decision`;
    }, one.approval.id);
    await anna.page.getByRole('button', { name: 'Approve exactly this' }).click();
    await anna.page.getByText('Not decided').first().waitFor();

    expect(await stored(one)).toMatchObject({ status: 'PENDING', votes: [] });
    expect(await isUntouched(other.approval)).toBe(true);
  });

  it('tells somebody without a passkey what to do, and takes nobody else’s', async () => {
    const given = await here.ask({}, HIGH);
    const ben = await device(browser);
    await signIn(ben, 'ben@acme.example');
    await ben.page.goto(`${given.page}/step-up`);
    expect(await ben.page.locator('main').textContent()).toContain('You have no passkey yet');

    const { credentials } = await anna.cdp.send('WebAuthn.getCredentials', {
      authenticatorId: anna.authenticator,
    });
    await addPasskey(ben);
    await ben.cdp.send('WebAuthn.clearCredentials', { authenticatorId: ben.authenticator });
    for (const credential of credentials)
      await ben.cdp.send('WebAuthn.addCredential', { authenticatorId: ben.authenticator, credential });
    await ben.page.goto(`${given.page}/step-up`);
    await ben.page.getByRole('button', { name: 'Approve exactly this' }).click();
    await ben.page.getByText('was not used').waitFor();

    expect(await isUntouched(given.approval)).toBe(true);
    await ben.context.close();
  });

  it('shows no word of an agent beside its script, and runs no other script', async () => {
    const given = await here.ask(
      { ticket: { ...payload().ticket, title: 'EVIL-WORDS <script>1</script>' } },
      HIGH,
    );
    await stepUp(anna, given);
    const answer = await anna.page.goto(anna.page.url());
    const policy = answer?.headers()['content-security-policy'] ?? '';

    expect(await anna.page.content()).not.toContain('EVIL-WORDS');
    expect(policy).toMatch(/script-src 'sha256-[^']+'$/);
    expect(policy).not.toMatch(/unsafe|\*/);
    expect(await anna.page.evaluate(() => document.scripts.length)).toBe(1);
  });

  it('needs a passkey that is there to add another, and says by mail that one was added', async () => {
    const known = await passkeys.of(ORG, ANNA);
    const thief = await device(browser);
    await signIn(thief, 'anna@acme.example');
    const refused = await addPasskey(thief);
    const name = known[0]?.id ?? '';
    const notice = await dynamoNotices('Notices').find(ORG, `passkey_added#${ANNA}#${sha(name)}`);

    expect(refused).toContain('was not used');
    expect(await passkeys.of(ORG, ANNA)).toHaveLength(known.length);
    expect(notice?.notice.to).toEqual(['anna@acme.example']);
    expect(await passkeys.of(ORG, BEN)).toHaveLength(1);
    await thief.context.close();
  });

  it('refuses a passkey whose counter has not gone on: somebody has copied it', async () => {
    const [passkey] = await passkeys.of(ORG, ANNA);
    if (!passkey) throw new Error('Anna has none');
    expect(await passkeys.used(passkey, passkey.counter + 5, passkey.createdAt)).toBe(true);
    expect(await passkeys.used(passkey, passkey.counter + 5, passkey.createdAt)).toBe(false);
    expect(await passkeys.used(passkey, passkey.counter + 4, passkey.createdAt)).toBe(false);
  });

  it('is worth nothing once it was removed, and does not come back', async () => {
    const [passkey] = await passkeys.of(ORG, BEN);
    if (!passkey) throw new Error('Ben has none');
    await passkeys.remove(passkey, passkey.createdAt);

    expect(await passkeys.of(ORG, BEN)).toEqual([]);
    expect(await passkeys.used(passkey, passkey.counter + 9, passkey.createdAt)).toBe(false);
    await expect(passkeys.add(passkey)).rejects.toMatchObject({ code: 'Conflict' });
  });
});

const sha = (text: string) => hashOf(text).slice('sha256:'.length, 'sha256:'.length + 16);
