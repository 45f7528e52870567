import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Cuts what the product calls out of GitHub's own description of its API: `node test/support/vendors/extract-github-api.ts FOLDER`,
 * where FOLDER is the unpacked npm package @octokit/openapi (MIT), which is too large to be installed with this one.
 */
const CALLED = [
  'GET /app',
  'GET /app/hook/config',
  'PATCH /app/hook/config',
  'GET /app/hook/deliveries',
  'POST /app/hook/deliveries/{delivery_id}/attempts',
  'GET /app/installations',
  'POST /app-manifests/{code}/conversions',
  'GET /repos/{owner}/{repo}/collaborators/{username}/permission',
  'GET /repos/{owner}/{repo}/contents/{path}',
  'GET /repos/{owner}/{repo}/git/ref/{ref}',
  'GET /repos/{owner}/{repo}/git/trees/{tree_sha}',
  'GET /repos/{owner}/{repo}/hooks',
  'GET /repos/{owner}/{repo}/hooks/{hook_id}/deliveries',
  'POST /repos/{owner}/{repo}/hooks/{hook_id}/deliveries/{delivery_id}/attempts',
  'GET /repos/{owner}/{repo}/issues/{issue_number}/comments',
  'POST /repos/{owner}/{repo}/issues/{issue_number}/comments',
  'GET /repos/{owner}/{repo}/issues/comments/{comment_id}',
  'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}',
  'GET /repos/{owner}/{repo}/pulls',
  'POST /repos/{owner}/{repo}/pulls',
  'GET /repos/{owner}/{repo}/pulls/{pull_number}',
  'PATCH /repos/{owner}/{repo}/pulls/{pull_number}',
  'GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}',
  'GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}/comments',
];

// biome-ignore lint/suspicious/noExplicitAny: an OpenAPI document is any JSON
type Any = any;
const WORDS = ['description', 'title', 'example', 'examples', 'externalDocs', 'x-github', 'deprecated'];

const [folder = ''] = process.argv.slice(2);
const whole: Any = JSON.parse(readFileSync(join(folder, 'generated/api.github.com.json'), 'utf8'));
const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
const schemas: Record<string, Any> = {};
const operations = Object.fromEntries(CALLED.map((called) => [called, operationOf(called)]));
writeFileSync(
  new URL('github-api.json', import.meta.url),
  `${JSON.stringify({ from: `${name} ${version}, MIT`, operations, schemas })}\n`,
);

function operationOf(called: string) {
  const [method = '', path = ''] = called.split(' ');
  const operation = whole.paths[path]?.[method.toLowerCase()];
  if (!operation) throw new Error(`GitHub has no ${called}`);
  const inQuery = (operation.parameters ?? []).map(resolved).filter((one: Any) => one.in === 'query');
  return {
    query: Object.fromEntries(inQuery.map((one: Any) => [one.name, cut(one.schema)])),
    body: cut(operation.requestBody?.content?.['application/json']?.schema),
    answers: Object.fromEntries(
      Object.entries(operation.responses).map(([status, answer]) => [
        status,
        cut(resolved(answer).content?.['application/json']?.schema),
      ]),
    ),
  };
}

function resolved(given: Any): Any {
  if (!given?.$ref) return given;
  return given.$ref
    .slice(2)
    .split('/')
    .reduce((at: Any, key: string) => at[key], whole);
}

/** Without what is there for readers; what it refers to is kept beside it. */
function cut(given: Any): Any {
  if (Array.isArray(given)) return given.map(cut);
  if (typeof given !== 'object' || given === null) return given;
  if (given.$ref) return { $ref: `#/schemas/${kept(given.$ref.split('/').at(-1))}` };
  const { nullable, ...rest } = given;
  const schema = Object.fromEntries(
    Object.entries(rest)
      .filter(
        ([key, value]) => !(WORDS.includes(key) && typeof value !== 'object') && !/^examples?$|^x-/.test(key),
      )
      .map(([key, value]) => [key, cut(value)]),
  );
  // OpenAPI 3.0's way to say it is not JSON Schema's.
  return nullable === true ? { anyOf: [schema, { type: 'null' }] } : schema;
}

function kept(key: string): string {
  if (!(key in schemas)) {
    schemas[key] = true;
    schemas[key] = cut(whole.components.schemas[key]);
  }
  return key;
}
