import { AwsError, only, refuse } from '../service.ts';

export interface Bucket {
  name: string;
  versioned: boolean;
  lockable: boolean;
  defaultRetention?: { mode: string; days: number };
}

/** Lifecycle rules are taken and not run: what is stored here goes with the data folder. */
const KNOWN = [
  ...[
    'BucketName',
    'VersioningConfiguration',
    'ObjectLockEnabled',
    'ObjectLockConfiguration',
    'BucketEncryption',
  ],
  ...[
    'PublicAccessBlockConfiguration',
    'OwnershipControls',
    'LifecycleConfiguration',
    'LoggingConfiguration',
    'AccessControl',
    'Tags',
  ],
];

/** A bucket from AWS::S3::Bucket's properties. */
export function bucket(name: string, properties: Record<string, unknown>): Bucket {
  only(`AWS::S3::Bucket ${name}`, properties, KNOWN);
  const status = (properties.VersioningConfiguration as { Status?: string } | undefined)?.Status;
  if (status && status !== 'Enabled') refuse(`VersioningConfiguration ${status} of ${name}`);
  const lockable = properties.ObjectLockEnabled === true || properties.ObjectLockEnabled === 'true';
  if (lockable && !status)
    throw new AwsError('InvalidBucketState', `${name}: Object Lock needs versioning.`, 409);
  return { name, versioned: status === 'Enabled', lockable, defaultRetention: retention(properties) };
}

interface LockConfiguration {
  Rule?: { DefaultRetention?: { Mode: string; Days?: number | string; Years?: number | string } };
}

function retention({ ObjectLockConfiguration }: Record<string, unknown>): Bucket['defaultRetention'] {
  const rule = (ObjectLockConfiguration as LockConfiguration | undefined)?.Rule?.DefaultRetention;
  if (!rule) return undefined;
  return { mode: rule.Mode, days: Number(rule.Days ?? Number(rule.Years) * 365) };
}
