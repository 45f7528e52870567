import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TapReport } from '#core/taps/step.ts';
import { writeProject } from './projects.ts';

const LIMIT = 300_000;
const run = promisify(execFile);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signalbox-steps-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** By step: what was found. */
async function found(place: string, ...args: string[]) {
  const argv = ['bin/cli.ts', 'taps', 'verify', place, '--json', '--unsandboxed', ...args];
  const { stdout } = await run(process.execPath, argv, { maxBuffer: 50_000_000 }).catch((error) => error);
  const { steps } = JSON.parse(stdout) as TapReport;
  return Object.fromEntries(steps.map((step) => [step.id, step]));
}

async function commit(place: string): Promise<void> {
  const git = (...args: string[]) =>
    run('git', ['-C', place, '-c', 'user.name=A', '-c', 'user.email=a@example.com', ...args]);
  await git('init', '-q');
  await git('add', '-A');
  await git('commit', '-qm', 'before');
}

it("holds an ETL's output to that of the commit before, and to what its target takes", {
  timeout: LIMIT,
}, async () => {
  const place = await writeProject('12-sound-etl', folder);
  const target = await writeProject('11-sound-target', folder);
  await commit(place);
  const code = await readFile(join(place, 'etl.py'), 'utf8');
  await writeFile(join(place, 'etl.py'), code.replace('float(row["age"])', 'float(row["age"]) + 1'));
  const { E5, E7 } = await found(
    ...([place, '--base', 'HEAD', '--target', target] as const),
    ...['--config', join(target, 'config.json')],
  );

  expect(E5).toMatchObject({
    verdict: 'WARN',
    detail: 'not as before: data.singer people: column age has other values',
  });
  expect(E7).toMatchObject({
    verdict: 'PASS',
    detail: expect.stringContaining('target-sound-target: 2 records'),
  });
});

const OWN_API = `    def main(self):
        import http.server, threading
        made = []
        class Api(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                made.append(self.rfile.read(int(self.headers["Content-Length"])))
                body = b'{"id": "%d"}' % len(made)
                self.send_response(201)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.own = "http://127.0.0.1:%d" % server.server_address[1]
        Target.main(self)

    def send(self, stream, record):
        if self.config["api_url"] == "own":
            self.config["api_url"] = self.own
        return Target.send(self, stream, record)
`;

it('writes one record where a person allows it, and finds a secret in its files', {
  timeout: LIMIT,
}, async () => {
  const place = await writeProject('11-sound-target', join(folder, 'sandbox'));
  const own = await readFile(join(place, 'target_own.py'), 'utf8');
  await writeFile(join(place, 'target_own.py'), own.replace('    pass\n', OWN_API));
  await writeFile(join(place, 'config.json'), '{"api_key": "a-key-of-this-project", "api_url": "own"}');
  const secret = ['hunter2hunter2', 'hunter2'].join('');
  await writeFile(join(place, 'settings.py'), `password = "${secret}"\n`);
  const { G0a, G0b, G9, G10 } = await found(
    ...([place, '--config', join(place, 'config.json')] as const),
    ...['--input', join(place, 'input.singer'), '--sandbox', 'sandbox.example'],
  );

  expect(G0a).toMatchObject({ verdict: 'SKIP', detail: expect.stringContaining('no ruff.toml') });
  expect(G0b).toMatchObject({
    verdict: 'WARN',
    detail: expect.stringContaining('a literal password or secret in settings.py'),
  });
  expect(JSON.stringify(G0b)).not.toContain(secret);
  expect(G9).toMatchObject({ verdict: 'WARN', detail: expect.stringContaining('may double records: POST') });
  expect(G10?.detail).toMatch(
    /^POST 127\.0\.0\.1\/people; it stays there .* made a second time$|^nothing on this machine/,
  );
});
