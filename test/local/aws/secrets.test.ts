import {
  GetSecretValueCommand,
  ListSecretsCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Secrets, secrets } from '#local/aws/secrets/secrets.ts';
import { client, type Opened, serve } from './local-subject.ts';
import { secretsContract } from './secrets.contract.ts';

const open = () => serve(secrets, ({ operations }) => ({ json: { secretsmanager: operations } }));

describe('Secrets Manager of the local AWS', () => secretsContract(open));

describe('secrets that the template defines', () => {
  let local: Opened<Secrets>;
  let sdk: SecretsManagerClient;

  beforeAll(async () => {
    local = await open();
    sdk = new SecretsManagerClient({ ...client, endpoint: local.endpoint });
  });
  afterAll(() => local.close());

  const value = async (SecretId: string, VersionStage?: string) =>
    (await sdk.send(new GetSecretValueCommand({ SecretId, VersionStage }))).SecretString;

  it('generates a value once and keeps it over restarts', async () => {
    const wish = { GenerateSecretString: { PasswordLength: 64, ExcludePunctuation: true } };
    local.service().define('made', wish);
    const [made, arn] = [await value('made'), local.service().arn('made')];
    await local.restart();
    local.service().define('made', wish);

    expect(made).toMatch(/^[A-Za-z0-9]{64}$/);
    expect(await value('made')).toBe(made);
    expect(local.service().arn('made')).toBe(arn);
  });

  it('puts the generated value into a template', async () => {
    const SecretStringTemplate = '{"user":"ada"}';
    local
      .service()
      .define('pair', { GenerateSecretString: { SecretStringTemplate, GenerateStringKey: 'password' } });

    expect(JSON.parse(String(await value('pair')))).toEqual({ user: 'ada', password: expect.any(String) });
  });

  it('takes a seeded value once', async () => {
    for (const one of ['a', 'b', 'b']) local.service().put('seed', one);

    expect([await value('seed'), await value('seed', 'AWSPREVIOUS')]).toEqual(['b', 'a']);
  });

  it('lists every secret, page by page', async () => {
    for (const one of ['one', 'two', 'three']) local.service().put(`listed/${one}`, 'x');
    const found: (string | undefined)[] = [];
    let NextToken: string | undefined;
    do {
      const page = await sdk.send(new ListSecretsCommand({ MaxResults: 2, NextToken }));
      found.push(...(page.SecretList ?? []).map(({ Name }) => Name));
      NextToken = page.NextToken;
    } while (NextToken);

    expect(found.filter((name) => name?.startsWith('listed/')).toSorted()).toEqual([
      'listed/one',
      'listed/three',
      'listed/two',
    ]);
  });

  it('refuses by name what it does not do', () => {
    expect(() => local.service().define('x', { ReplicaRegions: [] })).toThrow('ReplicaRegions');
  });
});
