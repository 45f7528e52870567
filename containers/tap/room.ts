import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { statusesIn } from '#core/singer/target-state.ts';
import { Config, type Credentials, rotatedKeys } from '#core/taps/credentials.ts';
import { namedSecrets, redactor, secretsOf, without } from '#core/taps/redact.ts';
import type { Outcome } from '../command.ts';
import type { Hands } from '../hands.ts';
import type { Environment } from '../verify/environment.ts';

export interface RoomOptions {
  hands: Hands;
  environment: Environment;
  /** One that every user may enter. */
  folder: string;
  config: Config;
  /** Where a rotated token is kept, if the config there is still of this version; forgotten without. */
  credentials?: Pick<Credentials, 'write'> & { version: string };
  signal?: AbortSignal;
  /** Milliseconds of silence after which a run is stopped. */
  quiet?: number;
}

export interface Call {
  /** A program of the project's environment, or a path. */
  program: string;
  /** `config.json` and names of `files` stand for their paths. */
  args: string[];
  files?: Record<string, string>;
  /** Text for standard input. */
  input?: string;
  /** Settings of this call besides the config's own. */
  besides?: Config;
  /** Settings of this call in place of the config's own: what becomes of them is nobody's. */
  instead?: Config;
  limit?: number;
  most?: number;
  env?: Record<string, string>;
}

export interface Ran extends Outcome {
  /** The command, without secrets. */
  command: string;
  /** Where all of standard output is. */
  path: string;
  crash?: string;
  statuses: number[];
  trace: Trace[];
}

const Trace = z.union([
  z.object({ method: z.string(), host: z.string(), path: z.string(), status: z.number() }),
  z.object({ mock: z.string(), known: z.boolean() }),
  z.object({ coerced: z.string(), name: z.string(), was: z.string() }),
]);
export type Trace = z.infer<typeof Trace>;

/** A place in which a plugin runs again and again: each time with a private copy of its config, alone in a new folder. */
export interface Room {
  run(call: Call): Promise<Ran>;
  /** Takes out every secret known by now, those that a run brought included. */
  redact(text: string): string;
  /** Takes out of JSON what the config's names say is a secret, and leaves the rest as it is. */
  redactNamed(json: string): string;
  secrets(): string[];
  config(): Config;
  /** Names of the settings that runs have rewritten. */
  rotated(): string[];
  /** Why rotated settings could not be kept, if they could not. */
  lost(): string | undefined;
  /** Whether a secret stood in what it printed. */
  isLeaky(): boolean;
}

const LIMIT = 120_000;
const GRACE = 15_000;
const QUIET = 120_000;
const MOST_OUTPUT = 2_000_000_000;

export async function room(options: RoomOptions): Promise<Room> {
  const { hands, folder, environment, signal } = options;
  const hook = await readFile(join(import.meta.dirname, 'hook.py'), 'utf8');
  const captured = join(folder, 'captured');
  const keeping = keeper(options);

  const run = async (call: Call): Promise<Ran> => {
    const id = randomUUID();
    const place = join(folder, 'rooms', id, 'work', 'run');
    const config = { ...keeping.config(), ...call.besides, ...call.instead };
    const files = { ...call.files, 'config.json': JSON.stringify(config) };
    await furnish(place, files, hook);
    await hands.own(join(folder, 'rooms', id));
    const argv = [
      programOf(environment, call.program),
      ...call.args.map((one) => (one in files ? join(place, one) : one)),
    ];
    const outcome = await hands.run({
      argv,
      cwd: place,
      input: call.input ?? '',
      limit: call.limit ?? LIMIT,
      grace: GRACE,
      quiet: options.quiet ?? QUIET,
      into: join(captured, id),
      most: call.most ?? MOST_OUTPUT,
      env: {
        ...{
          HOME: place,
          TMPDIR: place,
          LOGLEVEL: 'INFO',
          PYTHONUNBUFFERED: '1',
          PYTHONDONTWRITEBYTECODE: '1',
        },
        ...{ PYTHONPATH: join(place, 'hook'), SIGNALBOX_TRACE: join(place, 'trace.jsonl'), ...call.env },
      },
      signal,
    });
    const left = await leftIn(hands, place);
    if (!call.instead) await keeping.look(left.config, Object.keys(call.besides ?? {}));
    keeping.listen(outcome.output);
    return {
      ...outcome,
      command: keeping.redact([call.program, ...call.args].join(' ')),
      path: await hands.take(join(captured, id)),
      ...(left.crash && { crash: left.crash }),
      trace: left.trace,
      statuses:
        left.trace.length > 0
          ? left.trace.flatMap((one) => ('status' in one ? one.status : []))
          : statusesIn(outcome.stderr),
    };
  };
  return { run, ...keeping };
}

