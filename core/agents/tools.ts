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
const Verify = z.object({});

/** What the engineer can do. `finish` hands over; everything else happens in the work tree. */
export const EngineerInputs = {
  bash: Bash,
  read: Read,
  edit: Edit,
  search: Search,
  verify: Verify,
  finish: Handover,
};
export type EngineerTool = keyof typeof EngineerInputs;
export type EngineerInput<Name extends EngineerTool> = z.infer<(typeof EngineerInputs)[Name]>;

const DESCRIPTIONS: Record<EngineerTool, string> = {
  bash: 'Runs a command with bash in the root of the work tree and answers its exit code and output. Each call is a new shell; what it leaves running is ended. Limit 300 seconds. `python` is an environment with the project installed; `pip install` adds to it. There are no credentials, and git here is a scratch copy: commits and pushes are not yours to make.',
  read: 'Answers a file of the work tree with line numbers, whole or from line `start` to line `end`.',
  edit: 'Replaces `old` by `new` in a file. `old` must occur exactly once: give enough of the lines around it. An empty `old` makes a new file. A Python file that would no longer parse is left as it was.',
  search:
    'Finds a regular expression in the files of the work tree, or below `path`: file, line number and line.',
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
    case 'verify':
      return 'verifies the change';
    case 'finish':
      return `hands over: ${short(said.summary)}`;
    default:
      return `asks for an unknown tool: ${short(name)}`;
  }
}
