import { request } from 'node:http';
import { text } from 'node:stream/consumers';

export interface RawAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  /** As a browser would send them back. */
  cookies: string;
  body: string;
}

/** A request with exactly these headers: `fetch` adds some of its own, and leaves out others. */
export function raw(
  url: string,
  {
    method = 'GET',
    headers = {},
    body = '',
  }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers }, async (answer) => {
      const cookies = (answer.headers['set-cookie'] ?? []).map((one) => one.split(';')[0]).join('; ');
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, cookies, body: await text(answer) });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
