import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

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
