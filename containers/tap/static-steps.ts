import { installCause } from '#core/taps/failure.ts';
import { addedSecrets, list, secretsIn } from '#core/taps/patch.ts';
import { textOf } from '../verify/environment.ts';
import { added } from './smoke-tests.ts';
import { type Check, type Found, failed, pass, type Subject, skip } from './subject.ts';

/** What is asked of the files alone; none of it decides whether an integration works. */
export function staticChecks(id: string, install: string): Check[] {
  return [
    { id: `${id}a`, title: 'Its linter finds nothing', needs: [install], look: lints },
    { id: `${id}b`, title: 'No secret stands in it', look: keepsSecrets },
  ];
}

async function lints(subject: Subject): Promise<Found> {
  const { shop, tree, hands, environment: made } = subject;
  const paths = await shop.workspace.files(tree);
  const isAsked =
    paths.some((path) => /^\.?ruff\.toml$/.test(path)) ||
    /^\[tool\.ruff\b/m.test(await textOf(shop.workspace, tree, 'pyproject.toml'));
  if (!isAsked)
    return skip('it says nothing to ruff: there is no ruff.toml and no [tool.ruff] in pyproject.toml');
  const install = await added(subject, 'ruff');
  if (install.code !== 0)
    return {
      verdict: 'INCONCLUSIVE',
      detail: `ruff could not be installed: ${installCause(install.output)}`,
    };
  subject.reach('nothing');
  const argv = [`${made.bin}/ruff`, 'check', '--no-cache', '--output-format', 'concise', '.'];
  const { code, stdout, output } = await hands.run({ argv, cwd: made.repository, limit: 60_000 });
  if (code === 0) return pass('ruff check finds nothing');
  const found = stdout.split('\n').filter((line) => /^\S+:\d+:\d+: /.test(line));
  if (found.length === 0)
    return { verdict: 'INCONCLUSIVE', detail: `ruff could not read its settings: ${installCause(output)}` };
  return {
    verdict: 'WARN',
    detail: `${found.length} findings: ${list(found, 3)}`,
    evidence: { found: found.slice(0, 100) },
  };
}

const MOST_FILES = 3_000;
const TEXT = /\.(?:py|toml|cfg|ini|ya?ml|json|md|txt|env|sh|tf|xml|pem|key)$|(?:^|\/)\.env/;

/** What a change adds, where there is one to look at; else everything. */
async function keepsSecrets({ shop, tree, base }: Subject): Promise<Found> {
  const { workspace } = shop;
  if (base !== undefined) {
    const found = addedSecrets(await workspace.diff(base, tree));
    return found.length === 0
      ? pass('none in what is changed')
      : failed({ class: 'DATA_QUALITY', rule: 'secret', line: found[0] ?? '' }, list(found, 5), told(found));
  }
  const paths = (await workspace.files(tree)).filter((path) => TEXT.test(path)).slice(0, MOST_FILES);
  const found: string[] = [];
  for (const path of paths)
    found.push(...secretsIn(await workspace.read(tree, path)).map((kind) => `${kind} in ${path}`));
  return found.length === 0 ? pass(`none in ${paths.length} files`) : { verdict: 'WARN', ...told(found) };
}

/** Names the kind and the file, never the text itself. */
function told(found: string[]) {
  return {
    ...{ detail: list(found, 5), evidence: { found } },
    advice: 'If it is one, have it changed where it is valid, then take it out: the history keeps it.',
  };
}
