import { AwsError } from '../service.ts';

type Headers = Record<string, string | undefined>;

interface Payload {
  body: Buffer;
  /** The request's headers with those of the trailer, the framing's own taken out. */
  headers: Headers;
}

/** Takes a body out of the `aws-chunked` framing in which SDKs send streams, its checksum in the trailer. */
export function unchunk(body: Buffer, headers: Headers): Payload {
  if (!headers['x-amz-content-sha256']?.startsWith('STREAMING-')) return { body, headers };
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const { text, next } = line(body, at);
    const size = Number.parseInt(text, 16);
    if (!(size >= 0) || next + size > body.length) incomplete();
    if (size === 0) return { body: whole(parts, headers), headers: { ...headers, ...trailer(body, next) } };
    parts.push(body.subarray(next, next + size));
    at = next + size + 2;
  }
}

function whole(parts: Buffer[], headers: Headers): Buffer {
  const body = Buffer.concat(parts);
  const length = headers['x-amz-decoded-content-length'];
  if (length !== undefined && Number(length) !== body.length) incomplete();
  return body;
}

function trailer(body: Buffer, start: number): Headers {
  const lines = body.subarray(start).toString('latin1').split('\r\n').filter(Boolean);
  return Object.fromEntries(
    lines.map((text) => {
      const colon = text.indexOf(':');
      return [text.slice(0, colon).trim().toLowerCase(), text.slice(colon + 1).trim()];
    }),
  );
}

function line(body: Buffer, at: number): { text: string; next: number } {
  const end = body.indexOf('\r\n', at);
  if (end < 0) incomplete();
  return { text: body.subarray(at, end).toString('latin1'), next: end + 2 };
}

function incomplete(): never {
  const message = 'You did not provide the number of bytes specified by the Content-Length HTTP header.';
  throw new AwsError('IncompleteBody', message);
}
