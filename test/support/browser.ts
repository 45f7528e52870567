import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import type { Team } from './team.ts';

/** The Chromium of this machine; none where the tests in a real browser are left out. */
export const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  (path) => existsSync(path),
);
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

if (!CHROMIUM) {
  const words =
    'No Chromium here: the tests in a real browser are left out (Debian: apt-get install chromium)';
  if (process.env.SIGNALBOX_BROWSER === 'required') throw new Error(words);
  process.stderr.write(`${words}\n`);
}

export const chromiumHere = (): Promise<Browser> =>
  chromium.launch({ executablePath: CHROMIUM as string, args: FLAGS });

/** A page in a browser of its own, with whatever the browser complains of. */
export interface Seen {
  page: Page;
  /** Without the one that belongs there: before signing in, the page asks who it is and is told nobody. */
  complaints(): string[];
  /** Keeps a picture where SIGNALBOX_SHOTS names a folder. */
  shot(name: string): Promise<void>;
  close(): Promise<void>;
}

/** Opens a page that nobody has signed in to. */
export async function opened(): Promise<Seen> {
  const browser = await chromiumHere();
  const page = await (await browser.newContext()).newPage();
  const said: string[] = [];
  page.on('pageerror', ({ message }) => said.push(message));
  page.on('console', (one) => one.type() === 'error' && said.push(one.text()));
  const folder = process.env.SIGNALBOX_SHOTS;
  return {
    page,
    complaints: () => said.filter((text) => !text.includes('401')),
    shot: async (name) => {
      if (folder) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
    },
    close: () => browser.close(),
  };
}

/** A page of the team's dashboard, once Anna has signed in there and it shows its heading. */
export async function annaSees(team: Team, path: string, heading: string): Promise<Seen> {
  const seen = await opened();
  const { page } = seen;
  await page.goto(`${team.url}${path}`);
  await page.getByLabel('E-mail address').fill('anna@acme.example');
  await page.getByRole('button', { name: 'Send me a code' }).click();
  await page.getByLabel('Code').fill(await team.codeOf('anna@acme.example'));
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: heading }).waitFor();
  return seen;
}
