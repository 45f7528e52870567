import type { Scenario, World } from '../world.ts';

const LONG = 'x'.repeat(100_000);

/** Objects put, put over, put once only, copied and deleted; each step as a client that repeats what was not acknowledged. */
export const scenario: Scenario = {
  resources: {
    Bucket: { Type: 'AWS::S3::Bucket', Properties: {} },
    Kept: { Type: 'AWS::S3::Bucket', Properties: { VersioningConfiguration: { Status: 'Enabled' } } },
  },

  async play(world) {
    const { once } = world;
    await once('first', () => put(world, 'Bucket/a', 'first'));
    await once('second', () => put(world, 'Bucket/a', LONG));
    await once('only', () => put(world, 'Bucket/b', 'only', { 'if-none-match': '*' }));
    await once('copy', () => put(world, 'Bucket/c', '', { 'x-amz-copy-source': `${world.ref('Bucket')}/a` }));
    await once('doomed', () => put(world, 'Bucket/d', 'doomed'));
    await once('delete', () => call(world, 'DELETE', 'Bucket/d'));
    await once('version', () => put(world, 'Kept/v', 'one'));
    await once('next version', () => put(world, 'Kept/v', 'two'));
  },

  async check(world) {
    const wanted = {
      'Bucket/a': LONG,
      'Bucket/b': 'only',
      'Bucket/c': LONG,
      'Bucket/d': null,
      'Kept/v': 'two',
    };
    const lost: string[] = [];
    for (const [key, value] of Object.entries(wanted)) {
      const { status, text } = await call(world, 'GET', key);
      if (value === null ? status !== 404 : text !== value)
        lost.push(`${key}: ${status} ${text.slice(0, 20)}`);
    }
    const again = await put(world, 'Bucket/b', 'twice', { 'if-none-match': '*' });
    return { lost, doubled: again.status === 412 ? [] : [`b was put again: ${again.status}`] };
  },
};

function call(world: World, method: string, path: string, more: { body?: string; headers?: object } = {}) {
  const [bucket = '', key = ''] = path.split('/');
  const { body, headers } = more;
  const target = { service: 's3', method, path: `/${world.ref(bucket)}/${key}` } as const;
  return world.rest({ ...target, ...(body !== undefined && { body }), headers: { ...headers } });
}

const put = (world: World, path: string, body: string, headers: object = {}) =>
  call(world, 'PUT', path, { body, headers });
