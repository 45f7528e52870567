import { lookup as systemLookup } from 'node:dns';
import { request as plain } from 'node:http';
import { request as secure } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { Fault } from '#core/fault.ts';
import { isPublic } from './addresses.ts';

export interface Outbound {
  url: string;
  method?: string;
  headers: Record<string, string>;
  body: string;
  /** Lets it go to a private network, over HTTP too: an operator says so, never a sender. */
  isPrivate?: boolean | undefined;
  /** Characters of the answer that are read. */
  maxAnswer?: number;
}

export interface Answered {
  status: number;
  text: string;
  headers: Record<string, string | string[] | undefined>;
}

const PATIENCE_MS = 10_000;
const MAX_ANSWER = 64_000;

/**
 * Sends to an address that somebody else has chosen: HTTPS to public addresses only, checked where the connection is made, so
 * that a name cannot change its mind; redirects are not followed. Throws `Forbidden` for what is refused, `Unavailable` without an answer.
 */
export async function sendOut({
  url,
  method = 'POST',
  headers,
  body,
  isPrivate = false,
  maxAnswer = MAX_ANSWER,
}: Outbound): Promise<Answered> {
  const { protocol, hostname, username } = new URL(url);
  const isSecure = protocol === 'https:';
  if (username || (!isSecure && !(isPrivate && protocol === 'http:')))
    throw new Fault(
      'Forbidden',
      'What is sent out goes to an https address without a name or password in it',
    );
  const literal = hostname.replace(/^\[|\]$/g, '');
  if (!isPrivate && isIP(literal) && !isPublic(literal)) throw refused();
  const lookup = isPrivate ? undefined : publicLookup;
  return new Promise((resolve, reject) => {
    const fail = (error: Error) =>
      reject(
        error instanceof Fault
          ? error
          : new Fault('Unavailable', `${hostname} did not answer`, { cause: error }),
      );
    const sent = (isSecure ? secure : plain)(
      url,
      { method, headers, ...(lookup && { lookup }), signal: AbortSignal.timeout(PATIENCE_MS) },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk) => {
          if (text.length < maxAnswer) text += chunk;
        });
        response.once('error', fail);
        response.once('end', () =>
          resolve({ status: response.statusCode ?? 0, text, headers: response.headers }),
        );
      },
    );
    sent.once('error', fail);
    sent.end(body);
  });
}

function refused(): Fault {
  return new Fault('Forbidden', 'The address leads into a private network; only an operator can allow that');
}

const publicLookup: LookupFunction = (hostname, options, callback) => {
  systemLookup(hostname, { ...options, all: true }, (error, found) => {
    if (error) return callback(error, []);
    if (!found.every(({ address }) => isPublic(address))) return callback(refused(), []);
    const [first] = found;
    if (options.all) callback(null, found);
    else callback(null, first?.address ?? '', first?.family);
  });
};
