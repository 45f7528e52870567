import type { Mail } from '../aws/ses.ts';
import { html, type Markup, page, timeOf } from './page.ts';

/** Every mail, newest first, for all recipients or one; looks for new ones every few seconds. */
export function listPage(mails: Mail[], { recipient, now }: { recipient: string; now: number }): string {
  const shown = mails.filter((mail) => !recipient || everyone(mail).includes(recipient));
  const recipients = [...new Set(mails.flatMap(everyone))].sort();
  const body = html`<h1>Mailbox</h1>
<p class="quiet">Mail that this machine sent. None of it left. <a href="/sent">Said elsewhere</a></p>
<nav aria-label="Recipients">${[tab('', 'Everyone', recipient), ...recipients.map((one) => tab(one, one, recipient))]}</nav>
${shown.length > 0 ? html`<ul>${shown.map((mail) => entry(mail, now))}</ul>` : html`<p>No mail yet.</p>`}`;
  return page('Mailbox', body, html`<meta http-equiv="refresh" content="5">`);
}

function tab(address: string, name: string, current: string): Markup {
  const href = address ? `/?to=${encodeURIComponent(address)}` : '/';
  return address === current
    ? html`<a href="${href}" aria-current="page">${name}</a>`
    : html`<a href="${href}">${name}</a>`;
}

function entry(mail: Mail, now: number): Markup {
  return html`<li><a href="/mails/${mail.id}"><strong>${mail.subject || '(no subject)'}</strong>
<span class="quiet">to ${everyone(mail).join(', ')}</span> ${timeOf(mail.sent, now)}</a></li>`;
}

function everyone({ to, cc, bcc }: Mail): string[] {
  return [...to, ...cc, ...bcc];
}
