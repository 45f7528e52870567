import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);

async function synth(app: string, context = {}): Promise<string> {
  const out = mkdtempSync(join(tmpdir(), 'synth-'));
  const flags = {
    '@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy': true,
    '@aws-cdk/aws-iam:minimizePolicies': true,
    '@aws-cdk/core:enablePartitionLiterals': true,
  };
  const env = {
    ...process.env,
    CDK_VALIDATION: '',
    CDK_OUTDIR: out,
    CDK_CONTEXT_JSON: JSON.stringify({
      ...flags,
      ...context,
      'aws:cdk:bundling-stacks': [],
      'aws:cdk:disable-asset-staging': true,
    }),
  };
  return run(process.execPath, [app], { env })
    .then(
      () => 'clean',
      (error: { stderr: string; stdout: string }) => `${error.stdout}${error.stderr}`,
    )
    .finally(() => rmSync(out, { recursive: true }));
}

it('passes every AwsSolutions rule, or says why not', { timeout: 180_000 }, async () => {
  expect(await synth('bin/app.ts')).toBe('clean');
});

it('passes them with checkpoints in a bucket of another account', { timeout: 180_000 }, async () => {
  expect(await synth('bin/app.ts', { checkpointBucket: 'archive-of-acme' })).toBe('clean');
});

it('passes them with commands in a task of their own', { timeout: 180_000 }, async () => {
  expect(await synth('bin/app.ts', { AgentProfile: 'strict' })).toBe('clean');
});

it('would fail on a finding that nobody has explained', { timeout: 180_000 }, async () => {
  expect(await synth('test/lib/fixtures/unexplained-app.ts')).toContain('AwsSolutions-SQS3');
});
