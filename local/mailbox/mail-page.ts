import type { Mail } from '../aws/ses.ts';
import { html, type Markup, page, timeOf } from './page.ts';

/** One mail as its reader sees it: the HTML in a frame without scripts, whose links open in the whole window. */
export function mailPage(mail: Mail, { asText, now }: { asText: boolean; now: number }): string {
  const isText = asText || mail.html === undefined;
  const body = html`<nav><a href="/">All mail</a></nav>
<h1>${mail.subject || '(no subject)'}</h1>
<dl>${fields(mail)}<dt>Sent</dt><dd>${timeOf(mail.sent, now)}</dd></dl>
<nav aria-label="Views">${views(mail, isText)}</nav>
${isText ? html`<pre>${linked(mail.text ?? '')}</pre>` : frame(mail.html ?? '')}`;
  return page(mail.subject || 'Mail', body);
}

function fields({ from, to, cc, bcc, replyTo }: Mail): Markup[] {
  return Object.entries({ From: [from], To: to, Cc: cc, Bcc: bcc, 'Reply to': replyTo })
    .filter(([, addresses]) => addresses.length > 0)
    .map(([name, addresses]) => html`<dt>${name}</dt><dd>${addresses.join(', ')}</dd>`);
}

function views({ id, text, html: formatted }: Mail, isText: boolean): Markup[] {
  if (text === undefined || formatted === undefined) return [];
  const link = (name: string, href: string, isCurrent: boolean) =>
    isCurrent ? html`<a href="${href}" aria-current="page">${name}</a>` : html`<a href="${href}">${name}</a>`;
  return [link('Formatted', `/mails/${id}`, !isText), link('Plain text', `/mails/${id}?view=text`, isText)];
}

/** The mail may not run anything; a click may leave this page, as in a mail program. */
function frame(content: string): Markup {
  const document = `<base target="_top">${content}`;
  return html`<iframe title="The mail" sandbox="allow-top-navigation-by-user-activation allow-popups allow-popups-to-escape-sandbox" srcdoc="${document}"></iframe>`;
}

function linked(text: string): Markup[] {
  return text
    .split(/(https?:\/\/[^\s<>"']+)/)
    .map((part, at) => (at % 2 === 1 ? html`<a href="${part}" rel="noreferrer">${part}</a>` : html`${part}`));
}
