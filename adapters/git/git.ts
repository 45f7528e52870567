import { spawn } from 'node:child_process';
import { Fault } from '#core/fault.ts';

export interface GitPlace {
  /** Where the command runs. */
  cwd: string;
  /** A repository kept apart from its work tree, so that nothing in the tree can configure us. */
  gitDir?: string;
  workTree?: string;
  /** Another index than the repository's own. */
  indexFile?: string;
  credential?: Credential;
  /** Extra environment: an author's name, e-mail and date. */
  env?: Record<string, string>;
  input?: string | Uint8Array;
  signal?: AbortSignal;
}

/** A forge's token. It reaches one git process through its environment: never an argument, a file or a URL. */
export interface Credential {
  /** Sent to this host alone, whatever a server redirects to. */
  url: string;
  token: string;
}

/** What a repository must never decide: hooks, helpers, other transports, files of the machine. */
const SAFE = {
  'core.hooksPath': '/dev/null',
  'core.fsmonitor': 'false',
  'core.symlinks': 'true',
  'protocol.allow': 'never',
  'protocol.http.allow': 'always',
  'protocol.https.allow': 'always',
  'protocol.file.allow': 'never',
  'credential.helper': '',
  'gc.auto': '0',
  'maintenance.auto': 'false',
  'submodule.recurse': 'false',
  'commit.gpgSign': 'false',
  'advice.detachedHead': 'false',
  'init.defaultBranch': 'main',
};

/** Trouble of the network or of the forge that passes. */
const PASSING =
  /could not resolve host|failed to connect|couldn't connect|connection (refused|reset|timed out)|recv failure|timed out|early eof|remote end hung up|the requested url returned error: (5\d\d|429)|empty reply/i;

/**
 * Runs git and answers its standard output. Configuration comes from here alone. Throws `Unavailable` for what may pass,
 * `Unauthorized` for a refused token, `NotFound` for a repository that is not there, `Invalid` for the rest.
 */
export async function git(place: GitPlace, ...args: string[]): Promise<string> {
  return (await gitBytes(place, ...args)).toString();
}

export async function gitBytes(place: GitPlace, ...args: string[]): Promise<Buffer> {
  const child = spawn('git', args, {
    cwd: place.cwd,
    env: environment(place),
    stdio: ['pipe', 'pipe', 'pipe'],
    signal: place.signal,
  });
  child.stdin.on('error', () => {});
  child.stdin.end(place.input);
  const [out, err, code] = await Promise.all([drain(child.stdout), drain(child.stderr), ended(child)]);
  if (code !== 0) throw refusal(args[0] ?? '', err.toString());
  return out;
}

function ended(child: ReturnType<typeof spawn>): Promise<number | null> {
  return new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
}

async function drain(stream: NodeJS.ReadableStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function environment({ gitDir, workTree, indexFile, credential, env }: GitPlace): Record<string, string> {
  const settings: [string, string][] = Object.entries(SAFE);
  if (credential) settings.push(header(credential));
  const config = settings.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, key],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ]);
  return {
    PATH: process.env.PATH ?? '',
    HOME: '/nonexistent',
    LANG: 'C.UTF-8',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_LITERAL_PATHSPECS: '1',
    GIT_CONFIG_COUNT: String(settings.length),
    ...Object.fromEntries(config),
    ...(gitDir && { GIT_DIR: gitDir }),
    ...(workTree && { GIT_WORK_TREE: workTree }),
    ...(indexFile && { GIT_INDEX_FILE: indexFile }),
    ...env,
  };
}

function header({ url, token }: Credential): [string, string] {
  const basic = Buffer.from(`x-access-token:${token}`).toString('base64');
  return [`http.${new URL(url).origin}/.extraHeader`, `Authorization: Basic ${basic}`];
}

function refusal(command: string, said: string): Fault {
  const text = `git ${command} failed: ${said.trim().slice(-600)}`;
  if (PASSING.test(said)) return new Fault('Unavailable', text);
  if (/authentication failed|could not read username|error: 40[13]/i.test(said))
    return new Fault('Unauthorized', text);
  if (/repository .*not found|error: 404/i.test(said)) return new Fault('NotFound', text);
  return new Fault('Invalid', text);
}
