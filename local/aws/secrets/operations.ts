import { AwsError, type Operations, only } from '../service.ts';
import type { Rows, Secret, Version } from './rows.ts';
import {
  create,
  type Deps,
  existing,
  invalidParameter,
  moveStage,
  named,
  putValue,
  type Value,
} from './versions.ts';

/** What callers of Secrets Manager ask on the wire. */
export function operations(deps: Deps): Operations {
  const { store, rows } = deps;
  return {
    GetSecretValue: ({ SecretId, VersionId, VersionStage, ...rest }) => {
      only('GetSecretValue', rest, []);
      const secret = existing(rows, SecretId);
      const version = pick(rows.versions(secret), VersionId, VersionStage);
      return {
        ...{ ARN: secret.arn, Name: secret.name, VersionId: version.id, VersionStages: version.stages },
        ...{ SecretString: version.text ?? undefined, SecretBinary: version.binary ?? undefined },
        CreatedDate: version.created / 1000,
      };
    },
    PutSecretValue: ({
      SecretId,
      ClientRequestToken,
      SecretString,
      SecretBinary,
      VersionStages,
      ...rest
    }) => {
      only('PutSecretValue', rest, []);
      const value = { text: SecretString, binary: SecretBinary };
      if (!hasValue(value)) invalidParameter('You must provide either SecretString or SecretBinary.');
      const options = { value, id: ClientRequestToken, stages: VersionStages };
      return store.transaction(() => putValue(deps, existing(rows, SecretId), options));
    },
    CreateSecret: ({
      Name,
      Description,
      ClientRequestToken,
      SecretString,
      SecretBinary,
      Tags: _,
      ...rest
    }) => {
      only('CreateSecret', rest, ['KmsKeyId']);
      const value = { text: SecretString, binary: SecretBinary };
      return store.transaction(() => {
        const secret = createOnce(deps, Name, { Description, ClientRequestToken });
        return hasValue(value) ? putValue(deps, secret, { value, id: ClientRequestToken }) : named(secret);
      });
    },
    UpdateSecret: ({ SecretId, Description, ClientRequestToken, SecretString, SecretBinary, ...rest }) => {
      only('UpdateSecret', rest, ['KmsKeyId']);
      const value = { text: SecretString, binary: SecretBinary };
      return store.transaction(() => {
        const secret = existing(rows, SecretId);
        rows.touch(secret, Description ?? null, deps.clock.now());
        return hasValue(value) ? putValue(deps, secret, { value, id: ClientRequestToken }) : named(secret);
      });
    },
    UpdateSecretVersionStage: ({
      SecretId,
      VersionStage: stage,
      MoveToVersionId: to,
      RemoveFromVersionId: from,
      ...rest
    }) => {
      only('UpdateSecretVersionStage', rest, []);
      return store.transaction(() => moveStage(rows, existing(rows, SecretId), { stage, to, from }));
    },
    DescribeSecret: ({ SecretId, ...rest }) => {
      only('DescribeSecret', rest, []);
      return describe(rows, existing(rows, SecretId));
    },
    ListSecrets: (input) => {
      only('ListSecrets', input, ['MaxResults', 'NextToken']);
      const { MaxResults = 100, NextToken = '' } = input;
      const left = rows.all().filter(({ name }) => name > NextToken);
      const page = left.slice(0, MaxResults);
      const SecretList = page.map((secret) => describe(rows, secret));
      return { SecretList, NextToken: left.length > page.length ? page.at(-1)?.name : undefined };
    },
  };
}

/** A repeated CreateSecret with its token goes on to compare the values; any other is refused. */
function createOnce(
  deps: Deps,
  name: string,
  { Description, ClientRequestToken }: { Description?: string; ClientRequestToken?: string },
): Secret {
  const secret = deps.rows.find(name);
  if (!secret) return create(deps, name, Description);
  if (deps.rows.versions(secret).some(({ id }) => id === ClientRequestToken)) return secret;
  const message = `The operation failed because the secret ${name} already exists.`;
  throw new AwsError('ResourceExistsException', message);
}

function pick(versions: Version[], id?: string, stage = id ? undefined : 'AWSCURRENT'): Version {
  const found = versions.find((one) => (!id || one.id === id) && (!stage || one.stages.includes(stage)));
  if (found) return found;
  const which = [id && `version: ${id}`, stage && `staging label: ${stage}`].filter(Boolean).join(', ');
  const message = `Secrets Manager can't find the specified secret value for ${which}`;
  throw new AwsError('ResourceNotFoundException', message);
}

function describe(rows: Rows, secret: Secret) {
  return {
    ...named(secret),
    Description: secret.description ?? undefined,
    CreatedDate: secret.created / 1000,
    LastChangedDate: secret.changed / 1000,
    VersionIdsToStages: Object.fromEntries(rows.versions(secret).map(({ id, stages }) => [id, stages])),
  };
}

function hasValue({ text, binary }: Value): boolean {
  return text !== undefined || binary !== undefined;
}
