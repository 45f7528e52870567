import { createPublicKey, verify } from 'node:crypto';
import {
  DescribeKeyCommand,
  EncryptCommand,
  GetPublicKeyCommand,
  KMSClient,
  SignCommand,
  VerifyCommand,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Kms, kms } from '#local/aws/kms.ts';
import { client, type Opened, serve } from './local-subject.ts';

describe('KMS of the local AWS', () => {
  const key = { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY', KeyPolicy: {} };
  const SigningAlgorithm = 'ECDSA_SHA_256';
  const Message = Buffer.from('checkpoint');
  let local: Opened<Kms>;
  let sdk: KMSClient;
  let KeyId: string;

  beforeAll(async () => {
    local = await serve(kms, ({ operations }) => ({ json: { TrentService: operations } }));
    sdk = new KMSClient({ ...client, endpoint: local.endpoint });
    KeyId = local.service().define('Signing', key).id;
  });
  afterAll(() => local.close());

  const sign = (Signed: Uint8Array = Message) =>
    sdk.send(new SignCommand({ KeyId, Message: Signed, SigningAlgorithm }));
  const check = (Signature: Uint8Array | undefined, Checked: Uint8Array = Message) =>
    sdk.send(new VerifyCommand({ KeyId, Message: Checked, Signature, SigningAlgorithm }));

  it('signs what anyone can verify with the public key', async () => {
    const { Signature } = await sign();
    const { PublicKey, KeySpec } = await sdk.send(new GetPublicKeyCommand({ KeyId }));
    const publicKey = createPublicKey({ key: Buffer.from(PublicKey ?? []), type: 'spki', format: 'der' });

    expect(KeySpec).toBe('ECC_NIST_P256');
    expect(verify('sha256', Message, publicKey, Signature as Uint8Array)).toBe(true);
    expect(await check(Signature)).toMatchObject({ SignatureValid: true });
  });

  it('finds a forged message', async () => {
    const { Signature } = await sign();

    await expect(check(Signature, Buffer.from('other'))).rejects.toMatchObject({
      name: 'KMSInvalidSignatureException',
    });
  });

  it('keeps its key over a restart', async () => {
    const { Signature } = await sign();
    await local.restart();

    expect(local.service().define('Signing', key).id).toBe(KeyId);
    expect(await check(Signature)).toMatchObject({ SignatureValid: true });
  });

  it('is known by ARN and by alias too', async () => {
    const { arn } = local.service().define('Signing', key);
    local.service().defineAlias('alias/signing', arn);
    for (const name of [arn, 'alias/signing']) {
      const { KeyMetadata } = await sdk.send(new DescribeKeyCommand({ KeyId: name }));
      expect(KeyMetadata).toMatchObject({
        KeyId,
        Arn: arn,
        KeyState: 'Enabled',
        CreationDate: expect.any(Date),
      });
    }
  });

  it.each([
    [
      'another algorithm',
      () => sdk.send(new SignCommand({ KeyId, Message, SigningAlgorithm: 'ECDSA_SHA_512' })),
      'incompatible',
    ],
    [
      'a digest',
      () => sdk.send(new SignCommand({ KeyId, Message, SigningAlgorithm, MessageType: 'DIGEST' })),
      'DIGEST',
    ],
    ['4,097 bytes', () => sign(Buffer.alloc(4097)), '4096'],
    ['to encrypt', () => sdk.send(new EncryptCommand({ KeyId, Plaintext: Message })), 'TrentService.Encrypt'],
    [
      'a key that it does not know',
      () => sdk.send(new DescribeKeyCommand({ KeyId: 'nobody' })),
      'does not exist',
    ],
  ])('refuses %s', async (_, call, message) => {
    await expect(call()).rejects.toThrow(message);
  });

  it('makes no key of another kind', () => {
    expect(() => local.service().define('Other', {})).toThrow('KeySpec undefined');
  });
});
