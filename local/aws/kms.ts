import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Store } from '../store.ts';
import { AwsError, type Operations, only, refuse } from './service.ts';

export interface Kms {
  operations: Operations;
  /** AWS::KMS::Key for signing; the key pair is made once and kept in the store. `Ref` is the key's id. */
  define(name: string, properties: Record<string, unknown>): { id: string; arn: string };
  /** AWS::KMS::Alias: `alias/…` of a key given by id or ARN. */
  defineAlias(alias: string, key: string): void;
}

interface Row {
  name: string;
  id: string;
  pem: string;
  description: string;
  created: number;
}

const ARN = 'arn:aws:kms:us-east-1:000000000000:key/';
const ALGORITHM = 'ECDSA_SHA_256';
const KNOWN = [
  ...['KeySpec', 'KeyUsage', 'KeyPolicy', 'Description', 'Enabled', 'PendingWindowInDays', 'Tags'],
  ...['BypassPolicyLockoutSafetyCheck', 'EnableKeyRotation', 'MultiRegion'],
];

type Input = { KeyId: string; Message: string; MessageType?: string; SigningAlgorithm: string };

/** A key's id, made from its name: templates name a key before it exists. */
export function keyId(name: string): string {
  const digest = createHash('sha256').update(name).digest('hex');
  return digest.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}

/** KMS for asymmetric ECC_NIST_P256 keys. */
export function kms(store: Store, clock: Clock): Kms {
  const columns = 'name TEXT PRIMARY KEY, id TEXT UNIQUE, pem TEXT, description TEXT, created INT';
  store.sql(`CREATE TABLE IF NOT EXISTS kms_key (${columns})`).run();
  const aliases = new Map<string, string>();

  function define(name: string, properties: Record<string, unknown>) {
    checkKey(name, properties);
    return store.transaction(() => {
      const known = store.sql('SELECT * FROM kms_key WHERE name = ?').get(name) as Row | undefined;
      const { id } = known ?? create(name, String(properties.Description ?? ''));
      return { id, arn: ARN + id };
    });
  }

  function create(name: string, description: string): Row {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const row = { name, id: keyId(name), pem, description, created: clock.now() };
    const insert = 'INSERT INTO kms_key VALUES (:name, :id, :pem, :description, :created)';
    store.sql(insert).run(row);
    return row;
  }

  function find(key: string): Row {
    const id = aliases.get(key.slice(key.indexOf('alias/'))) ?? key.slice(key.lastIndexOf('/') + 1);
    const row = store.sql('SELECT * FROM kms_key WHERE id = ?').get(id);
    if (row) return row as unknown as Row;
    throw new AwsError('NotFoundException', `Key '${key}' does not exist`);
  }

  return {
    operations: operations(find),
    define,
    defineAlias: (alias, key) => void aliases.set(alias, find(key).id),
  };
}

function checkKey(name: string, properties: Record<string, unknown>): void {
  only(`AWS::KMS::Key ${name}`, properties, KNOWN);
  if (properties.KeySpec !== 'ECC_NIST_P256') refuse(`KeySpec ${properties.KeySpec} of ${name}`);
  if (properties.KeyUsage !== 'SIGN_VERIFY') refuse(`KeyUsage ${properties.KeyUsage} of ${name}`);
  if (properties.Enabled === false || properties.MultiRegion === true)
    refuse(`Enabled or MultiRegion of ${name}`);
}

function operations(find: (key: string) => Row): Operations {
  return {
    Sign: ({ KeyId, Message, MessageType, SigningAlgorithm, ...rest }: Input) => {
      only('Sign', rest, []);
      const { id, pem } = find(KeyId);
      const data = message({ KeyId, Message, MessageType, SigningAlgorithm });
      const signature = sign('sha256', data, createPrivateKey(pem));
      return { KeyId: ARN + id, Signature: signature.toString('base64'), SigningAlgorithm };
    },
    Verify: ({ KeyId, Message, MessageType, SigningAlgorithm, Signature, ...rest }) => {
      only('Verify', rest, []);
      const { id, pem } = find(KeyId);
      const data = message({ KeyId, Message, MessageType, SigningAlgorithm });
      if (!verify('sha256', data, publicKey(pem), Buffer.from(Signature, 'base64'))) {
        throw new AwsError('KMSInvalidSignatureException', 'The signature is not valid.');
      }
      return { KeyId: ARN + id, SignatureValid: true, SigningAlgorithm };
    },
    GetPublicKey: ({ KeyId, ...rest }) => {
      only('GetPublicKey', rest, []);
      const { id, pem } = find(KeyId);
      const der = publicKey(pem).export({ type: 'spki', format: 'der' });
      return { ...kind(), KeyId: ARN + id, PublicKey: der.toString('base64') };
    },
    DescribeKey: ({ KeyId, ...rest }) => {
      only('DescribeKey', rest, []);
      const { id, description, created } = find(KeyId);
      const state = {
        Enabled: true,
        KeyState: 'Enabled',
        KeyManager: 'CUSTOMER',
        Origin: 'AWS_KMS',
        MultiRegion: false,
      };
      const dates = { CreationDate: created / 1000, AWSAccountId: '000000000000' };
      return {
        KeyMetadata: { ...kind(), ...state, ...dates, KeyId: id, Arn: ARN + id, Description: description },
      };
    },
  };
}

function message({ Message, MessageType = 'RAW', SigningAlgorithm }: Input): Buffer {
  if (SigningAlgorithm !== ALGORITHM) {
    throw new AwsError(
      'InvalidKeyUsageException',
      `Algorithm ${SigningAlgorithm} is incompatible with this key.`,
    );
  }
  if (MessageType !== 'RAW') refuse(`MessageType ${MessageType}`);
  const data = Buffer.from(Message, 'base64');
  if (data.length >= 1 && data.length <= 4096) return data;
  throw new AwsError('ValidationException', 'A raw message has 1 to 4096 bytes.');
}

function publicKey(pem: string): KeyObject {
  return createPublicKey(createPrivateKey(pem));
}

function kind() {
  const spec = { KeySpec: 'ECC_NIST_P256', CustomerMasterKeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' };
  return { ...spec, SigningAlgorithms: [ALGORITHM] };
}
