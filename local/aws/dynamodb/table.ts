import { only, refuse } from '../service.ts';
import { invalid } from './invalid.ts';

type KeyType = 'S' | 'N' | 'B';
export type ViewType = 'KEYS_ONLY' | 'NEW_IMAGE' | 'OLD_IMAGE' | 'NEW_AND_OLD_IMAGES';

export interface KeyPart {
  name: string;
  type: KeyType;
}

export interface Keys {
  hash: KeyPart;
  range?: KeyPart;
}

export interface Index {
  id: number;
  name: string;
  keys: Keys;
  /** The attributes it shows, keys included; undefined shows all. */
  shows?: ReadonlySet<string>;
}

export interface Table {
  id: number;
  name: string;
  keys: Keys;
  indexes: Index[];
  stream?: ViewType;
  /** The attribute that says when an item expires, in epoch seconds. */
  ttl?: string;
  /** Epoch milliseconds. */
  created: number;
  properties: TableProperties;
}

interface KeySchema {
  AttributeName: string;
  KeyType: string;
}

interface IndexProperties {
  IndexName: string;
  KeySchema: KeySchema[];
  Projection?: { ProjectionType?: string; NonKeyAttributes?: string[] };
}

/** The properties of AWS::DynamoDB::Table, or of a GlobalTable with one replica, intrinsics resolved. */
export interface TableProperties {
  AttributeDefinitions: { AttributeName: string; AttributeType: string }[];
  KeySchema: KeySchema[];
  GlobalSecondaryIndexes?: IndexProperties[];
  StreamSpecification?: { StreamViewType?: string };
  TimeToLiveSpecification?: { AttributeName?: string; Enabled?: boolean | string };
  DeletionProtectionEnabled?: boolean | string;
  BillingMode?: string;
  Replicas?: unknown[];
}

/** Properties that change cost, safety or administration on AWS, never an answer. */
const HARMLESS = [
  'TableName',
  'BillingMode',
  'ProvisionedThroughput',
  'OnDemandThroughput',
  'WriteProvisionedThroughputSettings',
  'WriteOnDemandThroughputSettings',
  'WarmThroughput',
  'PointInTimeRecoverySpecification',
  'SSESpecification',
  'DeletionProtectionEnabled',
  'ContributorInsightsSpecification',
  'ResourcePolicy',
  'TableClass',
  'Tags',
  'Replicas',
];
const BUILT = [
  'AttributeDefinitions',
  'KeySchema',
  'GlobalSecondaryIndexes',
  'StreamSpecification',
  'TimeToLiveSpecification',
];
const INDEX_PROPERTIES = [
  'IndexName',
  'KeySchema',
  'Projection',
  'ProvisionedThroughput',
  'OnDemandThroughput',
  'ReadProvisionedThroughputSettings',
  'WriteProvisionedThroughputSettings',
  'ReadOnDemandThroughputSettings',
  'WriteOnDemandThroughputSettings',
  'ContributorInsightsSpecification',
  'WarmThroughput',
];

/** The ARN of the table of that name. */
export function tableArn(name: string): string {
  return `arn:aws:dynamodb:us-east-1:000000000000:table/${name}`;
}

/** The ARN of the table's stream; its label stays the same over restarts. */
export function streamArn(name: string): string {
  return `${tableArn(name)}/stream/2026-01-01T00:00:00.000`;
}