function programOf({ bin }: Environment, program: string): string {
  return program.startsWith('/') ? program : join(bin, program);
}

/** The folder of one call. What it holds can be read by its user alone. */
async function furnish(place: string, files: Record<string, string>, hook: string): Promise<void> {
  await mkdir(join(place, 'hook'), { recursive: true });
  await chmod(place, 0o700);
  for (const [name, text] of Object.entries(files)) await writeFile(join(place, name), text, { mode: 0o600 });
  await writeFile(join(place, 'hook', 'sitecustomize.py'), hook);
}

const READ =
  'head -c 1000000 config.json 2>/dev/null; printf "\\n--\\n"; cat hg-tap-exception-*.json 2>/dev/null | head -c 20000; printf "\\n--\\n"; tail -c 1000000 trace.jsonl 2>/dev/null';

/** What a call left in its folder, read as its user: a link there leads nowhere that its user may not go. */
async function leftIn(
  hands: Hands,
  place: string,
): Promise<{ config: unknown; crash: string; trace: Trace[] }> {
  const { stdout } = await hands.run({ argv: ['sh', '-c', READ], cwd: place });
  const [config = '', crash = '', trace = ''] = stdout.split('\n--\n');
  const lines = trace.split('\n').map((line) => Trace.safeParse(json(line)));
  return { config: json(config), crash: crashOf(crash), trace: lines.flatMap(({ data }) => data ?? []) };
}

const Crash = z.object({
  exception_name: z.string(),
  exception_message: z.string(),
  exception_traceback: z.string().default(''),
});

function crashOf(text: string): string {
  const { success, data } = Crash.safeParse(json(text));
  if (!success) return '';
  return `${data.exception_traceback}\n${data.exception_name}: ${data.exception_message}`;
}

/** Follows a config that its user rewrites. */
function keeper({ config: first, credentials }: RoomOptions) {
  let config = first;
  let version = credentials?.version ?? '';
  let lost: string | undefined;
  let isLeaky = false;
  const rotated = new Set<string>();
  const secrets = new Set(secretsOf(first));
  const named = new Set(namedSecrets(first));
  const keep = async (next: Config) => {
    if (credentials) version = await credentials.write(JSON.stringify(next, null, 2), version);
  };
  return {
    config: () => config,
    secrets: () => [...secrets],
    redact: (text: string) => redactor(secrets)(text),
    redactNamed: (json: string) => without(named, json),
    rotated: () => [...rotated].sort(),
    lost: () => lost,
    isLeaky: () => isLeaky,
    listen(output: string): void {
      isLeaky ||= [...secrets].some((secret) => secret.length >= 8 && output.includes(secret));
    },
    async look(found: unknown, besides: string[]): Promise<void> {
      const { success, data } = Config.safeParse(found);
      if (!success) return;
      const isOwn = ([name]: [string, unknown]) => name in config || !besides.includes(name);
      const next = Object.fromEntries(Object.entries(data).filter(isOwn));
      const names = rotatedKeys(config, next);
      if (names.length === 0) return;
      for (const secret of secretsOf(next)) secrets.add(secret);
      for (const secret of namedSecrets(next)) named.add(secret);
      for (const name of names) rotated.add(name);
      config = next;
      await keep(next).catch((error: Error) => {
        lost = error.message;
      });
    },
  };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
