import {
  type AttributeValue,
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DeleteItemCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  ScanCommand,
  TransactGetItemsCommand,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** A DynamoDB to hold to the contract; `define` takes a table's CloudFormation properties. */
export interface Subject {
  endpoint: string;
  define(name: string, properties: typeof TABLE): Promise<void>;
  stop(): Promise<void>;
}

type Item = Record<string, AttributeValue>;

/** The table that the contract works on. */
export const TABLE = {
  BillingMode: 'PAY_PER_REQUEST' as const,
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' as const },
    { AttributeName: 'sk', AttributeType: 'S' as const },
    { AttributeName: 'g', AttributeType: 'S' as const },
    { AttributeName: 'n', AttributeType: 'N' as const },
  ],
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' as const },
    { AttributeName: 'sk', KeyType: 'RANGE' as const },
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName: 'byG',
      KeySchema: [
        { AttributeName: 'g', KeyType: 'HASH' as const },
        { AttributeName: 'n', KeyType: 'RANGE' as const },
      ],
      Projection: { ProjectionType: 'INCLUDE' as const, NonKeyAttributes: ['extra'] },
    },
    {
      IndexName: 'whole',
      KeySchema: [{ AttributeName: 'g', KeyType: 'HASH' as const }],
      Projection: { ProjectionType: 'ALL' as const },
    },
    {
      IndexName: 'keys',
      KeySchema: [{ AttributeName: 'n', KeyType: 'HASH' as const }],
      Projection: { ProjectionType: 'KEYS_ONLY' as const },
    },
  ],
};

/** A client of the real SDK for `endpoint`, which tries once. */
export function clientOf(endpoint: string): DynamoDBClient {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  return new DynamoDBClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
}

const S = (text: string): AttributeValue => ({ S: text });
const N = (number: number | string): AttributeValue => ({ N: String(number) });
const L = (...all: AttributeValue[]): AttributeValue => ({ L: all });

