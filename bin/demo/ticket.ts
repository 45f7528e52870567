import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ORG } from './organization.ts';
import type { Product } from './product.ts';

const file = fileURLToPath(new URL('../../local/demo/jira-ticket.json', import.meta.url));

/** Sends the demo ticket as Jira would: signed over its bytes, timed now. Sent again, it is the same ticket. Answers its id. */
export async function fileDemoTicket({ local, keys }: Product): Promise<string> {
  const issue = JSON.parse(readFileSync(file, 'utf8'));
  const body = JSON.stringify({ ...issue, timestamp: Date.now() });
  const signature = createHmac('sha256', keys.webhooks.jira).update(body).digest('hex');
  const response = await fetch(`${local.url('product')}/webhooks/${ORG}/jira`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-hub-signature': `sha256=${signature}` },
    body,
  });
  const said = await response.text();
  if (response.status !== 202) throw new Error(`The Jira webhook answered ${response.status}: ${said}`);
  return JSON.parse(said).id;
}
