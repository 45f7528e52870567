import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  UpdateSecretCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { client } from './local-subject.ts';

export interface SecretsSubject {
  endpoint: string;
  close(): Promise<void>;
}

/** What Secrets Manager promises, for whichever one `open` gives. */
export function secretsContract(open: () => Promise<SecretsSubject>): void {
  let subject: SecretsSubject;
  let sdk: SecretsManagerClient;
  let count = 0;

  beforeAll(async () => {
    subject = await open();
    sdk = new SecretsManagerClient({ ...client, endpoint: subject.endpoint });
  });
  afterAll(() => subject.close());

  async function secret(SecretString?: string): Promise<string> {
    count += 1;
    const { Name } = await sdk.send(new CreateSecretCommand({ Name: `secret/${count}`, SecretString }));
    return String(Name);
  }
  const put = (SecretId: string, SecretString: string, rest = {}) =>
    sdk.send(new PutSecretValueCommand({ SecretId, SecretString, ...rest }));
  const get = (SecretId: string, rest = {}) => sdk.send(new GetSecretValueCommand({ SecretId, ...rest }));

  it('answers a value by name and by ARN', async () => {
    const name = await secret('one');
    const byName = await get(name);

    expect(byName).toMatchObject({
      SecretString: 'one',
      VersionStages: ['AWSCURRENT'],
      CreatedDate: expect.any(Date),
    });
    expect((await get(String(byName.ARN))).SecretString).toBe('one');
    expect(byName.ARN).toMatch(/:secret:secret\/\d+-\w{6}$/);
  });

  it('keeps two values live: the current and the one before', async () => {
    const name = await secret('one');
    for (const value of ['two', 'three']) await put(name, value);

    expect((await get(name)).SecretString).toBe('three');
    expect((await get(name, { VersionStage: 'AWSPREVIOUS' })).SecretString).toBe('two');
    const { VersionIdsToStages } = await sdk.send(new DescribeSecretCommand({ SecretId: name }));
    expect(
      Object.values(VersionIdsToStages ?? {})
        .flat()
        .sort(),
    ).toEqual(['AWSCURRENT', 'AWSPREVIOUS']);
  });

  it('adds a value under another stage without making it current', async () => {
    const name = await secret('one');
    await put(name, 'two', { VersionStages: ['AWSPENDING'] });

    expect((await get(name)).SecretString).toBe('one');
    expect((await get(name, { VersionStage: 'AWSPENDING' })).SecretString).toBe('two');
  });

  it('makes another value the current one only for who names the one that is', async () => {
    const SecretId = await secret('one');
    const first = (await get(SecretId)).VersionId;
    const { VersionId } = await put(SecretId, 'two', { VersionStages: ['MINE'] });
    const move = (RemoveFromVersionId?: string) =>
      sdk.send(
        new UpdateSecretVersionStageCommand({
          SecretId,
          VersionStage: 'AWSCURRENT',
          MoveToVersionId: VersionId,
          RemoveFromVersionId,
        }),
      );

    await expect(move()).rejects.toMatchObject({ name: 'InvalidParameterException' });
    await expect(move(VersionId)).rejects.toMatchObject({ name: 'InvalidParameterException' });
    expect((await get(SecretId)).SecretString).toBe('one');
    await move(first);
    expect(await get(SecretId)).toMatchObject({ SecretString: 'two', VersionId });
    expect((await get(SecretId, { VersionStage: 'MINE' })).SecretString).toBe('two');
    expect((await get(SecretId, { VersionStage: 'AWSPREVIOUS' })).VersionId).toBe(first);
  });

  it('takes a repeated put once, and another value under its token not at all', async () => {
    const name = await secret('one');
    const ClientRequestToken = '0f8fad5b-d9cb-469f-a165-70867728950e';
    const first = await put(name, 'two', { ClientRequestToken });

    expect(await put(name, 'two', { ClientRequestToken })).toMatchObject({ VersionId: first.VersionId });
    const other = put(name, 'three', { ClientRequestToken });
    await expect(other).rejects.toMatchObject({ name: 'ResourceExistsException' });
    expect((await get(name, { VersionStage: 'AWSPREVIOUS' })).SecretString).toBe('one');
  });

  it('updates value and description', async () => {
    const SecretId = await secret('one');
    await sdk.send(new UpdateSecretCommand({ SecretId, Description: 'new', SecretString: 'two' }));

    expect((await get(SecretId)).SecretString).toBe('two');
    expect(await sdk.send(new DescribeSecretCommand({ SecretId }))).toMatchObject({ Description: 'new' });
    const { SecretList } = await sdk.send(new ListSecretsCommand({}));
    expect(SecretList?.map(({ Name }) => Name)).toContain(SecretId);
  });

  it('refuses a second secret of the name, and knows none of another', async () => {
    const Name = await secret('one');
    const again = sdk.send(new CreateSecretCommand({ Name, SecretString: 'two' }));

    await expect(again).rejects.toMatchObject({ name: 'ResourceExistsException' });
    await expect(get('nobody')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await expect(get(await secret())).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
}
