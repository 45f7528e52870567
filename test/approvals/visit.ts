import type { BrowserContext, Page } from 'playwright-core';
import type { PlanPayload } from '#core/approvals/plan.ts';
import { payload } from '../support/approvals.ts';
import { type RawAnswer, raw } from '../support/raw.ts';
import { PRESSED } from './person.ts';
import type { Mailed, Site } from './site.ts';

/** A payload with this text wherever there is text. */
export function everywhere(text: string): Partial<PlanPayload> {
  const { ticket, diagnosis } = payload();
  return {
    ticket: { ...ticket, externalId: text, reporter: text, title: text, body: text, url: text },
    repository: { fullName: text, base: text },
    diagnosis: {
      ...diagnosis,
      ...{ summary: text, plan: [text], files: [text], evidence: [{ id: text, what: text, excerpt: text }] },
    },
  };
}

/** Opens a link in a browser; answers the page with what it complained of, and what it asked our server for. */
export async function opened({ seen }: Site, { link }: Mailed, within: BrowserContext) {
  const page = await within.newPage();
  const complaints: string[] = [];
  page.on('console', (said) => complaints.push(said.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', (dialog) => complaints.push(dialog.message()));
  const before = seen.length;
  await page.goto(link);
  return { page, complaints, asked: () => seen.slice(before) };
}

/** Every element with the names of its attributes, in order: what text may not change. */
export function shape(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('*')].map((one) => `${one.tagName} ${one.getAttributeNames().join(' ')}`),
  );
}

/** A page as it stands open somewhere. */
export interface Open {
  cookie: string;
  /** The token in its form; empty where it has none. */
  form: string;
  body: string;
}

/** Follows a link without a browser. */
export async function open({ link, page }: Mailed): Promise<Open> {
  const { cookies: cookie } = await raw(link);
  const { body } = await raw(page, { headers: { cookie } });
  return { cookie, form: formIn(body), body };
}

export interface Press extends Pick<Open, 'cookie' | 'form'> {
  /** What is typed and pressed, where it is not the code and Approve. */
  fields?: Record<string, string>;
  /** What a browser would not send; undefined where it is left out. */
  headers?: Record<string, string | undefined>;
}

/** Presses a button of an open page as a person's browser sends it. */
export function press(
  { url }: Site,
  { page, code }: Pick<Mailed, 'page' | 'code'>,
  { cookie, form, fields, headers }: Press,
): Promise<RawAnswer> {
  const body = new URLSearchParams({ form, code, decision: 'approve', ...fields }).toString();
  const all = { ...PRESSED, origin: url, cookie, ...headers };
  const sent = Object.entries(all).filter((one): one is [string, string] => one[1] !== undefined);
  return raw(`${page}/decision`, { method: 'POST', headers: Object.fromEntries(sent), body });
}

export const formIn = (html: string) => /name="form" value="([^"]+)"/.exec(html)?.[1] ?? '';
