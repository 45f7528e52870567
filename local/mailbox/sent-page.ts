import type { Sent } from '../vendors/kept.ts';
import { html, type Markup, page, timeOf } from './page.ts';

/** What was said elsewhere than by mail, newest first, each with what it said before. */
export function sentPage(sent: Sent[], now: number): string {
  const body = html`<h1>Said elsewhere</h1>
<p class="quiet">Comments, messages and callbacks of this machine. None of them left. <a href="/">Mailbox</a></p>
${sent.length > 0 ? html`${sent.map((one) => entry(one, now))}` : html`<p>Nothing yet.</p>`}`;
  return page('Said elsewhere', body, html`<meta http-equiv="refresh" content="5">`);
}

function entry({ vendor, place, versions: [newest = '', ...before], at }: Sent, now: number): Markup {
  const edits = before.length === 1 ? 'edited once' : `edited ${before.length} times`;
  return html`<h2>${vendor} ${place}</h2>
<p class="quiet">${timeOf(at, now)}${before.length > 0 ? `, ${edits}` : ''}</p>
<pre>${newest}</pre>`;
}
