import { createHash, randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import type { Store } from '../../store.ts';
import { AwsError, refuse } from '../service.ts';
import type { Rows, Secret, Version } from './rows.ts';

export interface Value {
  text?: string;
  binary?: string;
}

export interface Deps {
  store: Store;
  clock: Clock;
  rows: Rows;
}

const ARN = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:';
const MAX_BYTES = 65_536;

/** By name, by ARN, or by ARN without its suffix. */
export function existing(rows: Rows, id: unknown): Secret {
  const secret = rows.find(String(id));
  if (secret) return secret;
  throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
}

/** A secret's ARN, its suffix made from the name: templates name it before it exists. */
export function secretArn(name: string): string {
  return `${ARN}${name}-${createHash('sha256').update(name).digest('hex').slice(0, 6)}`;
}

export function create({ clock, rows }: Deps, name: string, description?: string): Secret {
  if (!/^[\w/+=.@-]{1,512}$/.test(name)) invalidParameter(`Invalid name: ${name}`);
  const created = clock.now();
  const secret = {
    name,
    arn: secretArn(name),
    description: description ?? null,
    created,
    changed: created,
  };
  rows.insert(secret);
  return secret;
}

interface PutOptions {
  value: Value;
  id?: string;
  stages?: string[];
}

/** Adds a version; repeated with its token it answers the same. Call it inside a transaction. */
export function putValue(deps: Deps, secret: Secret, options: PutOptions) {
  const { value, id = randomUUID(), stages = ['AWSCURRENT'] } = options;
  const { rows, clock } = deps;
  checkValue(value);
  const before = rows.versions(secret);
  const same = before.find((version) => version.id === id);
  if (same && (same.text !== (value.text ?? null) || same.binary !== (value.binary ?? null))) {
    const rule = `You can't use ClientRequestToken ${id} because that value is already in use for a version of secret ${secret.arn}.`;
    throw new AwsError('ResourceExistsException', rule);
  }
  if (same) return { ...named(secret), VersionId: id, VersionStages: same.stages };
  const moved = before.length === 0 ? [...new Set([...stages, 'AWSCURRENT'])] : stages;
  moveStages(rows, secret, moved);
  const version = {
    id,
    text: value.text ?? null,
    binary: value.binary ?? null,
    stages: moved,
    created: clock.now(),
  };
  rows.keep(secret, version);
  rows.touch(secret, null, clock.now());
  return { ...named(secret), VersionId: id, VersionStages: moved };
}

function checkValue({ text, binary }: Value): void {
  if (text !== undefined && binary !== undefined) invalidParameter('Give SecretString or SecretBinary.');
  if (Buffer.byteLength(text ?? binary ?? '') > MAX_BYTES) invalidParameter('The secret is too long.');
}

/** Takes the stages from their holders; what was current becomes previous, and a version without a stage goes. */
function moveStages(rows: Rows, secret: Secret, stages: string[]): void {
  const taken = stages.includes('AWSCURRENT') ? [...stages, 'AWSPREVIOUS'] : stages;
  for (const version of rows.versions(secret)) {
    const left = version.stages.filter((stage) => !taken.includes(stage));
    if (stages.includes('AWSCURRENT') && version.stages.includes('AWSCURRENT')) left.push('AWSPREVIOUS');
    if (left.length > 0) rows.keep(secret, { ...version, stages: left });
    else rows.drop(secret, version);
  }
}

interface StageMove {
  stage: string;
  to?: string;
  from?: string;
}

/** Moves a label from the version that has it, which must be named: whoever looked at another one is refused. */
export function moveStage(rows: Rows, secret: Secret, { stage, to, from }: StageMove) {
  const versions = rows.versions(secret);
  const holder = versions.find(({ stages }) => stages.includes(stage));
  for (const id of [to, from])
    if (id !== undefined && !versions.some((one) => one.id === id))
      invalidParameter(`Not a valid version: ${id}`);
  if (holder && holder.id !== from && holder.id !== to)
    invalidParameter(
      `Staging label ${stage} is currently attached to version ${holder.id}, so you must explicitly reference that version in RemoveFromVersionId.`,
    );
  if (!to) refuse('UpdateSecretVersionStage without MoveToVersionId');
  if (holder?.id === to) return named(secret);
  moveStages(rows, secret, [stage]);
  const next = rows.versions(secret).find(({ id }) => id === to);
  const target = next ?? (versions.find(({ id }) => id === to) as Version);
  rows.keep(secret, { ...target, stages: [...(next?.stages ?? []), stage] });
  return named(secret);
}

export function named({ arn, name }: Secret) {
  return { ARN: arn, Name: name };
}

export function invalidParameter(message: string): never {
  throw new AwsError('InvalidParameterException', message);
}
