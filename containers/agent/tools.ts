import { join } from 'node:path';
import { replaceOnce } from '#core/agents/edit.ts';
import type { Facts } from '#core/agents/journal.ts';
import { NOTES } from '#core/agents/notes.ts';
import { headAndTail, numbered, ranked } from '#core/agents/output.ts';
import { type EngineerInput, EngineerInputs, type EngineerTool } from '#core/agents/tools.ts';
import { Fault } from '#core/fault.ts';
import { parse } from '#core/parse.ts';
import type { Handover, Verification } from '#core/runs/run.ts';
import { isProtected, secretsIn } from '#core/taps/patch.ts';
import { failures, summary } from '#core/taps/verify.ts';
import { onPath } from '../command.ts';
import type { Hands } from '../hands.ts';
import { type Files, files, inside, mark } from './files.ts';
import { git } from './tools-git.ts';
import { refuseBroken } from './tools-syntax.ts';

export interface Bench {
  hands: Hands;
  /** The work tree. */
  root: string;
  /** The folder of its Python environment: what commands install goes there. */
  venv: string;
  /** A folder of the hands' for whole outputs, outside the tree. */
  out: string;
  signal: AbortSignal;
  verify: () => Promise<Verification>;
  /** Hash of the work tree as it is. */
  tree: () => Promise<string>;
  /** Why the change cannot be handed over as it is; nothing when it can. */
  objection: () => Promise<string | undefined>;
}

export interface Result {
  text: string;
  isError?: boolean;
  /** What the loop breaker wants to know besides. */
  facts?: Facts;
  /** What the engineer handed over: the conversation ends. */
  handover?: Handover;
}

export type UseTool = (name: string, input: unknown) => Promise<Result>;

type Tools = { [Name in EngineerTool]: (input: EngineerInput<Name>) => Promise<Result | string> };

/** The engineer's tools. What a tool refuses, and a wrong input, is a result that says so: the model goes on. */
export function engineerTools(bench: Bench): UseTool {
  const tree = files(bench.hands, bench.root);
  const seen = new Map<string, string>();
  let outputs = 0;
  const tools: Tools = {
    bash: ({ command }) => bash(bench, command, `output-${++outputs}.txt`),
    read: async ({ path, start, end }) => {
      const text = await existing(tree, path);
      seen.set(path, mark(text));
      return numbered(text, { start, end });
    },
    edit: (change) => edit(bench, { tree, seen, change }),
    search: ({ pattern, path }) => search(bench, pattern, path),
    git: (input) => git(bench, input),
    verify: async () => verify(bench),
    finish: async (handover) => {
      const secrets = secretsIn(JSON.stringify(handover));
      if (secrets.length > 0)
        throw new Fault('Invalid', `The handover seems to hold ${secrets.join(', ')}; leave it out`);
      const objection = await bench.objection();
      return objection ? { text: objection, isError: true } : { text: 'Handed over.', handover };
    },
  };
  return async (name, input) => {
    if (!Object.hasOwn(tools, name))
      return { text: `There is no tool "${name}"`, isError: true, facts: { malformed: true } };
    try {
      const given = parse<unknown>(EngineerInputs[name as EngineerTool], input);
      const result = await used(tools[name as EngineerTool] as Use, given);
      return CHANGES.includes(name)
        ? { ...result, facts: { ...result.facts, tree: await treeOf(bench) } }
        : result;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return { text: error.message, isError: true, facts: { malformed: true } };
    }
  };
}

/** Tools that may leave the work tree another than before. */
const CHANGES = ['bash', 'edit', 'git'];

/** Undefined when commands have left files that cannot be read. */
async function treeOf({ tree }: Bench): Promise<string | undefined> {
  return tree().catch((error: unknown) => {
    if (error instanceof Fault) return undefined;
    throw error;
  });
}

type Use = (given: unknown) => Promise<Result | string>;

async function used(use: Use, given: unknown): Promise<Result> {
  try {
    const result = await use(given);
    return typeof result === 'string' ? { text: result } : result;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { text: error.message, isError: true };
  }
}

