import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { AwsError } from '../service.ts';

type Headers = Record<string, string | undefined>;

/** By the name in `x-amz-checksum-…`: the digest as base64, as S3 writes it. */
const algorithms: Record<string, (body: Buffer) => string> = {
  crc32: (body) => base64(crc32(body)),
  crc32c: (body) => base64(crc32c(body)),
  crc64nvme: crc64nvme,
  sha1: (body) => createHash('sha1').update(body).digest('base64'),
  sha256: (body) => createHash('sha256').update(body).digest('base64'),
};

/** Checks every digest that came with the body and answers the one to keep, as its header's name and value. */
export function verify(body: Buffer, headers: Headers): Record<string, string> {
  const sha256 = headers['x-amz-content-sha256'];
  if (sha256 && /^[0-9a-f]{64}$/.test(sha256) && sha256 !== hash('sha256', body, 'hex')) {
    throw new AwsError(
      'XAmzContentSHA256Mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    );
  }
  const contentMd5 = headers['content-md5'];
  if (contentMd5 && contentMd5 !== hash('md5', body, 'base64')) {
    throw new AwsError('BadDigest', 'The Content-MD5 you specified did not match what we received.');
  }
  const given = Object.entries(headers).filter(([name]) => name.startsWith('x-amz-checksum-'));
  return Object.fromEntries(given.flatMap(([name, value]) => check(body, name, value)));
}

function check(body: Buffer, name: string, value: string | undefined): [string, string][] {
  const kind = name.slice('x-amz-checksum-'.length);
  if (!value || kind === 'mode' || kind === 'algorithm' || kind === 'type') return [];
  const digest = algorithms[kind];
  if (!digest) throw new AwsError('InvalidRequest', `Checksum algorithm ${kind} is not supported.`);
  if (digest(body) === value) return [[name, value]];
  const message = `The ${kind.toUpperCase()} you specified did not match the calculated checksum.`;
  throw new AwsError('BadDigest', message);
}

export function hash(algorithm: string, body: Buffer, encoding: 'hex' | 'base64'): string {
  return createHash(algorithm).update(body).digest(encoding);
}

function base64(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes.toString('base64');
}

const CRC32C = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value;
});

function crc32c(body: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of body) crc = (CRC32C[(crc ^ byte) & 255] as number) ^ (crc >>> 8);
  return ~crc;
}

// Reflected polynomial 0x9a6c9329ac4bc9b5 of CRC-64/NVME, in two halves: BigInt per byte is some fifty times slower.
const [HIGH, LOW] = tables64(0x9a6c9329, 0xac4bc9b5);

function tables64(polyHigh: number, polyLow: number): [Uint32Array, Uint32Array] {
  const highs = new Uint32Array(256);
  const lows = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte += 1) {
    let [high, low] = [0, byte];
    for (let bit = 0; bit < 8; bit += 1) {
      const odd = low & 1;
      low = (low >>> 1) | ((high & 1) << 31);
      high >>>= 1;
      if (odd) [high, low] = [high ^ polyHigh, low ^ polyLow];
    }
    highs[byte] = high;
    lows[byte] = low;
  }
  return [highs, lows];
}

function crc64nvme(body: Buffer): string {
  let [high, low] = [0xffffffff, 0xffffffff];
  for (const byte of body) {
    const at = (low ^ byte) & 255;
    low = ((low >>> 8) | (high << 24)) ^ (LOW[at] as number);
    high = (high >>> 8) ^ (HIGH[at] as number);
  }
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(~high >>> 0);
  bytes.writeUInt32BE(~low >>> 0, 4);
  return bytes.toString('base64');
}
