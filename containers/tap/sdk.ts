import type { Environment, Shop } from '../verify/environment.ts';

const SDKS = ['hotglue-singer-sdk', 'singer-sdk', 'pipelinewise-singer-python', 'singer-python'];
const SAY_SDK = `import sys
from importlib.metadata import version
for name in sys.argv[1:]:
    try: print(name, version(name)); break
    except Exception: pass`;

/** The library that prints the catalog, with its version; two of them say the same schema differently. */
export async function sdkOf(
  { hands, signal }: Pick<Shop, 'hands' | 'signal'>,
  { python, out }: Pick<Environment, 'python' | 'out'>,
): Promise<string | undefined> {
  const { code, stdout } = await hands.run({
    argv: [python, '-I', '-c', SAY_SDK, ...SDKS],
    cwd: out,
    limit: 30_000,
    ...(signal && { signal }),
  });
  const [said = ''] = stdout.trim().split('\n');
  return code === 0 && SDKS.includes(said.split(' ')[0] ?? '') ? said.slice(0, 100) : undefined;
}
