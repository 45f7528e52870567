import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { approvals, ORG } from '../support/approvals.ts';
import { CHROMIUM, chromiumHere } from '../support/browser.ts';
import { raw } from '../support/raw.ts';
import { PRESSED } from './person.ts';
import { isUntouched, type Mailed, type Site, site } from './site.ts';
import { notices } from './stage.ts';

const isFull = Boolean(process.env.SIGNALBOX_FULL);
const REQUESTS = isFull ? 10_000 : 500;
const PRESSES = isFull ? 1_000 : 20;
const AT_ONCE = 25;

let here: Site;
beforeAll(async () => {
  here = await site();
});
afterAll(() => here.stop());

const AGENTS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/149.0 Safari/537.36',
  'Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0) SafeLinks',
  'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)',
  'Mozilla/5.0 (compatible; proofpoint-urldefense)',
  'BarracudaCentral/1.0',
  'facebookexternalhit/1.1',
  'curl/8.5.0',
];

/** What a person does with the mail: the link, the page, the code, the button. */
async function decidesByHand({ link, page, code }: Mailed): Promise<number> {
  const { cookies } = await raw(link);
  const shown = await raw(page, { headers: { cookie: cookies } });
  const form = /name="form" value="([^"]+)"/.exec(shown.body)?.[1] ?? '';
  const body = new URLSearchParams({ form, code, decision: 'approve' }).toString();
  const headers = { ...PRESSED, origin: here.url, cookie: cookies };
  return (await raw(`${page}/decision`, { method: 'POST', headers, body })).status;
}

describe('T04: what scanners fetch', () => {
  it(`decides nothing in ${REQUESTS} requests, and the link still works`, { timeout: 600_000 }, async () => {
    const given = await here.ask();
    const { cookies } = await raw(given.link);
    const urls = [
      given.link,
      given.page,
      `${given.page}/receipt`,
      `${given.page}/decision`,
      `${given.link}%20`,
    ];
    const statuses = new Set<number>();
    const one = async (at: number) => {
      const headers = {
        'user-agent': AGENTS[at % AGENTS.length] as string,
        ...(at % 3 && { cookie: cookies }),
        ...(at % 5 === 0 && { purpose: 'prefetch', 'sec-purpose': 'prefetch' }),
      };
      const method = ['GET', 'HEAD', 'OPTIONS', 'GET'][at % 4] as string;
      const url = urls[at % urls.length] as string;
      for (const _ of ['once', 'twice']) statuses.add((await raw(url, { method, headers })).status);
    };
    for (let at = 0; at < REQUESTS / 2; at += AT_ONCE) {
      await Promise.all(Array.from({ length: AT_ONCE }, (_, next) => one(at + next)));
    }

    expect([...statuses].sort()).toEqual([200, 303, 404]);
    expect(await isUntouched(given.approval)).toBe(true);
    expect(await decidesByHand(given)).toBe(303);
  });
});

describe.runIf(CHROMIUM)('T05: a browser that nobody sits at', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromiumHere();
  });
  afterAll(() => browser.close());

  /** Does something to the page of a link; answers the status of what came of it. */
  async function after(page: Page, { link }: Mailed, act: () => Promise<unknown>): Promise<number> {
    await page.goto(link);
    const [answer] = await Promise.all([page.waitForNavigation(), act()]);
    return answer?.status() ?? 0;
  }

  /** Submits every form and clicks every button, with nothing but what the page itself holds. */
  async function pressEverything(page: Page, given: Mailed): Promise<number[]> {
    const statuses: number[] = [];
    const forms = () => page.locator('form');
    const submit = (form: Element) => HTMLFormElement.prototype.submit.call(form);
    statuses.push(await after(page, given, () => forms().evaluate(submit)));
    for (const decision of ['approve', 'decline']) {
      const button = page.locator(`button[value=${decision}]`);
      statuses.push(await after(page, given, () => button.click()));
      statuses.push(
        await after(page, given, async () => {
          await page.locator('textarea').fill('looks fine');
          await button.evaluate((one) => (one as HTMLButtonElement).click());
        }),
      );
      statuses.push(
        await after(page, given, () =>
          forms().evaluate(
            (form, value) =>
              (form as HTMLFormElement).requestSubmit(form.querySelector(`button[value=${value}]`)),
            decision,
          ),
        ),
      );
    }
    return statuses;
  }

  it(`decides nothing with ${PRESSES} presses of everything that can be pressed, and the link still works`, {
    timeout: 900_000,
  }, async () => {
    const given = await here.ask();
    const page = await (await browser.newContext()).newPage();
    const statuses: number[] = [];
    while (statuses.length < PRESSES) statuses.push(...(await pressEverything(page, given)));
    await page.context().close();

    expect(new Set(statuses)).toEqual(new Set([400, 404]));
    expect(await isUntouched(given.approval)).toBe(true);
    expect(await decidesByHand(given)).toBe(303);
  });

  it('is refused at once when its script submits the form without a hand', async () => {
    const given = await here.ask();
    const context = await browser.newContext();
    await context.addInitScript(() =>
      addEventListener('DOMContentLoaded', () => {
        const code = document.querySelector<HTMLInputElement>('#code');
        if (code) code.value = '0000-0000';
        document
          .querySelector<HTMLFormElement>('form')
          ?.requestSubmit(document.querySelector<HTMLElement>('.go'));
      }),
    );
    const page = await context.newPage();
    const answered = page.waitForResponse((response) => response.request().method() === 'POST');
    await page.goto(given.link);

    expect((await answered).status()).toBe(403);
    expect(await page.textContent('body')).toContain('pressing a button');
    expect(await isUntouched(given.approval)).toBe(true);
    expect(await decidesByHand(given)).toBe(303);
    await context.close();
  });

  it('that guesses codes locks the link, and the person gets another', async () => {
    const given = await here.ask();
    const page = await (await browser.newContext()).newPage();
    const statuses: number[] = [];
    for (let guess = 0; guess < 6; guess += 1) {
      const type = async () => {
        await page.locator('#code').fill(`7K2Q-F4M${guess}`);
        await page.locator('button.go').click();
      };
      await page.goto(given.link);
      if (await page.locator('#code').count()) statuses.push(await after(page, given, type));
    }
    const { id, approvers } = given.approval;
    const notice = await notices.find(ORG, `approval_requested#${id}#1#${approvers[0]?.id}#1`);

    expect(statuses).toEqual(Array(5).fill(403));
    expect(await approvals.find(ORG, id)).toMatchObject({ status: 'PENDING', votes: [] });
    expect(notice?.notice.minted).toMatchObject({ round: 1 });
    expect(await decidesByHand(given)).toBe(404);
    expect(await decidesByHand(await here.remail(given, 1))).toBe(303);
    await page.context().close();
  });
});
