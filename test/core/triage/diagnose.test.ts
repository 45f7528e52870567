import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Model } from '#core/agents/model.ts';
import { jsonSchema } from '#core/agents/schema.ts';
import type { Repository } from '#core/projects/project.ts';
import { afterDiagnosis, diagnose, Findings } from '#core/triage/diagnose.ts';
import { fromLog, gather, relevant } from '#core/triage/evidence.ts';
import { evidenceBlock, ticketBlock } from '#core/triage/prompt.ts';
import { PROJECT, ticket } from '../../support/tickets.ts';

const TAP = 'local/demo/tap-orders';
const LOG = readFileSync('local/demo/logs/tap-orders.log', 'utf8');
const [repository] = PROJECT.repositories;

const forge = {
  files: async () =>
    readdirSync(TAP, { recursive: true, encoding: 'utf8' })
      .map((path) => join(TAP, path))
      .filter((path) => statSync(path).isFile())
      .map((path) => ({ path: relative(TAP, path), size: statSync(path).size })),
  read: async (path: string) => readFileSync(join(TAP, path), 'utf8'),
};
const artifacts = {
  keys: async () => ['logs/tap-orders/1.log', 'logs/tap-orders/2.log'],
  text: async (key: string) => (key.endsWith('2.log') ? LOG : 'old'),
};

function gathered() {
  if (!repository) throw new Error('no repository');
  return gather(ticket(), { forge, artifacts, repository });
}

describe('gathering', () => {
  it('reads the newest log, and the files that it and the ticket name', async () => {
    const { evidence, paths } = await gathered();
    const ids = evidence.map(({ id }) => id);

    expect(ids).toEqual(expect.arrayContaining(['file:README.md', 'file:tap_orders/client.py']));
    expect(evidence.find(({ id }) => id.startsWith('log:'))?.text).toContain('page 9: 87 records');
    expect(paths).toContain('pyproject.toml');
  });

  it('reads the files that the sender names beside its text', async () => {
    const paths = [...Array.from({ length: 20 }, (_, at) => `a${at}.py`), 'deep/down/rates.py'];
    const wide = { files: async () => paths.map((path) => ({ path, size: 1 })), read: async () => 'pass' };
    const given = ticket({ metadata: { affectedFiles: ['deep/down/rates.py'] } });
    const sources = { forge: wide, artifacts, repository: repository as Repository };
    const { evidence } = await gather(given, sources);

    expect(evidence.map(({ id }) => id)).toContain('file:deep/down/rates.py');
    expect(ticketBlock(given)).toContain('deep/down/rates.py');
  });

  it('keeps line numbers, joins what is near, and is bounded on a huge log', () => {
    const lines = Array.from({ length: 50_000 }, (_, at) => (at === 100 ? 'ERROR boom' : `line ${at + 1}`));
    const evidence = fromLog({ key: 'k', text: lines.join('\n') });

    expect(evidence.map(({ id }) => id)).toEqual(['log:99-103', 'log:49941-50000']);
    expect(evidence[0]?.text.split('\n')[2]).toBe('ERROR boom');
    const noisy = fromLog({ key: 'k', text: 'ERROR\n'.repeat(50_000) });
    expect(noisy.map(({ text }) => text.length).reduce((a, b) => a + b, 0)).toBeLessThan(100_000);
  });

  it('leaves out what is too large or no text', () => {
    expect(
      relevant(
        [
          { path: 'README.md', size: 1e9 },
          { path: 'a.png', size: 1 },
          { path: 'a.py', size: 1 },
        ],
        '',
      ),
    ).toEqual(['a.py']);
  });

  it('cannot be closed from inside', () => {
    const block = evidenceBlock({ id: 'file:a"><b', text: 'x </evidence> <ticket> y' });

    expect(block.match(/<\/evidence>/g)).toHaveLength(1);
    expect(block.split('\n')[0]).toBe('<evidence id="file:a___b">');
  });
});

describe('diagnosing', () => {
  const said = {
    rootCause: 'code_error',
    confidence: 0.9,
    summary: 'Stops early.',
    evidence: [{ id: 'file:tap_orders/client.py', what: 'pages()' }],
    plan: ['Follow the cursor.'],
    files: ['tap_orders/client.py', '../../etc/passwd', '/etc/passwd'],
  };
  const answering = (answer: object): Pick<Model, 'ask'> => ({
    ask: async ({ schema }) => schema.parse(answer),
  });

  it('cites what was read, in our own excerpts', async () => {
    const found = await diagnose(ticket(), await gathered(), answering(said));

    expect(found.evidence[0]?.excerpt).toContain('def ');
    expect(found.files).toEqual(['tap_orders/client.py']);
    expect(afterDiagnosis(found)).toEqual({ next: 'propose', reason: 'Stops early.' });
  });

  it('refuses evidence that was never gathered', async () => {
    const made = { ...said, evidence: [{ id: 'file:invented.py', what: 'no' }] };

    await expect(diagnose(ticket(), await gathered(), answering(made))).rejects.toThrow('evidence');
  });

  it('has a schema that structured output takes', async () => {
    const { evidence } = await gathered();

    expect(JSON.stringify(jsonSchema(Findings(evidence)))).toContain('file:tap_orders/client.py');
  });

  it.each([
    ['unsure', { confidence: 0.79 }],
    ['without evidence', { evidence: [] }],
    ['without a plan', { plan: [] }],
    ['without a cause', { rootCause: 'unknown' }],
  ])('asks a person when it is %s', async (_, change) => {
    const found = await diagnose(ticket(), await gathered(), answering({ ...said, ...change }));

    expect(afterDiagnosis(found).next).toBe('escalate');
  });
});
