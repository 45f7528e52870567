#!/usr/bin/env node
// Runs the command line by the Node that `npm ci` installed, whatever Node this machine has: the sources are TypeScript.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const node = here('../node_modules/.bin/node');
if (!existsSync(node)) {
  process.stderr.write('Run npm ci first: it installs the Node that this project runs on.\n');
  process.exit(1);
}
const child = spawn(node, [here('cli.ts'), ...process.argv.slice(2)], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
