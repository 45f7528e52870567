import { mkdtempSync, readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InvokeCommand, type InvokeCommandInput, LambdaClient } from '@aws-sdk/client-lambda';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Lambda, lambda } from '#local/aws/lambda/lambda.ts';
import { wireServer } from '#local/aws/wire.ts';
import { type Clock, systemClock } from '#local/clock.ts';
import { openStore, type Store } from '#local/store.ts';

const root = fileURLToPath(new URL('../fixtures/', import.meta.url));
const PROBE = 'functions/probe.ts';

let store: Store;
let subject: Lambda;
let server: Server;
let client: LambdaClient;
let delivered: { to: string; record: unknown }[];

/** Waits that AWS counts in minutes pass at once. */
const hasty: Clock = {
  now: Date.now,
  at: (time, work) => systemClock().at(Math.min(time, Date.now() + 2_000), work),
};

async function open(folder: string, clock: Clock = systemClock()): Promise<void> {
  store = openStore(folder);
  const environment = { AWS_REGION: 'us-east-1', PATH: process.env.PATH ?? '' };
  const deliver = (to: string, record: unknown) => void delivered.push({ to, record });
  subject = lambda({ store, clock, root, environment, deliver });
  subject.define('probe', { Environment: { Variables: { NAME: 'first' } }, Timeout: 5 }, PROBE);
  subject.define('twin', { Environment: { Variables: { NAME: 'second' } }, Timeout: 5 }, PROBE);
  server = wireServer({ json: {}, rest: { lambda: subject.rest } });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  client = new LambdaClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
}

async function close(): Promise<void> {
  client.destroy();
  server.close();
  await subject.stop(1);
  store.close();
}

async function invoke(event: object, more: Partial<InvokeCommandInput> = {}) {
  const Payload = JSON.stringify(event);
  const reply = await client.send(new InvokeCommand({ FunctionName: 'probe', Payload, ...more }));
  const text = Buffer.from(reply.Payload ?? []).toString();
  return {
    status: reply.StatusCode,
    error: reply.FunctionError,
    payload: text ? JSON.parse(text) : undefined,
  };
}

beforeEach(async () => {
  delivered = [];
  await open(mkdtempSync(join(tmpdir(), 'lambda-')));
});
afterEach(close);

describe('Invoke', () => {
  it('runs the source with the environment of the template alone', async () => {
    process.env.ONLY_OUTSIDE = 'yes';
    const { payload } = await invoke({ a: 1 });

    expect(payload).toMatchObject({ event: { a: 1 }, name: 'probe' });
    expect(payload.env).toMatchObject({
      NAME: 'first',
      AWS_LAMBDA_FUNCTION_NAME: 'probe',
      AWS_REGION: 'us-east-1',
    });
    expect(payload.env.ONLY_OUTSIDE).toBeUndefined();
    expect(process.env.ONLY_OUTSIDE).toBe('yes');
    expect(process.env.NAME).toBeUndefined();
    expect(payload.remaining).toBeGreaterThan(4_000);
  });

  it('gives two functions of one source each their own environment, at the same time', async () => {
    const names = ['probe', 'twin', 'probe', 'twin'];
    const replies = await Promise.all(
      names.map((FunctionName) => invoke({ do: 'sleep', ms: 20 }, { FunctionName })),
    );

    expect(replies.map(({ payload }) => payload.env.NAME)).toEqual(['first', 'second', 'first', 'second']);
  });

  it('takes the function by ARN', async () => {
    const FunctionName = 'arn:aws:lambda:us-east-1:000000000000:function:twin';

    expect((await invoke({}, { FunctionName })).payload.name).toBe('twin');
  });

  it('reports what a function throws', async () => {
    const { error, payload } = await invoke({ do: 'throw' });

    expect(error).toBe('Unhandled');
    expect(payload).toMatchObject({ errorType: 'NotFound', errorMessage: 'no such ticket' });
    expect(payload.trace[0]).toBe('NotFound: no such ticket');
  });

  it('reports a timeout', async () => {
    subject.define('slow', { Timeout: 1 }, PROBE);
    const { error, payload } = await invoke({ do: 'sleep', ms: 3_000 }, { FunctionName: 'slow' });

    expect(error).toBe('Unhandled');
    expect(payload.errorType).toBe('Sandbox.Timedout');
    expect(payload.errorMessage).toMatch(/^RequestId: \S+ Error: Task timed out after 1\.00 seconds$/);
  });

  it.each([
    ['a source that is not there', 'functions/none.ts', 'Runtime.ImportModuleError'],
    ['a source without a handler', 'functions/empty.ts', 'Runtime.HandlerNotFound'],
  ])('reports %s', async (_, source, errorType) => {
    subject.define('broken', {}, source);

    expect((await invoke({}, { FunctionName: 'broken' })).payload.errorType).toBe(errorType);
  });
});

