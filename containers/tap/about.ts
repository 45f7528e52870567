import { type Facts, factsOf, SAMPLES } from '#core/taps/facts.ts';
import type { IntegrationKind } from '#core/taps/step.ts';
import { isTestFile } from '#core/taps/tests.ts';
import type { Shop } from '../verify/environment.ts';

const MOST_CODE = 60;
const PACKAGING = ['pyproject.toml', 'setup.py', 'setup.cfg', 'requirements.txt'];

interface About {
  tree: string;
  /** Where nothing in it says what it is called. */
  called: string;
  kind?: IntegrationKind;
}

/** What the files of a tree tell of an integration, without running anything. */
export async function factsAbout({ workspace }: Shop, { tree, called, kind }: About): Promise<Facts> {
  const paths = await workspace.files(tree);
  const read = async (some: string[]) =>
    (await Promise.all(some.map((path) => workspace.read(tree, path)))).join('\n');
  const code = paths.filter(
    (path) => path.endsWith('.py') && !isTestFile(path) && path.split('/').length < 5,
  );
  const first = code.sort((a, b) => rank(a) - rank(b)).slice(0, MOST_CODE);
  const [packaging, text, sample] = await Promise.all([
    read(PACKAGING.filter((path) => paths.includes(path))),
    read(first),
    read(SAMPLES.filter((path) => paths.includes(path)).slice(0, 1)),
  ]);
  return factsOf({ paths, packaging, code: text, sample, called }, kind);
}

function rank(path: string): number {
  return /(?:__init__|tap|target|cli|main|__main__)\.py$/.test(path) ? 0 : 1;
}
