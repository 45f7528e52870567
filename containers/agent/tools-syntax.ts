import { stripTypeScriptTypes } from 'node:module';
import { Fault } from '#core/fault.ts';
import type { Hands } from '../hands.ts';

/** Why a text is not what its file name says; undefined when it is, or when nothing here can tell. */
type Check = (text: string, hands: Hands, root: string) => Promise<string | undefined> | string | undefined;

const CHECKS: [RegExp, Check][] = [
  [/\.pyi?$/, python],
  [/\.(?:[cm]?[jt]s)$/, script],
  [/\.json$/, json],
];

/** A file that parsed before must parse afterwards. Throws `Invalid` with the parser's own words. */
export async function refuseBroken(
  { hands, root }: { hands: Hands; root: string },
  { path, before, after }: { path: string; before?: string; after: string },
): Promise<void> {
  const check = CHECKS.find(([name]) => name.test(path))?.[1];
  const why = await check?.(after, hands, root);
  if (!check || !why) return;
  if (before !== undefined && (await check(before, hands, root))) return;
  throw new Fault('Invalid', `${path} would no longer parse, so it is left as it was:\n${why}`);
}

const PARSE = 'import ast,sys; ast.parse(sys.stdin.read())';

async function python(input: string, hands: Hands, cwd: string): Promise<string | undefined> {
  const argv = ['python3', '-I', '-S', '-c', PARSE];
  const { code, output } = await hands.run({ argv, cwd, input, limit: 20_000 });
  return code === 0 || code === 127 ? undefined : output.trim().split('\n').slice(-4).join('\n');
}

/** JavaScript with or without types; a file with JSX in it never parses here, so it is never held to it. */
function script(text: string): string | undefined {
  try {
    stripTypeScriptTypes(text, { mode: 'transform' });
    return undefined;
  } catch (error) {
    return (error as Error).message.slice(0, 1_000);
  }
}

function json(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