describe("Invoke's limits", () => {
  it('answers null for nothing', async () => {
    expect((await invoke({ do: 'nothing' })).payload).toBeNull();
  });

  it('refuses payloads of more than 6 MB, both ways', async () => {
    await expect(invoke({ big: 'x'.repeat(6_300_000) })).rejects.toThrow(/too large for the Invoke/);
    const { payload } = await invoke({ do: 'grow', size: 6_300_000 });
    expect(payload.errorType).toBe('Function.ResponseSizeTooLarge');
  });

  it('refuses what is not there', async () => {
    await expect(invoke({}, { FunctionName: 'nobody' })).rejects.toThrow(
      'Function not found: arn:aws:lambda:us-east-1:000000000000:function:nobody',
    );
    expect(() => subject.define('layered', { Layers: ['x'] }, PROBE)).toThrow(/Layers/);
  });

  it('turns away what is beyond the reserved concurrency', async () => {
    subject.define('single', { ReservedConcurrentExecutions: 1, Timeout: 5 }, PROBE);
    const first = invoke({ do: 'sleep', ms: 300 }, { FunctionName: 'single' });
    await new Promise((resolve) => setTimeout(resolve, 100));

    await expect(invoke({}, { FunctionName: 'single' })).rejects.toThrow('Rate Exceeded.');
    expect((await first).error).toBeUndefined();
  });

  it("keeps a function's output from the terminal, in a file of its own", async () => {
    await invoke({ do: 'print' });

    expect(readFileSync(join(store.folder, 'logs/functions/probe.log'), 'utf8')).toBe(
      'printed by a function\n',
    );
  });
});

describe('Invoke with Event', () => {
  it('accepts at once and tells the destination after two retries', async () => {
    await close();
    await open(mkdtempSync(join(tmpdir(), 'lambda-')), hasty);
    subject.configure({
      FunctionName: 'probe',
      Qualifier: '$LATEST',
      DestinationConfig: { OnFailure: { Destination: 'arn:aws:sqs:us-east-1:000000000000:failed' } },
    });

    expect((await invoke({ do: 'throw' }, { InvocationType: 'Event' })).status).toBe(202);
    await expect.poll(() => delivered.length, { timeout: 8_000 }).toBe(1);
    expect(delivered[0]).toMatchObject({
      to: 'arn:aws:sqs:us-east-1:000000000000:failed',
      record: {
        requestContext: { condition: 'RetriesExhausted', approximateInvokeCount: 3 },
        requestPayload: { do: 'throw' },
        responsePayload: { errorType: 'NotFound' },
      },
    });
  });

  it('runs after a restart what was accepted before', async () => {
    store.transaction(() => subject.invokeLater('probe', { do: 'print' }));
    const { folder } = store;
    await close(); // whether it ran before the stop or not, it runs by the end
    await open(folder);
    subject.resume();

    await expect
      .poll(() => readFileSync(join(folder, 'logs/functions/probe.log'), { encoding: 'utf8', flag: 'a+' }))
      .toContain('printed by a function');
  });

  it('does not run what its transaction took back', async () => {
    expect(() =>
      store.transaction(() => {
        subject.invokeLater('probe', { do: 'print' });
        throw new Error('no');
      }),
    ).toThrow('no');
    subject.resume();
    await new Promise((resolve) => setTimeout(resolve, 100));

    expect(() => readFileSync(join(store.folder, 'logs/functions/probe.log'))).toThrow(/ENOENT/);
  });
});
