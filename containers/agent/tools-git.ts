import { headAndTail } from '#core/agents/output.ts';
import type { EngineerInput } from '#core/agents/tools.ts';
import { Fault } from '#core/fault.ts';
import type { Hands } from '../hands.ts';
import { inside } from './files.ts';
import type { Result } from './tools.ts';

type Input = EngineerInput<'git'>;

/** Whatever the repository's own settings say: no hooks, no other programs, no transport. */
const SAFE = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'protocol.allow=never',
  'commit.gpgSign=false',
];
const AUTHOR = ['user.name=engineer', 'user.email=engineer@localhost'];
const PLAIN = ['--no-ext-diff', '--no-textconv', '--no-color'];

const ARGUMENTS: Record<Input['command'], (input: Input) => string[]> = {
  status: () => ['status', '--short', '--untracked-files=all'],
  diff: ({ revision, paths }) => ['diff', ...PLAIN, revision ?? 'HEAD', '--', ...within(paths)],
  log: ({ revision, paths }) => [
    'log',
    '--oneline',
    '--no-color',
    '-n',
    '50',
    revision ?? 'HEAD',
    '--',
    ...within(paths),
  ],
  show: ({ revision, paths }) => ['show', ...PLAIN, revision ?? 'HEAD', '--', ...within(paths)],
  commit: ({ message }) => ['commit', '-q', '--no-verify', '-m', given(message, 'message')],
  restore: ({ revision, paths }) => [
    ...['restore', '--source', revision ?? 'HEAD', '--'],
    ...within(given(paths?.length ? paths : undefined, 'paths')),
  ],
};

/** One git command of the few that there are, by the hands: none of them reaches a remote, a hook or the settings. */
export async function git(
  { hands, root, signal }: { hands: Hands; root: string; signal: AbortSignal },
  input: Input,
): Promise<Result> {
  const run = (...args: string[]) => {
    const settings = [...SAFE, ...AUTHOR].flatMap((one) => ['-c', one]);
    const env = { GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null', GIT_LITERAL_PATHSPECS: '1' };
    return hands.run({ argv: ['git', ...settings, ...args], cwd: root, env, limit: 60_000, signal });
  };
  const args = ARGUMENTS[input.command](input);
  if (input.command === 'commit') await run('add', '-A');
  const { code, output } = await run(...args);
  return { text: headAndTail(output.trimEnd()) || 'Done.', isError: code !== 0 };
}

function within(paths: string[] = []): string[] {
  return paths.map(inside);
}

function given<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Fault('Invalid', `This git command needs \`${name}\``);
  return value;
}
