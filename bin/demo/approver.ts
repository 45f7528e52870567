import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

interface Mail {
  to: string[];
  subject: string;
  text?: string;
}

/** What a mail that asks for a decision holds: the link to the page, and the code that only the mail has. */
export interface Asked {
  link: string;
  code: string;
}

/** The newest mail to `recipient` that asks for a decision and whose subject matches, as soon as it is there. */
export async function askedByMail(
  mailbox: string,
  recipient: string,
  subject: RegExp,
  seconds = 60,
): Promise<Asked> {
  for (const until = Date.now() + seconds * 1000; Date.now() < until; await sleep(200)) {
    const mails: Mail[] = await (
      await fetch(`${mailbox}/mails.json?to=${encodeURIComponent(recipient)}`)
    ).json();
    const body = mails.find((mail) => subject.test(mail.subject))?.text ?? '';
    const link = /https?:\/\/\S+\/a\/\S+/.exec(body)?.[0];
    const code = /Code: (\S+)/.exec(body)?.[1];
    if (link && code) return { link, code };
  }
  throw new Error(`No mail with a link reached ${recipient} within ${seconds} s`);
}

/** Does what a person in a browser does with such a mail: opens the page, types the code, presses a button (Approve). Answers the receipt page. */
export async function approveByPage(
  { link, code }: Asked,
  said: Record<string, string> = { decision: 'approve' },
): Promise<string> {
  const jar = new Map<string, string>();
  const page = await browse(jar, link);
  const form = /<form[^>]*action="([^"]+)"[^>]*>([\s\S]*?)<\/form>/.exec(page.html);
  if (!form) throw new Error(`The page behind the link has no form:\n${plain(page.html)}`);
  const fields = new URLSearchParams({ code, ...said });
  for (const [input] of (form[2] ?? '').matchAll(/<input[^>]*type="hidden"[^>]*>/g)) {
    fields.set(attribute(input, 'name'), attribute(input, 'value'));
  }
  const receipt = await browse(jar, new URL(form[1] ?? '', page.url).href, fields);
  if (receipt.status !== 200) throw new Error(`Deciding answered ${receipt.status}:\n${plain(receipt.html)}`);
  return plain(receipt.html);
}

interface Page {
  url: string;
  status: number;
  html: string;
}

/** One navigation with its redirects and cookies, and the headers that a browser sends of itself. */
async function browse(jar: Map<string, string>, address: string, form?: URLSearchParams): Promise<Page> {
  let url = address;
  let body = form;
  for (let hops = 0; hops < 5; hops += 1) {
    const { status, headers, html } = await navigate(jar, url, body);
    for (const cookie of headers['set-cookie'] ?? []) keep(jar, cookie);
    if (!headers.location) return { url, status, html };
    url = new URL(headers.location, url).href;
    body = undefined;
  }
  throw new Error(`${address} redirects in circles`);
}

/** By node:http, because `fetch` is not a navigation: it sends Fetch Metadata of its own. */
async function navigate(jar: Map<string, string>, url: string, body: URLSearchParams | undefined) {
  const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
  const sent = request(url, { method: body ? 'POST' : 'GET', headers: { cookie, ...navigation(url, body) } });
  sent.end(body?.toString());
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, headers: response.headers, html: await text(response) };
}

function navigation(url: string, body: URLSearchParams | undefined): Record<string, string> {
  return {
    'sec-fetch-dest': 'document',
    'sec-fetch-mode': 'navigate',
    'sec-fetch-user': '?1',
    'sec-fetch-site': body ? 'same-origin' : 'none',
    ...(body && { origin: new URL(url).origin, 'content-type': 'application/x-www-form-urlencoded' }),
  };
}

function keep(jar: Map<string, string>, cookie: string): void {
  const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
  if (/max-age=0/i.test(cookie) || value === '') jar.delete(name);
  else jar.set(name, value);
}

function attribute(tag: string, name: string): string {
  return plain(new RegExp(`${name}="([^"]*)"`).exec(tag)?.[1] ?? '');
}

const ENTITIES: Record<string, string> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
};

function plain(html: string): string {
  const text = html.replace(/<style[\s\S]*?<\/style>/g, '').replace(/<[^>]+>/g, ' ');
  return text
    .replace(/&(amp|lt|gt|quot|#39);/g, (entity) => ENTITIES[entity] ?? entity)
    .replace(/\s+/g, ' ')
    .trim();
}