async function bash(bench: Bench, command: string, name: string): Promise<Result> {
  const { hands, root, out, venv, signal } = bench;
  const env = { VIRTUAL_ENV: venv, PIP_PYTHON: join(venv, 'bin', 'python') };
  const { code, timedOut, output, seconds } = await hands.run({
    argv: ['bash', '-c', command],
    cwd: root,
    env,
    signal,
  });
  await hands.sweep();
  const whole = join(out, name);
  if (output.length > 16_000)
    await hands.run({ argv: ['sh', '-c', 'cat > "$1"', 'sh', whole], cwd: out, input: output });
  const how = timedOut ? `timed out after ${Math.round(seconds)} s; what it said until then` : `exit ${code}`;
  return {
    text: `${how}\n${headAndTail(output, whole)}`.trimEnd(),
    isError: timedOut || code !== 0,
    facts: { timedOut, polls: /^\s*sleep [\d.]+\s*$/.test(command) },
  };
}

async function existing(tree: Files, path: string): Promise<string> {
  const text = await tree.read(path);
  if (text === undefined) throw new Fault('NotFound', `There is no file ${path}`);
  return text;
}

interface Editing {
  tree: Files;
  /** Marks of the texts that the model has read. */
  seen: Map<string, string>;
  change: EngineerInput<'edit'>;
}

async function edit(bench: Bench, { tree, seen, change }: Editing): Promise<string> {
  const { path } = change;
  refuseProtected(path);
  const text = await tree.read(path);
  const known = seen.get(path);
  if (known && text !== undefined && known !== mark(text)) {
    seen.delete(path);
    throw new Fault('Conflict', `${path} has changed since you read it; read it again`);
  }
  const next = replaced(text, change);
  await refuseBroken(bench, { path, before: text, after: next });
  await tree.write(path, next);
  seen.set(path, mark(next));
  return text === undefined ? `Wrote ${path}` : `Changed ${path}`;
}

function refuseProtected(path: string): void {
  const plain = inside(path).slice(2);
  if (!isProtected(plain) || NOTES.includes(plain)) return;
  throw new Fault(
    'Forbidden',
    `${path} decides how the project is built, tested or published, so it is not yours to change; say in finish what should change there`,
  );
}

function replaced(text: string | undefined, change: EngineerInput<'edit'>): string {
  if (change.old !== '') {
    if (text === undefined)
      throw new Fault('NotFound', `There is no file ${change.path}; an empty \`old\` makes one`);
    return replaceOnce(text, change);
  }
  if (text) throw new Fault('Conflict', `${change.path} exists already; give the text to replace as \`old\``);
  return change.new;
}

const MISSING = /cannot use Perl-compatible|not compiled with|unsupported/i;

/** With ripgrep where it is installed, else with git, which finds the same more slowly. */
async function search({ hands, root }: Bench, pattern: string, path = '.'): Promise<string> {
  const where = inside(path);
  const find = (argv: string[]) =>
    hands.run({ argv: [...argv, '-e', pattern, '--', where], cwd: root, limit: 60_000 });
  const grep = ['git', 'grep', '--no-index', '--exclude-standard', '-nI', '--no-color'];
  const rg = ['rg', '-n', '--no-heading', '--color=never', '--max-columns=300'];
  let found = await find(onPath('rg') ? rg : [...grep, '-P']);
  if (MISSING.test(found.stderr)) found = await find([...grep, '-E']);
  const { code, stdout, output } = found;
  if (code === 1 && !stdout) return 'Nothing found';
  if (code !== 0 && !stdout) throw new Fault('Invalid', `The search failed: ${output.slice(0, 500)}`);
  const plain = stdout.replaceAll(/^\.\//gm, '').replaceAll(/^(.{300}).*$/gm, '$1');
  return headAndTail(ranked(plain));
}

async function verify(bench: Bench): Promise<Result> {
  const found = await bench.verify();
  const passed = found.verdict === 'passed';
  const text = passed ? `${summary(found)}\nVerification passed.` : `${summary(found)}\n${failures(found)}`;
  const tests = { passing: found.greenAfter.length, failing: found.redAfter };
  const isJudged = found.checks.some(({ id }) => id === 'red-green');
  return { text: headAndTail(text), isError: !passed, facts: isJudged ? { tests } : {} };
}
