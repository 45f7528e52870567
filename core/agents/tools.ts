import * as z from 'zod';
import { Handover } from '../runs/run.ts';
import type { Tool } from './model.ts';
import { jsonSchema } from './schema.ts';

const Bash = z.object({ command: z.string().min(1).max(20_000) });
const Read = z.object({
  path: z.string().min(1).max(500),
  start: z.int().positive().optional(),
  end: z.int().positive().optional(),
});
const Edit = z.object({
  path: z.string().min(1).max(500),
  old: z.string().max(100_000),
  new: z.string().max(200_000),
});
const Search = z.object({ pattern: z.string().min(1).max(500), path: z.string().max(500).optional() });
const Git = z.object({
  command: z.enum(['status', 'diff', 'log', 'show', 'commit', 'restore']),
  /** For `diff`, `log`, `show` and `restore`. */
  revision: z
    .string()
    .regex(/^[A-Za-z0-9][\w./~^@{}-]{0,100}$/)
    .optional(),
  paths: z.array(z.string().min(1).max(500)).max(50).optional(),
  message: z.string().min(1).max(2_000).optional(),
});
const Verify = z.object({});

/** What the engineer can do. `finish` hands over; everything else happens in the work tree. */
export const EngineerInputs = {
  bash: Bash,
  read: Read,
  edit: Edit,
  search: Search,
  git: Git,
  verify: Verify,
  finish: Handover,
};
export type EngineerTool = keyof typeof EngineerInputs;
export type EngineerInput<Name extends EngineerTool> = z.infer<(typeof EngineerInputs)[Name]>;

const DESCRIPTIONS: Record<EngineerTool, string> = {
  bash: 'Runs a command with bash in the root of the work tree and answers its exit code and output. Each call is a new shell; what it leaves running is ended. Limit 300 seconds. `python` is an environment with the project installed; `pip install` adds to it. There are no credentials; of the network only the package registries and the hosts that the project names may be there.',
  read: 'Answers a file of the work tree with line numbers, whole or from line `start` to line `end`.',
  edit: 'Replaces `old` by `new` in a file. `old` must occur exactly once: give enough of the lines around it. An empty `old` makes a new file. A Python, TypeScript, JavaScript or JSON file that would no longer parse is left as it was. Files that decide how the project is built, tested or published are refused.',
  search:
    'Finds a regular expression in the files of the work tree, or below `path`: file, line number and line. Definitions come first, then the files with most matches; tests and documents last.',
  git: 'Looks at the scratch repository of the work tree, or records a state to come back to: status, diff, log, show, commit (everything, with `message`), restore (`paths` as of `revision`, else as last committed). It has no remote; the platform makes the commit that is proposed.',
  verify:
    'Runs the verification checklist on the work tree as it is, in fresh environments: patch rules, install, tests before and after, discovery. The same checks decide later whether the change is proposed.',
  finish:
    'Hands the change over, once verification passes: what you changed, why it was broken, which tests show it, and what could still go wrong. Nothing can be changed afterwards.',
};

/** The tools as a model is told of them: always the same bytes, so that they stay in the provider's cache. */
export const ENGINEER_TOOLS: Tool[] = Object.entries(EngineerInputs).map(([name, schema]) => ({
  name,
  description: DESCRIPTIONS[name as EngineerTool],
  schema: jsonSchema(schema),
}));

/** What a call is about to do, in words for the run's log. */
export function tell(name: string, input: unknown): string {
  const said = (input ?? {}) as Record<string, unknown>;
  const short = (value: unknown) =>
    String(value ?? '')
      .replace(/\s+/g, ' ')
      .slice(0, 160);
  switch (name) {
    case 'bash':
      return `runs: ${short(said.command)}`;
    case 'read':
      return `reads ${short(said.path)}`;
    case 'edit':
      return said.old === '' ? `writes ${short(said.path)}` : `edits ${short(said.path)}`;
    case 'search':
      return `looks for ${short(said.pattern)}${said.path ? ` in ${short(said.path)}` : ''}`;
    case 'git':
      return `git ${short(said.command)} ${short(said.paths)}`.trim();
    case 'verify':
      return 'verifies the change';
    case 'finish':
      return `hands over: ${short(said.summary)}`;
    default:
      return `asks for an unknown tool: ${short(name)}`;
  }
}

/** Those of them that a role has. */
export function offered({ tools }: { tools: readonly EngineerTool[] }): Tool[] {
  return ENGINEER_TOOLS.filter(({ name }) => tools.some((one) => one === name));
}
