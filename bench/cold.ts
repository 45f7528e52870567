import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { BUNDLE } from '#lib/bundle.ts';

/**
 * Cold start by parts that do not need an account: every function's minified bundle, AWS SDK included, and the median
 * time to import it in a fresh process, as ESM and as CommonJS; beside bare Node, and beside a handler that imports
 * middy, zod and the DynamoDB client in the usual way. The last two columns are of that handler: bytes, and time over bare
 * Node, both as CommonJS. Compare within one run only, on a machine that does nothing else.
 */
const RUNS = Number(process.env.BENCH_RUNS ?? 11);
const root = fileURLToPath(new URL('..', import.meta.url));
const out = mkdtempSync(join(tmpdir(), 'cold-'));
const USUAL = `
import middy from '@middy/core';
import { z } from "zod";
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
const Body = z.object({ id: z.string() });
const client = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'us-east-1' }));
export const handler = middy(async (event) => client.send(new PutCommand({ TableName: 't', Item: Body.parse(event) })));
`;

type Format = 'esm' | 'cjs';

function main(): void {
  const bare = median(timed(write('bare.mjs', '')));
  mkdirSync(`${root}.build`, { recursive: true });
  const usual = join(root, '.build', 'usual.ts');
  writeFileSync(usual, USUAL);
  row('', 'ESM KB', 'ESM ms', 'CJS KB', 'CJS ms', '% bytes', '% time');
  row('bare Node', '', bare.toFixed(1), '', bare.toFixed(1), '', '');
  const peer = measured('the usual way', usual, {
    alias: {},
    mainFields: ['main', 'module'],
    conditions: [],
  });
  print('the usual way', peer, bare, peer);
  for (const file of globSync('functions/{http,task,queue,schedule}/*.ts', { cwd: root }).sort()) {
    print(file.replace('functions/', ''), measured(file, join(root, file), BUNDLE), bare, peer);
  }
}

interface Measured {
  bytes: Record<Format, number>;
  ms: Record<Format, number>;
}

type Options = Pick<typeof BUNDLE, 'mainFields' | 'conditions'> & { alias: Record<string, string> };

function measured(name: string, entry: string, options: Options): Measured {
  const files = { esm: bundled(name, entry, options, 'esm'), cjs: bundled(name, entry, options, 'cjs') };
  return {
    bytes: { esm: statSync(files.esm).size, cjs: statSync(files.cjs).size },
    ms: { esm: median(timed(files.esm)), cjs: median(timed(files.cjs)) },
  };
}

/** CommonJS parts of a dependency ask for `require`, which an ES module has to make for itself. */
const REQUIRE =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

function bundled(
  name: string,
  entry: string,
  { alias, mainFields, conditions }: Options,
  format: Format,
): string {
  const outfile = join(out, `${name.replaceAll(/[^a-z-]+/g, '_')}.${format === 'esm' ? 'mjs' : 'cjs'}`);
  buildSync({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format,
    mainFields,
    conditions,
    alias,
    logLevel: 'error',
    ...(format === 'esm' && { banner: { js: REQUIRE } }),
  });
  return outfile;
}

/** Milliseconds of a whole process that imports the file, several times: what Lambda's init phase does, less the download. */
function timed(file: string): number[] {
  const load = file.endsWith('.cjs') ? `require(${JSON.stringify(file)})` : `import(${JSON.stringify(file)})`;
  return Array.from({ length: RUNS }, () => {
    const began = performance.now();
    execFileSync(process.execPath, ['-e', load], { stdio: ['ignore', 'ignore', 'inherit'] });
    return performance.now() - began;
  });
}

function write(name: string, text: string): string {
  writeFileSync(join(out, name), text);
  return join(out, name);
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

function print(name: string, { bytes, ms }: Measured, bare: number, peer: Measured): void {
  const share = (part: number, whole: number) => Math.round((part / whole) * 100).toString();
  const smaller = share(bytes.cjs, peer.bytes.cjs);
  row(
    name,
    kb(bytes.esm),
    ms.esm.toFixed(1),
    kb(bytes.cjs),
    ms.cjs.toFixed(1),
    smaller,
    share(ms.cjs - bare, peer.ms.cjs - bare),
  );
}

function kb(bytes: number): string {
  return (bytes / 1000).toFixed(0);
}

function row(name: string, ...cells: string[]): void {
  process.stdout.write(`${name.padEnd(32)}${cells.map((cell) => cell.padStart(9)).join('')}\n`);
}

main();