/** Reads a table's properties; `indexId` answers the durable number of an index. */
export function readTable(
  known: { id: number; name: string; created: number },
  properties: TableProperties,
  indexId: (name: string) => number,
): Table {
  only(`the table ${known.name}`, properties, [...HARMLESS, ...BUILT]);
  if ((properties.Replicas?.length ?? 1) > 1) refuse(`the table ${known.name} with several replicas`);
  const types = new Map(properties.AttributeDefinitions.map((one) => [one.AttributeName, one.AttributeType]));
  const keys = readKeys(properties.KeySchema, types);
  const ttl = properties.TimeToLiveSpecification;
  const indexes = properties.GlobalSecondaryIndexes ?? [];
  return {
    ...known,
    keys,
    indexes: indexes.map((one) => ({
      id: indexId(one.IndexName),
      ...readIndex(one, { types, base: keys }),
    })),
    stream: properties.StreamSpecification && readView(properties.StreamSpecification.StreamViewType),
    ttl: ttl && String(ttl.Enabled ?? true) === 'true' ? ttl.AttributeName : undefined,
    properties,
  };
}

function readIndex(one: IndexProperties, { types, base }: { types: Map<string, string>; base: Keys }) {
  only(`the index ${one.IndexName}`, one, INDEX_PROPERTIES);
  const keys = readKeys(one.KeySchema, types);
  const { ProjectionType = 'KEYS_ONLY', NonKeyAttributes = [] } = one.Projection ?? {};
  if (ProjectionType === 'ALL') return { name: one.IndexName, keys };
  if (!['INCLUDE', 'KEYS_ONLY'].includes(ProjectionType)) refuse(`the projection type ${ProjectionType}`);
  return { name: one.IndexName, keys, shows: new Set([...names(base), ...names(keys), ...NonKeyAttributes]) };
}

function readKeys(schema: KeySchema[], types: Map<string, string>): Keys {
  const [hash, range, ...more] = schema.map(({ AttributeName: name, KeyType }, position): KeyPart => {
    if (KeyType !== (position === 0 ? 'HASH' : 'RANGE')) refuse(`a key schema of several ${KeyType} keys`);
    const type = types.get(name);
    if (type === 'S' || type === 'N' || type === 'B') return { name, type };
    throw invalid(
      'One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions. ' +
        `Keys: [${name}], AttributeDefinitions: [${[...types.keys()].join(', ')}]`,
    );
  });
  if (!hash || more.length > 0)
    throw invalid('1 validation error detected: a key schema has one or two elements');
  return { hash, range };
}

function readView(view: string | undefined): ViewType {
  const known: ViewType[] = ['KEYS_ONLY', 'NEW_IMAGE', 'OLD_IMAGE', 'NEW_AND_OLD_IMAGES'];
  return known.find((one) => one === view) ?? refuse(`the stream view type ${view}`);
}

/** The names of the key's attributes. */
export function names({ hash, range }: Keys): string[] {
  return range ? [hash.name, range.name] : [hash.name];
}

/** The answer of DescribeTable. */
export function describe(table: Table, { items, bytes }: { items: number; bytes: number }): object {
  const { properties } = table;
  return {
    TableName: table.name,
    TableArn: tableArn(table.name),
    TableStatus: 'ACTIVE',
    CreationDateTime: table.created / 1000,
    AttributeDefinitions: properties.AttributeDefinitions,
    KeySchema: properties.KeySchema,
    ItemCount: items,
    TableSizeBytes: bytes,
    BillingModeSummary: { BillingMode: properties.BillingMode ?? 'PROVISIONED' },
    ProvisionedThroughput: { NumberOfDecreasesToday: 0, ReadCapacityUnits: 0, WriteCapacityUnits: 0 },
    DeletionProtectionEnabled: String(properties.DeletionProtectionEnabled ?? false) === 'true',
    GlobalSecondaryIndexes: properties.GlobalSecondaryIndexes?.map((one) => ({
      IndexName: one.IndexName,
      IndexArn: `${tableArn(table.name)}/index/${one.IndexName}`,
      IndexStatus: 'ACTIVE',
      KeySchema: one.KeySchema,
      Projection: one.Projection,
    })),
    ...(table.stream && {
      StreamSpecification: { StreamEnabled: true, StreamViewType: table.stream },
      LatestStreamArn: streamArn(table.name),
      LatestStreamLabel: streamArn(table.name).split('/').at(-1),
    }),
  };
}
