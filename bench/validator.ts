import { execFile, spawnSync } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { lineReader } from '#core/singer/lines.ts';
import { singerValidator } from '#core/singer/validator.ts';

/**
 * `node bench/validator.ts [RECORDS]`: the validator's records a second and peak memory, next to Python's jsonschema with
 * formats on the same file. One record in a thousand is wrong.
 */
const RECORDS = Number(process.argv[2] ?? 1_000_000);
const run = promisify(execFile);

if (process.argv[3]) await measure(process.argv[3]);
else await compare();

async function compare(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-bench-'));
  try {
    const file = join(folder, 'records.singer');
    await pipeline(Readable.from(lines()), createWriteStream(file));
    const { stdout } = await run(process.execPath, [import.meta.filename, String(RECORDS), file]);
    say('signalbox', JSON.parse(stdout));
    const python = await jsonschema(folder);
    if (!python) return say('jsonschema (Python)', undefined);
    const peer = await run(python, [join(import.meta.dirname, 'jsonschema_peer.py'), file], {
      timeout: 3_600_000,
    });
    say('jsonschema (Python)', JSON.parse(peer.stdout));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Measured {
  records: number;
  wrong: number;
  seconds: number;
  mb: number;
}

function say(name: string, found: Measured | undefined): void {
  const text = found
    ? `${Math.round(found.records / found.seconds)} records/s, ${Math.round(found.mb)} MB at most, ${found.wrong} wrong of ${found.records}`
    : 'not measured: the package index does not answer, so jsonschema could not be installed';
  process.stdout.write(`${name}: ${text}\n`);
}

async function measure(file: string): Promise<void> {
  const validator = singerValidator();
  const reader = lineReader(validator.line);
  const began = performance.now();
  for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 18 })) reader.push(chunk);
  reader.end();
  const { streams } = validator.end();
  const seconds = (performance.now() - began) / 1_000;
  const { records = 0, invalid: wrong = 0 } = streams.people ?? {};
  process.stdout.write(
    JSON.stringify({ records, wrong, seconds, mb: process.resourceUsage().maxRSS / 1_024 }),
  );
}

/** An interpreter with jsonschema, in an environment of its own; undefined when it cannot be had. */
async function jsonschema(folder: string): Promise<string | undefined> {
  const venv = join(folder, 'venv');
  const python = join(venv, 'bin', 'python');
  const made = spawnSync('python3', ['-m', 'venv', venv]).status === 0;
  const pip = ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', 'jsonschema[format]'];
  return made && spawnSync(python, pip, { timeout: 300_000 }).status === 0 ? python : undefined;
}

function* lines(): Generator<string> {
  const text = { type: ['string', 'null'] };
  const time = { ...text, format: 'date-time' };
  const properties = {
    ...{
      id: { type: 'integer' },
      email: { ...text, format: 'email' },
      name: text,
      amount: { type: ['number', 'null'] },
    },
    ...{
      active: { type: 'boolean' },
      created_at: time,
      updated_at: time,
      tags: { type: 'array', items: { type: 'string' } },
    },
    address: { type: ['object', 'null'], properties: { city: text, zip: text } },
  };
  yield line({
    type: 'SCHEMA',
    stream: 'people',
    schema: { type: 'object', properties },
    key_properties: ['id'],
  });
  for (let id = 0; id < RECORDS; id++) {
    const at = `2026-02-01T00:00:${String(id % 60).padStart(2, '0')}Z`;
    const record = {
      ...{
        id,
        email: `user${id}@example.com`,
        name: `User ${id}`,
        amount: id % 1_000 === 7 ? 'seven' : id / 7,
      },
      ...{
        active: id % 2 === 0,
        created_at: at,
        updated_at: at,
        tags: ['a', 'b'],
        address: { city: 'Berlin', zip: '10115' },
      },
    };
    yield line({ type: 'RECORD', stream: 'people', record });
  }
  yield line({ type: 'STATE', value: { bookmarks: {} } });
}

function line(message: object): string {
  return `${JSON.stringify(message)}\n`;
}
