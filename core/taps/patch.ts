import type { CheckResult } from '../runs/run.ts';

/** One changed file, as `git diff --raw` tells it. */
export interface Change {
  path: string;
  /** A, M, D or T. */
  status: string;
  /** Git's mode of the new file: `100644`, `120000` (link), `160000` (another repository), `000000` (gone). */
  mode: string;
}

export interface Patch {
  changes: Change[];
  /** The unified diff. */
  diff: string;
}

const MOST_FILES = 60;
const MOST_CHARACTERS = 400_000;

/** What decides how a change is built, checked or published is not the engineer's to change. */
const PROTECTED = [
  /(^|\/)\.git(\/|$)/i,
  /^\.signalbox(\/|$)/i,
  /(^|\/)\.git(modules|attributes)$/i,
  /^\.(github|gitlab|circleci|buildkite|azure-pipelines)\//i,
  /^\.(gitlab-ci|travis|drone|pre-commit-config|cirrus)\.ya?ml$/i,
  /^(jenkinsfile|azure-pipelines\.ya?ml|bitbucket-pipelines\.ya?ml|codeowners)$/i,
  /(^|\/)\.?(netrc|npmrc|pypirc|pip\.conf|env)$/i,
  /(^|\/)(sitecustomize|usercustomize|conftest)\.py$/i,
  /(^|\/)(pytest\.ini|tox\.ini|noxfile\.py|\.coveragerc)$/i,
  /\.pth$/i,
  /(^|\/)\.\.(\/|$)|^\/|\\/,
];

/** Shapes of credentials that people's tools print and files hold. */
export const SECRETS: [string, RegExp][] = [
  ['an AWS access key', /\b(AKIA|ASIA)[0-9A-Z]{16}\b/],
  ['a private key', /-----BEGIN [A-Z ]*PRIVATE KEY-----/],
  ['a GitHub token', /\b(gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{60,})\b/],
  ['a Slack token', /\bxox[abeprs]-[A-Za-z0-9-]{10,}/],
  ['an API key', /\bsk-[A-Za-z0-9_-]{24,}\b/],
  ['a Stripe key', /\b[rs]k_live_[A-Za-z0-9]{20,}\b/],
  ['a Google API key', /\bAIza[0-9A-Za-z_-]{35}\b/],
  ['a GitLab token', /\bglpat-[\w-]{20,}/],
  ['a package registry token', /\b(npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,})\b/],
  ['a SendGrid key', /\bSG\.[\w-]{16,}\.[\w-]{16,}/],
  ['a JSON Web Token', /\beyJ[A-Za-z0-9_-]{16,}\.eyJ[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}/],
  ['a URL with a password', /\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@'"]+:[^\s/@'"]{6,}@/i],
  [
    'a literal password or secret',
    /\b(password|passwd|secret|api_?key|access_?token|refresh_?token)\b['"]?\s*[:=]\s*['"][A-Za-z0-9+/_=-]{16,}['"]/i,
  ],
];

/** `git diff --raw -z`, read. */
export function changes(raw: string): Change[] {
  const parts = raw.split('\0');
  const found: Change[] = [];
  for (let index = 0; index + 1 < parts.length; index += 2) {
    const [, mode = '', , , status = ''] = (parts[index] ?? '').split(' ');
    found.push({ path: parts[index + 1] ?? '', mode, status: status.slice(0, 1) });
  }
  return found;
}

/** Whether a patch may be looked at further at all; each check with what it saw. */
export function checkPatch(patch: Patch): CheckResult[] {
  return [isPresent(patch), isSmall(patch), staysOut(patch), isPlain(patch), keepsSecrets(patch)];
}

function isPresent({ changes: all }: Patch): CheckResult {
  const detail =
    all.length === 0 ? 'Nothing was changed' : `${all.length} changed: ${list(all.map(({ path }) => path))}`;
  return result('patch', 'The change is not empty', all.length > 0, detail);
}

function isSmall({ changes: all, diff }: Patch): CheckResult {
  const detail = `${all.length} of at most ${MOST_FILES} files, ${diff.length} of at most ${MOST_CHARACTERS} characters`;
  return result(
    'size',
    'The change can be read',
    all.length <= MOST_FILES && diff.length <= MOST_CHARACTERS,
    detail,
  );
}

/** Whether a file decides how the project is built, tested, checked or published. */
export function isProtected(path: string): boolean {
  return PROTECTED.some((one) => one.test(path));
}

function staysOut({ changes: all }: Patch): CheckResult {
  const touched = all.map(({ path }) => path).filter(isProtected);
  const detail = touched.length === 0 ? 'None is touched' : `Touched: ${list(touched)}`;
  return result('paths', 'Protected files stay as they are', touched.length === 0, detail);
}

function isPlain({ changes: all }: Patch): CheckResult {
  const odd = all
    .filter(({ mode }) => !['100644', '100755', '000000'].includes(mode))
    .map(({ path }) => path);
  const detail = odd.length === 0 ? 'Plain files only' : `Links or repositories: ${list(odd)}`;
  return result('kinds', 'No links, no repositories inside', odd.length === 0, detail);
}

/** Kinds and files of what looks like a secret among the lines that a diff adds. */
export function addedSecrets(diff: string): string[] {
  return [...new Set(diff.split(/^diff --git /m).flatMap(secretsOfFile))];
}

/** Names the kind and the file of what looks like a secret, never the text itself. */
function keepsSecrets({ diff }: Patch): CheckResult {
  const found = addedSecrets(diff);
  const detail = found.length === 0 ? 'None found in the lines added' : `Looks like ${list(found)}`;
  return result('secrets', 'No secrets are added', found.length === 0, detail);
}

function secretsOfFile(part: string): string[] {
  const file = /^\+\+\+ b\/(.*)$/m.exec(part)?.[1] ?? 'a file';
  const lines = part.match(/^\+(?!\+\+ ).*$/gm)?.join('\n') ?? '';
  const named = secretsIn(file).map((kind) => `${kind} in a file's name`);
  return [...named, ...secretsIn(lines).map((kind) => `${kind} in ${file}`)];
}

/** The kinds of credentials that a text seems to hold. */
export function secretsIn(text: string): string[] {
  return SECRETS.filter(([, shape]) => shape.test(text)).map(([kind]) => kind);
}

/** A check that passed or failed by looking alone. */
export function result(id: string, title: string, passed: boolean, detail: string): CheckResult {
  return { id, title, verdict: passed ? 'PASS' : 'FAIL', detail: detail.slice(0, 4_000), seconds: 0 };
}

export function list(names: string[], most = 12): string {
  const more = names.length > most ? ` and ${names.length - most} more` : '';
  return names.slice(0, most).join(', ') + more;
}
