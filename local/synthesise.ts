import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Nothing is bundled, copied or validated: what runs here are the sources themselves. */
const CONTEXT = { 'aws:cdk:bundling-stacks': [], 'aws:cdk:disable-asset-staging': true };

/** Synthesises the CDK app into `out`, in a process of its own: the library is large, and is needed only for this. */
export async function synthesise(root: string, app: string, out: string): Promise<void> {
  const env = {
    ...process.env,
    CDK_OUTDIR: out,
    CDK_VALIDATION: 'false',
    CDK_CONTEXT_JSON: JSON.stringify({ ...contextOf(root), ...CONTEXT }),
  };
  await run(process.execPath, [app], { cwd: root, env }).catch((error: { stderr?: string }) => {
    throw new Error(`${app} does not synthesise:\n${error.stderr ?? ''}`, { cause: error });
  });
}

/** The context that the CDK's command line would read for the app. */
function contextOf(root: string): object {
  try {
    return JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8')).context ?? {};
  } catch {
    return {};
  }
}