/** What every DynamoDB must do; `start` gives one whose tables are all new. */
export function dynamoDbContract(title: string, start: () => Promise<Subject>): void {
  describe(`DynamoDB: ${title}`, () => {
    const TableName = `contract-${Date.now()}`;
    let subject: Subject;
    let client: DynamoDBClient;
    let partitions = 0;

    beforeAll(async () => {
      subject = await start();
      await subject.define(TableName, TABLE);
      client = clientOf(subject.endpoint);
    });
    afterAll(async () => {
      client?.destroy();
      await subject?.stop();
    });

    const fresh = (): { pk: AttributeValue; sk: AttributeValue } => {
      partitions += 1;
      return { pk: S(`p${partitions}`), sk: S('s') };
    };
    const put = (item: Item, more: Partial<UpdateItemCommandInput> & { ReturnValues?: 'ALL_OLD' } = {}) =>
      client.send(new PutItemCommand({ TableName, Item: item, ...more } as never));
    const get = async (key: Item) =>
      (await client.send(new GetItemCommand({ TableName, Key: key, ConsistentRead: true }))).Item;
    const update = async (key: Item, expression: string, values?: Item, more = {}) =>
      client.send(
        new UpdateItemCommand({
          TableName,
          Key: key,
          UpdateExpression: expression,
          ExpressionAttributeValues: values,
          ReturnValues: 'ALL_NEW',
          ...more,
        }),
      );
    const query = (expression: string, values: Item, more: Partial<QueryCommandInput> = {}) =>
      client.send(
        new QueryCommand({
          TableName,
          KeyConditionExpression: expression,
          ExpressionAttributeValues: values,
          ...more,
        }),
      );
    const transact = (operations: TransactWriteItem[], token?: string) =>
      client.send(new TransactWriteItemsCommand({ TransactItems: operations, ClientRequestToken: token }));
    const refusal = (work: Promise<unknown>) =>
      work.then(
        () => ({ name: 'nothing refused', message: '' }),
        (error: Error) => error,
      );
    const meets = async (key: Item, condition: string, values?: Item, names?: Record<string, string>) => {
      const error = await refusal(
        client.send(
          new TransactWriteItemsCommand({
            TransactItems: [
              {
                ConditionCheck: {
                  TableName,
                  Key: key,
                  ConditionExpression: condition,
                  ExpressionAttributeValues: values,
                  ExpressionAttributeNames: names,
                },
              },
            ],
          }),
        ),
      );
      return { 'nothing refused': true, TransactionCanceledException: false }[error.name] ?? error.message;
    };

    describe('tables', () => {
      it('are described and listed', async () => {
        const { Table } = await client.send(new DescribeTableCommand({ TableName }));
        const { TableNames } = await client.send(new ListTablesCommand({}));

        expect(Table).toMatchObject({ TableName, TableStatus: 'ACTIVE', KeySchema: TABLE.KeySchema });
        expect(Table?.GlobalSecondaryIndexes?.map(({ IndexName }) => IndexName).sort()).toEqual([
          'byG',
          'keys',
          'whole',
        ]);
        expect(TableNames).toContain(TableName);
      });

      it('say whether items expire', async () => {
        const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName }));

        expect(TimeToLiveDescription).toEqual({ TimeToLiveStatus: 'DISABLED' });
      });

      it('must exist', async () => {
        const error = await refusal(
          client.send(new GetItemCommand({ TableName: 'no-such-table', Key: fresh() })),
        );

        expect(error.name).toBe('ResourceNotFoundException');
      });
    });

    describe('items', () => {
      it('come back as they were put, whatever their types and names', async () => {
        const item: Item = {
          ...fresh(),
          text: S('grüß 🐟'),
          empty: S(''),
          binary: { B: new Uint8Array([0, 255, 128]) },
          yes: { BOOL: true },
          no: { BOOL: false },
          nothing: { NULL: true },
          list: L(N(1), L(), { M: {} }),
          map: { M: { 'a.b[0]': S('dotted'), constructor: N(2), __proto__x: S('y') } },
          strings: { SS: ['b', 'a'] },
          numbers: { NS: ['1', '-2.5'] },
          binaries: { BS: [new Uint8Array([1]), new Uint8Array([2])] },
        };
        await put(item);
        const { strings, numbers, binaries, ...rest } =
          (await get({ pk: item.pk, sk: item.sk } as Item)) ?? {};
        const { strings: _, numbers: __, binaries: ___, ...sent } = item;

        expect(rest).toEqual(sent);
        expect(strings?.SS?.sort()).toEqual(['a', 'b']);
        expect(numbers?.NS?.sort()).toEqual(['-2.5', '1']);
        expect(binaries?.BS).toHaveLength(2);
      });

      it('pass through the document client', async () => {
        const documents = DynamoDBDocumentClient.from(client);
        const item = {
          pk: 'documents',
          sk: 'one',
          deep: { list: [1, 'two', null, true], set: new Set(['x']) },
        };
        await documents.send(new PutCommand({ TableName, Item: item }));

        const read = await documents.send(new GetCommand({ TableName, Key: { pk: 'documents', sk: 'one' } }));

        expect(read.Item).toEqual(item);
      });

      it.each([
        ['1.50', '1.5'],
        ['1e3', '1000'],
        ['-0', '0'],
        ['007', '7'],
        ['.5', '0.5'],
        ['1E-130', `0.${'0'.repeat(129)}1`],
        ['12345678901234567890123456789012345678', '12345678901234567890123456789012345678'],
      ])('keep the number %s as %s', async (written, kept) => {
        const key = fresh();
        await put({ ...key, value: N(written) });

        expect((await get(key))?.value).toEqual(N(kept));
      });

      it.each<[string, Item, RegExp]>([
        ['no sort key', { sk: undefined as never }, /key/],
        ['a key of another type', { sk: N(1) }, /Type mismatch for key/],
        ['an empty key', { sk: S('') }, /cannot contain an empty string value. Key: sk/],
        ['an index key of another type', { g: N(1) }, /Type mismatch for Index Key/],
        ['an empty index key', { g: S('') }, /IndexName: (byG|whole), IndexKey: g/],
        ['a value of no type', { x: {} as never }, /is empty, must contain exactly one/],
        ['a value of two types', { x: { S: 'a', N: '1' } as never }, /more than one datatypes set/],
        ['an empty set', { x: { SS: [] } }, /An string set {2}may not be empty/],
        ['a set with a member twice', { x: { SS: ['a', 'a'] } }, /contains duplicates/],
        ['a number set with a number twice', { x: { NS: ['1', '1.0'] } }, /contains duplicates/],
        ['a false null', { x: { NULL: false } as never }, /must have the value of true/],
        ['a word for a number', { x: N('many') }, /cannot be converted/],
        ['39 digits', { x: N('1'.repeat(39)) }, /38/],
        ['a number too large', { x: N('1e126') }, /Number overflow/],
        ['a number too small', { x: N('1e-131') }, /Number underflow/],
        ['400 KB', { x: S('x'.repeat(400 * 1024)) }, /Item size has exceeded the maximum allowed size/],
      ])('refuse %s', async (_, part, message) => {
        const error = await refusal(put({ ...fresh(), ...part }));

        expect(error).toMatchObject({ name: 'ValidationException', message: expect.stringMatching(message) });
      });

      it.each<[string, Item]>([
        ['without the sort key', { pk: S('a') }],
        ['with more than the key', { pk: S('a'), sk: S('b'), g: S('c') }],
        ['of another type', { pk: S('a'), sk: N(1) }],
      ])('refuse a key %s', async (_, key) => {
        expect((await refusal(get(key))).name).toBe('ValidationException');
      });

      it('are deleted once', async () => {
        const key = fresh();
        await put({ ...key, a: N(1) });
        const remove = () =>
          client.send(new DeleteItemCommand({ TableName, Key: key, ReturnValues: 'ALL_OLD' }));

        expect((await remove()).Attributes).toEqual({ ...key, a: N(1) });
        expect((await remove()).Attributes).toBeUndefined();
        expect(await get(key)).toBeUndefined();
      });

      it('answer what they replaced', async () => {
        const key = fresh();
        await put({ ...key, a: N(1) });

        expect((await put(key, { ReturnValues: 'ALL_OLD' })).Attributes).toEqual({ ...key, a: N(1) });
      });
    });

    describe('conditions', () => {
      const item = {
        num: N(5),
        neg: N('-10.25'),
        txt: S('hello world'),
        bytes: { B: new Uint8Array([1, 2, 3]) },
        yes: { BOOL: true },
        lst: L(S('a'), { M: { deep: N(7) } }, N(3)),
        obj: { M: { leaf: S('x'), 'with.dot': N(1) } },
        tags: { SS: ['red', 'blue'] },
        nums: { NS: ['1', '2'] },
      };
      const values: Item = {
        ':5': N('5.0'),
        ':10': N(10),
        ':-11': N(-11),
        ':7': N(7),
        ':2': N(2),
        ':hello': S('hello'),
        ':wor': S('o wor'),
        ':red': S('red'),
        ':x': S('x'),
        ':S': S('S'),
        ':SS': S('SS'),
        ':true': { BOOL: true },
        ':b': { B: new Uint8Array([1, 2]) },
        ':b2': { B: new Uint8Array([2, 3]) },
        ':set': { SS: ['blue', 'red'] },
      };
      let key: Item;
      beforeAll(async () => {
        key = fresh();
        await put({ ...key, ...item });
      });

      it.each([
        ['num = :5', true],
        ['num <> :5', false],
        ['num < :10', true],
        ['neg < num', true],
        ['neg > :-11', true],
        ['neg > :10', false],
        ['txt < num', false],
        ['gone = :5', false],
        ['gone <> :5', true],
        ['gone <> gone2', true],
        ['gone < :5', false],
        ['NOT gone < :5', true],
        ['num BETWEEN :2 AND :7', true],
        ['num BETWEEN :7 AND :10', false],
        ['gone BETWEEN :7 AND :10', false],
        ['num IN (:2, :5)', true],
        ['num IN (:2, :7)', false],
        ['tags = :set', true],
        ['yes = :true', true],
        ['lst[1].deep = :7', true],
        ['lst[0] <> lst[2]', true],
        ['lst[9] = :7', false],
        ['obj.leaf = :x', true],
        ['obj.leaf.more = :x', false],
        ['attribute_exists(obj.leaf)', true],
        ['attribute_exists(lst[2])', true],
        ['attribute_not_exists(lst[3])', true],
        ['attribute_not_exists(txt)', false],
        ['attribute_type(txt, :S)', true],
        ['attribute_type(tags, :SS)', true],
        ['attribute_type(num, :S)', false],
        ['begins_with(txt, :hello)', true],
        ['begins_with(txt, :wor)', false],
        ['begins_with(num, :hello)', false],
        ['begins_with(bytes, :b)', true],
        ['contains(txt, :wor)', true],
        ['contains(bytes, :b2)', true],
        ['contains(tags, :red)', true],
        ['contains(tags, :x)', false],
        ['contains(nums, :2)', true],
        ['contains(lst, :x)', false],
        ['size(txt) > :10', true],
        ['size(bytes) < :5', true],
        ['size(lst) > :2', true],
        ['size(obj) = :2', true],
        ['size(tags) = :2', true],
        ['size(gone) = :2', false],
        ['size(num) = :2', false],
        ['num = :5 OR num = :2 AND num = :7', true],
        ['(num = :5 OR num = :2) AND num = :7', false],
        ['NOT num = :2 AND num = :5', true],
        ['NOT (num = :2 OR num = :5)', false],
        ['not num = :2 and NUM = :5 Or num = :5', true],
        ['(num) = (:5)', true],
        [':5 = num', true],
      ])('%s is %s', async (condition, expected) => {
        const used = Object.keys(values).filter((name) =>
          new RegExp(`${name.replace('-', '\\-')}(?![\\w-])`).test(condition),
        );
        const some = Object.fromEntries(used.map((name) => [name.replace('-', 'm'), values[name] ?? S('')]));
        const text = condition.replaceAll(':-', ':m');

        expect(await meets(key, text, used.length > 0 ? some : undefined)).toBe(expected);
      });

      it('reach any attribute by a name of their own', async () => {
        expect(await meets(key, '#m.#d = :one', { ':one': N(1) }, { '#m': 'obj', '#d': 'with.dot' })).toBe(
          true,
        );
      });

      it.each<[string, string, Item | undefined, Record<string, string> | undefined, RegExp]>([
        ['a syntax error', 'a = = b', undefined, undefined, /Syntax error; token: "=", near: "= = b"/],
        ['an early end', 'a =', undefined, undefined, /Syntax error; token: "<EOF>"/],
        ['a stray character', 'a = b @', undefined, undefined, /Syntax error; token: "@", near: "b @"/],
        ['nothing', '', undefined, undefined, /The expression can not be empty;/],
        ['a bare attribute', 'a', undefined, undefined, /Syntax error/],
        ['an undefined name', '#a = b', undefined, undefined, /is not defined; attribute name: #a/],
        ['an undefined value', 'a = :b', undefined, undefined, /is not defined; attribute value: :b/],
        [
          'an unused name',
          'a = b',
          undefined,
          { '#a': 'a' },
          /ExpressionAttributeNames unused in expressions: keys: {#a}/,
        ],
        ['an unused value', 'a = b', { ':v': N(1) }, undefined, /unused in expressions: keys: {:v}/],
        ['no values at all', 'a = b', {}, undefined, /ExpressionAttributeValues must not be empty/],
        ['a name without #', 'a = b', undefined, { a: 'b' }, /contains invalid key: Syntax error; key: "a"/],
        ['a reserved word', 'name = b', undefined, undefined, /reserved keyword; reserved keyword: name/],
        ['a reserved word within', 'a.Status = b', undefined, undefined, /reserved keyword: Status/],
        ['an unknown function', 'foo(a)', undefined, undefined, /Invalid function name; function: foo/],
        ['too many operands', 'attribute_exists(a, b)', undefined, undefined, /Incorrect number of operands/],
        ['a value for a path', 'attribute_exists(:v)', { ':v': N(1) }, undefined, /requires a document path/],
        [
          'size alone',
          'size(a)',
          undefined,
          undefined,
          /not allowed to be used this way in an expression; function: size/,
        ],
        [
          'a comparison of a test',
          'attribute_exists(a) = :v',
          { ':v': N(1) },
          undefined,
          /not allowed to be used this way/,
        ],
        ['a number as a prefix', 'begins_with(a, :v)', { ':v': N(1) }, undefined, /Incorrect operand type/],
        [
          'an unknown type',
          'attribute_type(a, :v)',
          { ':v': S('X') },
          undefined,
          /Invalid attribute type name found; type: X/,
        ],
        [
          'an order of maps',
          'a < :v',
          { ':v': { M: {} } },
          undefined,
          /operator or function: <, operand type: M/,
        ],
        [
          'bounds upside down',
          'a BETWEEN :v AND :w',
          { ':v': N(2), ':w': N(1) },
          undefined,
          /upper bound to be greater/,
        ],
        ['one operand twice', 'a = a', undefined, undefined, /must be distinct from the remaining operands/],
        ['double parentheses', '((a = b))', undefined, undefined, /redundant parentheses/],
        ['an empty lst', 'a IN ()', undefined, undefined, /Syntax error/],
      ])('refuse %s', async (_, condition, some, names, message) => {
        const error = await refusal(
          put(fresh(), {
            ConditionExpression: condition,
            ExpressionAttributeValues: some,
            ExpressionAttributeNames: names,
          }),
        );

        expect(error).toMatchObject({ name: 'ValidationException', message: expect.stringMatching(message) });
      });

      it('show the item that failed them, when asked to', async () => {
        const error = await refusal(
          put(key, {
            ConditionExpression: 'attribute_not_exists(pk)',
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
        );
        const silent = await refusal(put(key, { ConditionExpression: 'attribute_not_exists(pk)' }));

        expect(error).toMatchObject({ name: 'ConditionalCheckFailedException', Item: { num: N(5) } });
        expect(silent).toMatchObject({ name: 'ConditionalCheckFailedException', Item: undefined });
      });

      it('let one of fifty concurrent puts win', async () => {
        const contested = fresh();
        const outcomes = await Promise.all(
          Array.from({ length: 50 }, (_, by) =>
            put({ ...contested, by: N(by) }, { ConditionExpression: 'attribute_not_exists(pk)' }).then(
              () => by,
              (error: Error) => error.name,
            ),
          ),
        );
        const winners = outcomes.filter((outcome) => typeof outcome === 'number');

        expect(winners).toHaveLength(1);
        expect((await get(contested))?.by).toEqual(N(winners[0] as number));
        expect(outcomes.filter((outcome) => outcome === 'ConditionalCheckFailedException')).toHaveLength(49);
      });
    });

    describe('updates', () => {
      const item = {
        num: N(5),
        txt: S('txt'),
        lst: L(S('a'), S('b'), S('c')),
        obj: { M: { x: N(1) } },
        tags: { SS: ['a', 'b'] },
      };

      it.each<[string, Item | undefined, Item]>([
        ['SET num = num + :v', { ':v': N('0.1') }, { num: N('5.1') }],
        ['SET num = :v - num', { ':v': N(3) }, { num: N(-2) }],
        ['SET fresh = num, num = :v', { ':v': N(1) }, { fresh: N(5), num: N(1) }],
        ['SET obj.y = obj.x', undefined, { obj: { M: { x: N(1), y: N(1) } } }],
        ['SET lst[1] = :v', { ':v': N(1) }, { lst: L(S('a'), N(1), S('c')) }],
        [
          'SET lst[9] = :v, lst[7] = :w',
          { ':v': N(9), ':w': N(7) },
          { lst: L(S('a'), S('b'), S('c'), N(7), N(9)) },
        ],
        ['SET n2 = if_not_exists(n2, :z) + :v', { ':z': N(0), ':v': N(1) }, { n2: N(1) }],
        ['SET num = if_not_exists(num, :z)', { ':z': N(0) }, { num: N(5) }],
        ['SET lst = list_append(lst, :v)', { ':v': L(N(1)) }, { lst: L(S('a'), S('b'), S('c'), N(1)) }],
        ['SET lst = list_append(:v, lst)', { ':v': L(N(1)) }, { lst: L(N(1), S('a'), S('b'), S('c')) }],
        ['SET l2 = list_append(if_not_exists(l2, :e), :v)', { ':e': L(), ':v': L(N(1)) }, { l2: L(N(1)) }],
        ['REMOVE lst[0], lst[1]', undefined, { lst: L(S('c')) }],
        ['REMOVE lst[7], gone, obj.gone', undefined, {}],
        ['REMOVE obj.x', undefined, { obj: { M: {} } }],
        ['ADD num :v', { ':v': N('-5.5') }, { num: N('-0.5') }],
        ['ADD cnt :v', { ':v': N(1) }, { cnt: N(1) }],
        ['ADD obj.x :v', { ':v': N(2) }, { obj: { M: { x: N(3) } } }],
        ['ADD tags :v', { ':v': { SS: ['b', 'c'] } }, { tags: { SS: ['a', 'b', 'c'] } }],
        ['DELETE tags :v', { ':v': { SS: ['b', 'z'] } }, { tags: { SS: ['a'] } }],
        ['DELETE tags :v', { ':v': { SS: ['a', 'b'] } }, { tags: undefined as never }],
        [
          'SET a1 = :v REMOVE txt ADD num :v DELETE tags :s',
          { ':v': N(1), ':s': { SS: ['a'] } },
          { a1: N(1), txt: undefined as never, num: N(6), tags: { SS: ['b'] } },
        ],
        ['SET big = :a + :b', { ':a': N('9007199254740993'), ':b': N(1) }, { big: N('9007199254740994') }],
      ])('%s', async (expression, values, change) => {
        const key = fresh();
        await put({ ...key, ...item });

        const { Attributes } = await update(key, expression, values);

        expect(Attributes).toEqual(withoutAbsent({ ...key, ...item, ...change }));
        expect(await get(key)).toEqual(Attributes);
      });

      it.each<[string, Item | undefined, RegExp]>([
        ['SET sk = :v', { ':v': N(1) }, /Cannot update attribute sk. This attribute is part of the key/],
        ['REMOVE pk', undefined, /Cannot update attribute pk/],
        [
          'SET obj = :v, obj.x = :v',
          { ':v': N(1) },
          /overlap with each other.*path one: \[obj\], path two: \[obj, x\]/,
        ],
        ['SET obj.x = :v REMOVE obj[1]', { ':v': N(1) }, /conflict with each other/],
        ['SET num = :v, num = :v', { ':v': N(1) }, /overlap/],
        ['SET a1 = :v SET a2 = :v', { ':v': N(1) }, /"SET" section can only be used once/],
        ['SET gone.x = :v', { ':v': N(1) }, /document path provided in the update expression is invalid/],
        ['SET txt.x = :v', { ':v': N(1) }, /document path provided in the update expression is invalid/],
        ['REMOVE gone.x', undefined, /document path provided in the update expression is invalid/],
        ['SET a1 = gone', undefined, /refers to an attribute that does not exist/],
        ['SET a1 = gone + :v', { ':v': N(1) }, /refers to an attribute that does not exist/],
        ['SET a1 = txt + :v', { ':v': N(1) }, /incorrect data type/],
        [
          'SET a1 = num + :v',
          { ':v': S('1') },
          /Incorrect operand type for operator or function; operator or function: \+/,
        ],
        ['SET a1 = num + :v + :v', { ':v': N(1) }, /Syntax error; token: "\+"/],
        ['ADD txt :v', { ':v': N(1) }, /incorrect data type/],
        [
          'ADD txt :v',
          { ':v': S('x') },
          /operator: ADD, operand type: STRING, typeSet: ALLOWED_FOR_ADD_OPERAND/,
        ],
        ['ADD tags :v', { ':v': { NS: ['1'] } }, /incorrect data type/],
        ['DELETE num :v', { ':v': N(1) }, /operator: DELETE, operand type: NUMBER/],
        ['SET lst = list_append(txt, :v)', { ':v': L() }, /incorrect data type/],
        ['SET a1 = if_not_exists(:v, :v)', { ':v': N(1) }, /requires a document path/],
        [
          'SET a1 = attribute_exists(num)',
          undefined,
          /not allowed in an update expression; function: attribute_exists/,
        ],
        ['SET a1 = :a + :b', { ':a': N('9'.repeat(38)), ':b': N('0.1') }, /38/],
        ['SET a1 = :a + :a', { ':a': N('9e125') }, /Number overflow/],
        ['SET a1 = :v', { ':v': S('x'.repeat(400 * 1024)) }, /Item size to update has exceeded/],
        ['', undefined, /The expression can not be empty;/],
        ['SET g = :v', { ':v': S('') }, /secondary index key/],
      ])('refuse %s', async (expression, values, message) => {
        const key = fresh();
        await put({ ...key, ...item });
        const error = await refusal(update(key, expression, values));

        expect(error).toMatchObject({ name: 'ValidationException', message: expect.stringMatching(message) });
        expect(await get(key)).toEqual({ ...key, ...item });
      });

      it.each([
        ['NONE', undefined],
        ['ALL_OLD', 'old'],
        ['ALL_NEW', 'new'],
        ['UPDATED_OLD', { num: N(5) }],
        ['UPDATED_NEW', { num: N(6), a1: N(1) }],
      ] as const)('answer %s', async (ReturnValues, expected) => {
        const key = fresh();
        const old = { ...key, num: N(5) };
        await put(old);
        const { Attributes } = await update(
          key,
          'SET num = num + :v, a1 = :v',
          { ':v': N(1) },
          { ReturnValues },
        );
        const whole = { old, new: { ...key, num: N(6), a1: N(1) } };

        expect(Attributes).toEqual(typeof expected === 'string' ? whole[expected] : expected);
      });

      it('create the item that is not there, unless a condition says no', async () => {
        const key = fresh();
        const error = await refusal(
          update(key, 'SET num = :v', { ':v': N(1) }, { ConditionExpression: 'attribute_exists(pk)' }),
        );
        const { Attributes } = await update(key, 'SET num = :v', { ':v': N(1) });

        expect(error.name).toBe('ConditionalCheckFailedException');
        expect(Attributes).toEqual({ ...key, num: N(1) });
      });

      it('count exactly under concurrency', async () => {
        const key = fresh();
        await Promise.all(Array.from({ length: 40 }, () => update(key, 'ADD hits :v', { ':v': N('0.1') })));

        expect(Number((await get(key))?.hits?.N)).toBe(4);
      });
    });

    describe('queries', () => {
      const P = { ':p': S('queried') };
      const pages = async (how: Partial<QueryCommandInput>) => {
        const all: Item[] = [];
        let ExclusiveStartKey: Item | undefined;
        do {
          const page = how.IndexName
            ? await query('g = :g', { ':g': S('odd') }, { ...how, ExclusiveStartKey })
            : await query('pk = :p', P, { ...how, ExclusiveStartKey });
          all.push(...(page.Items ?? []));
          ExclusiveStartKey = page.LastEvaluatedKey;
        } while (ExclusiveStartKey);
        return all;
      };
      const sorts = (items: Item[] | undefined) => items?.map(({ sk }) => sk?.S).join(' ');
      beforeAll(async () => {
        for (let at = 0; at < 12; at += 1) {
          await put({
            pk: S('queried'),
            sk: S(`${at % 3 === 0 ? 'a' : 'b'}#${String(at).padStart(2, '0')}`),
            ...(at % 2 === 1 && { g: S('odd'), n: N(-at * 1.5) }),
            extra: N(at),
            covert: S('h'),
          });
        }
      });

      it.each<[string, string, Item, Partial<QueryCommandInput>, string]>([
        ['a prefix', 'pk = :p AND begins_with(sk, :s)', { ':s': S('a#') }, {}, 'a#00 a#03 a#06 a#09'],
        ['equality', 'pk = :p AND sk = :s', { ':s': S('a#03') }, {}, 'a#03'],
        ['less', 'pk = :p AND sk < :s', { ':s': S('a#06') }, {}, 'a#00 a#03'],
        ['at most', 'pk = :p AND sk <= :s', { ':s': S('a#06') }, {}, 'a#00 a#03 a#06'],
        ['more', 'sk > :s AND pk = :p', { ':s': S('b#08') }, {}, 'b#10 b#11'],
        ['at least', '(pk = :p) AND (sk >= :s)', { ':s': S('b#08') }, {}, 'b#08 b#10 b#11'],
        [
          'a stretch',
          'pk = :p AND sk BETWEEN :s AND :t',
          { ':s': S('a#09'), ':t': S('b#02') },
          {},
          'a#09 b#01 b#02',
        ],
        ['backwards', ':p = pk', {}, { ScanIndexForward: false, Limit: 2 }, 'b#11 b#10'],
        ['nothing', 'pk = :p AND sk > :s', { ':s': S('c') }, {}, ''],
        ['filtered', 'pk = :p', { ':s': N(9) }, { FilterExpression: 'extra > :s' }, 'b#10 b#11'],
      ])('read %s', async (_, expression, values, more, expected) => {
        const { Items, Count } = await query(expression, { ...P, ...values }, more);

        expect(sorts(Items)).toBe(expected);
        expect(Count).toBe(Items?.length);
      });

      it.each(
        [1, 2, 5, 12, 100].flatMap((Limit) => [
          { Limit, IndexName: undefined, total: 12 },
          { Limit, IndexName: 'byG', total: 6 },
          { Limit, IndexName: 'whole', total: 6 },
        ]),
      )(
        'read all $total of $IndexName in pages of $Limit, both ways',
        async ({ Limit, IndexName, total }) => {
          const forwards = await pages({ IndexName, Limit, ScanIndexForward: true });
          const backwards = await pages({ IndexName, Limit, ScanIndexForward: false });
          const order = forwards.map(({ sk, n }) => (IndexName === 'byG' ? Number(n?.N) : String(sk?.S)));

          expect(new Set(forwards.map(({ sk }) => sk?.S)).size).toBe(total);
          expect(new Set(backwards)).toEqual(new Set(forwards));
          if (IndexName === 'whole') return;
          expect(order).toEqual([...order].sort((a, b) => (a < b ? -1 : 1)));
          expect(backwards).toEqual(forwards.toReversed());
        },
      );

      it('count without items', async () => {
        const { Count, ScannedCount, Items } = await query(
          'pk = :p',
          { ...P, ':s': N(9) },
          { Select: 'COUNT', FilterExpression: 'extra > :s' },
        );

        expect({ Count, ScannedCount, Items }).toEqual({ Count: 2, ScannedCount: 12, Items: undefined });
      });

      it('choose parts, in their own structure', async () => {
        const key = fresh();
        await put({
          ...key,
          lst: L(N(0), N(1), { M: { a: N(2), b: N(3) } }),
          obj: { M: { x: N(1), y: N(2) } },
        });
        const { Items } = await query(
          'pk = :p',
          { ':p': key.pk },
          {
            ProjectionExpression: 'lst[2].a, lst[0], obj.#y, gone',
            ExpressionAttributeNames: { '#y': 'y' },
          },
        );

        expect(Items).toEqual([{ lst: L(N(0), { M: { a: N(2) } }), obj: { M: { y: N(2) } } }]);
      });

      it('show of an index what it projects, and only items in it', async () => {
        const included = await query(
          'g = :g AND n > :n',
          { ':g': S('odd'), ':n': N(-2) },
          { IndexName: 'byG' },
        );
        const keys = await query('n = :n', { ':n': N('-1.50') }, { IndexName: 'keys' });
        const whole = await client.send(new ScanCommand({ TableName, IndexName: 'whole' }));

        const key = { pk: S('queried'), sk: S('b#01') };
        expect(included.Items).toEqual([{ ...key, g: S('odd'), n: N('-1.5'), extra: N(1) }]);
        expect(keys.Items).toEqual([{ ...key, n: N('-1.5') }]);
        expect(whole.Items).toHaveLength(6);
        expect(whole.Items?.[0]?.covert).toEqual(S('h'));
      });

      it('follow an item through its index', async () => {
        const key = fresh();
        const found = async (g: string) =>
          (await query('g = :g', { ':g': S(g) }, { IndexName: 'whole' })).Items?.length;
        await put({ ...key, g: S('moves-1') });
        await update(key, 'SET g = :g', { ':g': S('moves-2') });
        const moved = [await found('moves-1'), await found('moves-2')];
        await update(key, 'REMOVE g');

        expect([...moved, await found('moves-2')]).toEqual([0, 1, 0]);
      });

      it('end a page at 1 MB', async () => {
        const pk = S('heavy');
        for (let at = 0; at < 8; at += 1) await put({ pk, sk: S(`k${at}`), x: S('x'.repeat(200 * 1024)) });
        const first = await query('pk = :p', { ':p': pk });
        const rest = await query('pk = :p', { ':p': pk }, { ExclusiveStartKey: first.LastEvaluatedKey });

        expect([first.Count, rest.Count, rest.LastEvaluatedKey]).toEqual([6, 2, undefined]);
      });

      it.each<[string, string, Item, Partial<QueryCommandInput>, RegExp]>([
        ['no hash key', 'sk = :p', P, {}, /missed key schema element/],
        ['OR', 'pk = :p OR sk = :p', P, {}, /Invalid operator used in KeyConditionExpression: OR/],
        ['NOT', 'NOT pk = :p', P, {}, /KeyConditionExpression/],
        [
          'another function',
          'pk = :p AND contains(sk, :p)',
          P,
          {},
          /Invalid operator used in KeyConditionExpression: contains/,
        ],
        ['a hash range', 'pk > :p', P, {}, /Query key condition not supported/],
        ['an attribute that is no key', 'pk = :p AND extra = :p', P, {}, /missed key schema element/],
        [
          'a value of another type',
          'pk = :p',
          { ':p': N(1) },
          {},
          /Condition parameter type does not match schema type/,
        ],
        [
          'a filter on a key',
          'pk = :p',
          P,
          { FilterExpression: 'attribute_exists(sk)' },
          /Primary key attribute: sk/,
        ],
        ['an unknown index', 'pk = :p', P, { IndexName: 'none' }, /does not have the specified index: none/],
        [
          'a consistent read of an index',
          'g = :p',
          P,
          { IndexName: 'whole', ConsistentRead: true },
          /[Cc]onsistent read/,
        ],
        [
          'all attributes of a partial index',
          'g = :p',
          P,
          { IndexName: 'byG', Select: 'ALL_ATTRIBUTES' },
          /ALL_ATTRIBUTES/,
        ],
        [
          'a covert attribute',
          'g = :p',
          P,
          { IndexName: 'byG', ProjectionExpression: 'covert' },
          /does not project \[covert\]/,
        ],
        [
          'a filter on a covert attribute',
          'g = :p',
          P,
          { IndexName: 'byG', FilterExpression: 'attribute_exists(covert)' },
          /does not project/,
        ],
        ['a limit of none', 'pk = :p', P, { Limit: 0 }, /greater than or equal to 1/],
        ['overlapping parts', 'pk = :p', P, { ProjectionExpression: 'a, a.b' }, /overlap/],
        ['a start without a sort key', 'pk = :p', P, { ExclusiveStartKey: { pk: S('queried') } }, /[Ss]tart/],
        [
          'a start elsewhere',
          'pk = :p',
          P,
          { ExclusiveStartKey: { pk: S('other'), sk: S('a') } },
          /starting key/,
        ],
      ])('refuse %s', async (_, expression, values, more, message) => {
        const error = await refusal(query(expression, values, more));

        expect(error).toMatchObject({ name: 'ValidationException', message: expect.stringMatching(message) });
      });

      it('scan everything, in pages and filtered', async () => {
        const seen = new Set<string>();
        let ExclusiveStartKey: Item | undefined;
        do {
          const page = await client.send(
            new ScanCommand({
              TableName,
              Limit: 7,
              ExclusiveStartKey,
              FilterExpression: 'covert = :h',
              ExpressionAttributeValues: { ':h': S('h') },
            }),
          );
          for (const { sk } of page.Items ?? []) seen.add(String(sk?.S));
          ExclusiveStartKey = page.LastEvaluatedKey;
        } while (ExclusiveStartKey);

        expect(seen.size).toBe(12);
      });
    });

    describe('transactions', () => {
      it('write all', async () => {
        const [one, two, three] = [fresh(), fresh(), fresh()];
        await put(three);
        await transact([
          { Put: { TableName, Item: { ...one, a: N(1) } } },
          {
            Update: {
              TableName,
              Key: two,
              UpdateExpression: 'SET b = :v',
              ExpressionAttributeValues: { ':v': N(2) },
            },
          },
          { Delete: { TableName, Key: three, ConditionExpression: 'attribute_exists(pk)' } },
        ]);
        const { Responses } = await client.send(
          new TransactGetItemsCommand({
            TransactItems: [one, two, three].map((Key) => ({ Get: { TableName, Key } })),
          }),
        );

        expect(Responses?.map(({ Item }) => Item)).toEqual([
          { ...one, a: N(1) },
          { ...two, b: N(2) },
          undefined,
        ]);
      });

      it('write nothing when one condition fails, and say which', async () => {
        const [one, two, three] = [fresh(), fresh(), fresh()];
        await put({ ...two, a: N(1) });
        const error = await refusal(
          transact([
            { Put: { TableName, Item: one } },
            {
              ConditionCheck: {
                TableName,
                Key: two,
                ConditionExpression: 'attribute_not_exists(pk)',
                ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
              },
            },
            { Delete: { TableName, Key: three, ConditionExpression: 'attribute_exists(pk)' } },
          ]),
        );

        expect(error).toMatchObject({
          name: 'TransactionCanceledException',
          message:
            'Transaction cancelled, please refer cancellation reasons for specific reasons ' +
            '[None, ConditionalCheckFailed, ConditionalCheckFailed]',
          CancellationReasons: [
            { Code: 'None' },
            { Code: 'ConditionalCheckFailed', Item: { ...two, a: N(1) } },
            {
              Code: 'ConditionalCheckFailed',
              Message: expect.stringMatching('The conditional request failed'),
            },
          ],
        });
        expect(await get(one)).toBeUndefined();
      });

      it('are carried out once for a token', async () => {
        const key = fresh();
        const token = `token-${key.pk.S}-${Date.now()}`;
        const count = (by: number): TransactWriteItem => ({
          Update: {
            TableName,
            Key: key,
            UpdateExpression: 'ADD hits :v',
            ExpressionAttributeValues: { ':v': N(by) },
          },
        });
        await transact([count(1)], token);
        await transact([count(1)], token);
        const error = await refusal(transact([count(2)], token));

        expect((await get(key))?.hits).toEqual(N(1));
        expect(error.name).toBe('IdempotentParameterMismatchException');
      });

      it('refuse one item twice, and more than a hundred operations', async () => {
        const key = fresh();
        const twice = await refusal(
          transact([{ Put: { TableName, Item: key } }, { Delete: { TableName, Key: key } }]),
        );
        const many = await refusal(
          transact(Array.from({ length: 101 }, () => ({ Put: { TableName, Item: fresh() } }))),
        );

        expect(twice.message).toBe('Transaction request cannot include multiple operations on one item');
        expect(many).toMatchObject({
          name: 'ValidationException',
          message: expect.stringMatching('equal to 100'),
        });
      });

      it('let one of many rivals win', async () => {
        const [guard, ...marks] = Array.from({ length: 21 }, fresh);
        const outcomes = await Promise.all(
          marks.map((mark) =>
            refusal(
              transact([
                {
                  Put: { TableName, Item: guard as Item, ConditionExpression: 'attribute_not_exists(pk)' },
                },
                { Put: { TableName, Item: mark } },
              ]),
            ),
          ),
        );
        const written = (await Promise.all(marks.map(get))).filter((item) => item !== undefined);

        expect(outcomes.filter(({ name }) => name === 'nothing refused')).toHaveLength(1);
        expect(written).toHaveLength(1);
      });
    });

    describe('batches', () => {
      it('write and read', async () => {
        const [one, two] = [fresh(), fresh()];
        await put(two);
        await client.send(
          new BatchWriteItemCommand({
            RequestItems: { [TableName]: [{ PutRequest: { Item: one } }, { DeleteRequest: { Key: two } }] },
          }),
        );
        const { Responses, UnprocessedKeys } = await client.send(
          new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys: [one, two] } } }),
        );

        expect(Responses?.[TableName]).toEqual([one]);
        expect(UnprocessedKeys).toEqual({});
      });

      it('refuse one key twice, and more than they may hold', async () => {
        const key = fresh();
        const read = (Keys: Item[]) =>
          client.send(new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys } } }));
        const write = (items: Item[]) =>
          client.send(
            new BatchWriteItemCommand({
              RequestItems: { [TableName]: items.map((Item) => ({ PutRequest: { Item } })) },
            }),
          );

        expect((await refusal(read([key, key]))).message).toBe(
          'Provided list of item keys contains duplicates',
        );
        expect((await refusal(write([key, key]))).message).toBe(
          'Provided list of item keys contains duplicates',
        );
        expect((await refusal(read(Array.from({ length: 101 }, fresh)))).name).toBe('ValidationException');
        expect((await refusal(write(Array.from({ length: 26 }, fresh)))).name).toBe('ValidationException');
      });
    });
  });
}

function withoutAbsent(item: Item): Item {
  return Object.fromEntries(Object.entries(item).filter(([, value]) => value !== undefined));
}
