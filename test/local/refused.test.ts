import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { AwsError, Operations } from '#local/aws/service.ts';
import { call } from '#local/call.ts';
import { systemClock } from '#local/clock.ts';
import { openServices, wired } from '#local/services.ts';
import { openStore } from '#local/store.ts';
import { sourcesOf } from './sources.ts';

const folder = mkdtempSync(join(tmpdir(), 'refused-'));
const store = openStore(folder);
const services = openServices({ store, clock: systemClock(), root: folder, endpoint: 'http://127.0.0.1:1' });
const { json } = wired(services);
afterAll(async () => {
  await services.machines.stop();
  services.bus.stop();
  services.schedules.stop();
  services.tables.stop();
  store.close();
  rmSync(folder, { recursive: true });
});

const SERVICES = [
  { prefix: 'DynamoDB_20120810', client: 'dynamodb', source: 'local/aws/dynamodb' },
  { prefix: 'AmazonSQS', client: 'sqs', source: 'local/aws/sqs' },
  { prefix: 'AWSEvents', client: 'eventbridge', source: 'local/aws', file: /^events\.ts$/ },
  { prefix: 'secretsmanager', client: 'secrets-manager', source: 'local/aws/secrets' },
  { prefix: 'TrentService', client: 'kms', source: 'local/aws', file: /^kms\.ts$/ },
  { prefix: 'AWSStepFunctions', client: 'sfn', source: 'local/states' },
];

/** What the SDK can send: operations with the members of their inputs. */
function model(client: string): Map<string, string[]> {
  const types = fileURLToPath(
    new URL(`../../node_modules/@aws-sdk/client-${client}/dist-types/`, import.meta.url),
  );
  const models = readFileSync(join(types, 'models/models_0.d.ts'), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
  const index = readFileSync(join(types, 'commands/index.d.ts'), 'utf8');
  const shapes = new Map(
    [...models.matchAll(/export interface (\w+)(?: extends \w+)? \{([\s\S]*?)\n\}/g)].map(
      ([, name, body]) => [
        name,
        [...(body ?? '').matchAll(/^ {4}(\w+)\??:/gm)].map(([, member]) => member as string),
      ],
    ),
  );
  return new Map(
    [...index.matchAll(/\.\/(\w+)Command"/g)].map(([, operation = '']) => {
      const file = readFileSync(join(types, 'commands', `${operation}Command.d.ts`), 'utf8');
      const input = /CommandInput extends (\w+)/.exec(file)?.[1] ?? '';
      return [operation, shapes.get(input) ?? []];
    }),
  );
}

async function refusal(operations: Operations, name: string, input: object): Promise<AwsError | undefined> {
  try {
    await call(operations, name, input);
    return undefined;
  } catch (error) {
    return error as AwsError;
  }
}

describe.each(SERVICES)('$client', ({ prefix, client, source, file }) => {
  const operations = json[prefix] as Operations;
  const all = model(client);
  const text = sourcesOf([source], file);

  it('knows every operation that it answers', () => {
    expect(all.size).toBeGreaterThan(5);
    expect(Object.keys(operations).filter((name) => !all.has(name))).toEqual([]);
  });

  it('refuses every other operation of the API by name', async () => {
    const others = [...all.keys()].filter((name) => !operations[name]);
    for (const name of others) {
      const error = await refusal(operations, name, {});
      expect(error).toMatchObject({ code: 'NotImplemented', message: expect.stringContaining(name) });
    }
    expect(others.length).toBeGreaterThan(0);
  });

  const cases = Object.keys(operations).flatMap((name) =>
    (all.get(name) ?? []).map((member) => [name, member] as const),
  );

  it.each(cases)('%s: reads %s, or refuses it by name', async (name, member) => {
    const error = await refusal(operations, name, { [member]: 'x' });
    const isRefused =
      error?.code === 'NotImplemented' && [member, name].some((word) => error.message.includes(word));
    const isRead = new RegExp(`(?<![\\w$])${member}(?!\\w)`).test(text);

    expect({ member, isRefused: isRefused || isRead }).toEqual({ member, isRefused: true });
  });
});
