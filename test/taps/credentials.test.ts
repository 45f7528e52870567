import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { secretsManager } from '#adapters/aws/clients.ts';
import { secretCredentials } from '#adapters/aws/credentials.ts';
import { clock } from '#adapters/clock.ts';
import { dynamoLeases } from '#adapters/dynamodb/leases.ts';
import { digestOf, rotatedKeys, secretOf } from '#core/taps/credentials.ts';
import { fileCredentials } from '../../bin/taps/credentials.ts';
import { type LocalAws, localAws } from '../support/aws.ts';
import { credentialsContract } from './credentials.contract.ts';

describe('a config file', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'signalbox-credentials-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  credentialsContract(async (text) => {
    const file = join(folder, `${randomUUID()}.json`);
    const put = (next: string) => writeFile(file, next, { mode: 0o600 });
    await put(text);
    const die = () => writeFile(`${file}.signalbox-lock`, '999999999');
    return { open: () => fileCredentials(file), put, die };
  });

  it('stays as private as it was, and leaves nothing beside it', async () => {
    const place = await mkdtemp(join(folder, 'alone-'));
    const file = join(place, 'config.json');
    await writeFile(file, '{"token":"1"}', { mode: 0o600 });
    const { alone, read, write } = fileCredentials(file);
    await alone(async () => write('{"token":"2"}', (await read()).version));

    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(place)).toEqual(['config.json']);
  });
});

describe('a secret of Secrets Manager', () => {
  let aws: LocalAws;
  beforeAll(async () => {
    aws = await localAws();
  });
  afterAll(() => aws.stop());
  /** What a dead holder leaves ends soon, and what a living one holds lasts. */
  const leases = (length = 60_000) => dynamoLeases('Leases', clock, length);

  async function secret(text: string): Promise<string> {
    const Name = `signalbox/credentials/acme/shop/${randomUUID()}`;
    await secretsManager().send(new CreateSecretCommand({ Name, SecretString: text }));
    return Name;
  }
  const put = async (SecretId: string, SecretString: string) =>
    void (await secretsManager().send(new PutSecretValueCommand({ SecretId, SecretString })));

  credentialsContract(async (text) => {
    const id = await secret(text);
    return {
      open: () => secretCredentials(id, { leases: leases() }),
      put: (next) => put(id, next),
      die: () => leases(100).take(id, 'dead'),
    };
  });

  it('is written under its lease alone, and not by who has lost that', async () => {
    const id = await secret('{"token":"1"}');
    const ended = { ...leases(), take: leases(-1).take };
    const { alone, read, write } = secretCredentials(id, { leases: ended });
    const { version } = await read();
    await expect(write('{"token":"2"}', version)).rejects.toThrow('only by who holds it alone');
    await alone(async () => {
      await leases().take(id, 'somebody else');

      await expect(write('{"token":"2"}', version)).rejects.toThrow('taken by somebody else');
    });
    expect((await read()).text).toBe('{"token":"1"}');
  });

  it('keeps a token that came too late where a person finds it', async () => {
    const id = await secret('{"token":"1"}');
    const { alone, read, write } = secretCredentials(id, { leases: leases() });
    await alone(async () => {
      const { version } = await read();
      await put(id, '{"token":"theirs"}');
      await write('{"token":"2"}', version).catch(() => {});
    });

    const late = new GetSecretValueCommand({ SecretId: id, VersionStage: 'SIGNALBOX_ROTATED' });
    expect((await secretsManager().send(late)).SecretString).toBe('{"token":"2"}');
  });

  it('loses no token when several runs want to rotate it at one moment', async () => {
    const id = await secret('{"token":1}');
    let good = 1;
    const refresh = () => {
      const { alone, read, write } = secretCredentials(id, { leases: leases(), patience: 60_000 });
      return alone(async () => {
        const { text, version } = await read();
        // As an API does that takes each refresh token once.
        if (JSON.parse(text).token !== good) throw new Error('invalid_grant');
        good++;
        await write(JSON.stringify({ token: good }), version);
      });
    };
    await Promise.all([refresh(), refresh(), refresh()]);

    expect(good).toBe(4);
    expect((await secretCredentials(id, { leases: leases() }).read()).text).toBe('{"token":4}');
  });

  it('waits for who has it as long as it may', async () => {
    const id = await secret('{}');
    await leases(100).take(id, 'dead');

    expect(await secretCredentials(id, { leases: leases(), patience: 60_000 }).alone(async () => 1)).toBe(1);
  });
});

describe("a tenant's secret", () => {
  const prefix = 'signalbox/credentials';
  const owner = { org: 'acme', tenant: 'shop' };
  const arn = (name: string) => `arn:aws:secretsmanager:us-east-1:123456789012:secret:${name}-AbCdEf`;

  it.each([
    ['orders', 'signalbox/credentials/acme/shop/orders'],
    ['signalbox/credentials/acme/shop/orders', 'signalbox/credentials/acme/shop/orders'],
    [arn('signalbox/credentials/acme/shop/orders'), arn('signalbox/credentials/acme/shop/orders')],
  ])('is its own: %s', (given, is) => {
    expect(secretOf(prefix, owner, given)).toBe(is);
  });

  it.each([
    'signalbox/credentials/other/shop/orders',
    'signalbox/credentials/acme/other/orders',
    'signalbox/credentials/acme/shop/',
    'signalbox/credentials/acme/shopper/orders',
    arn('signalbox/credentials/other/shop/orders'),
    arn('ForgeSecret'),
  ])('is nobody else’s: %s', (given) => {
    expect(() => secretOf(prefix, owner, given)).toThrow('is not a secret of tenant shop');
  });
});

it('names what was rotated, and not to what', () => {
  const before = { token: 'a', oauth: { refresh: 'b', id: 1 }, gone: 1 };

  expect(rotatedKeys(before, { token: 'a', oauth: { refresh: 'c', id: 1 }, more: 2 })).toEqual([
    'oauth.refresh',
    'gone',
    'more',
  ]);
});

it('tells a config that somebody changed from one that a run rewrote', () => {
  const config = { start: '2026-01-01', oauth: { refresh_token: 'a', expires_in: 1_790_000_000 }, page: 100 };
  const of = (change: object, tenant = 'shop') => digestOf({ ...config, ...change }, tenant);

  expect(of({ oauth: { expires_in: 1_790_003_600, refresh_token: 'b' } })).toBe(of({}));
  expect(of({ access_token: 'new' })).toBe(of({}));
  expect(of({ page: 200 })).not.toBe(of({}));
  expect(of({}, 'other')).not.toBe(of({}));
});
