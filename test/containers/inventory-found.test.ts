import { expect, it } from 'vitest';
import { type Inventory, texts } from '#core/taps/inventory.ts';
import { read } from './taps-in-styles.ts';

/** Ways of writing a tap that real ones turned out to have, one by one. */
const endpoints = ({ streams }: Inventory) =>
  streams.map(({ name, urlBase, path }) => [texts(name)[0], texts(urlBase)[0], texts(path)[0]]);

it('fields that a decorator makes parameters of are known by their place', async () => {
  const found = await read({
    'tap_crm/__init__.py': `
import attr
BASE_URL = "https://crm.example"
@attr.s
class Stream(object):
    tap_stream_id = attr.ib()
    sync = attr.ib()
    key_properties = attr.ib()
def sync_deals(config):
    request(BASE_URL + "/v1/deals")
STREAMS = [Stream("deals", sync_deals, ["deal_id"]), Stream("people", None, key_properties=["id"])]
`,
  });

  expect(endpoints(found)).toMatchObject([
    ['deals', 'https://crm.example', 'https://crm.example/v1/deals'],
    ['people', 'https://crm.example', undefined],
  ]);
  expect(found.streams.map(({ primaryKeys }) => primaryKeys)).toMatchObject([
    { value: ['deal_id'] },
    { value: ['id'] },
  ]);
});

it('schema files name the streams of a tap that says them nowhere else, and tables their keys', async () => {
  const schema = '{"type": "object", "properties": {"id": {"type": "string"}}}';
  const found = await read({
    'tap_pay/__init__.py': `
import vendor
STREAM_OBJECTS = {"charges": {"api": vendor.Charge, "key_properties": ["id"]}}
REPLICATION_KEYS = {"charges": "created"}
`,
    'tap_pay/schemas/charges.json': schema,
    'tap_pay/schemas/plans.json': schema,
    'tap_pay/schemas/shared/money.json': schema,
  });

  expect(found.streams).toMatchObject([
    {
      name: { value: 'charges', at: 'tap_pay/schemas/charges.json:1', confidence: 'medium' },
      primaryKeys: { value: ['id'], at: 'tap_pay/__init__.py:3' },
      replicationKey: { value: 'created' },
      schema: { from: 'file', properties: ['id'] },
    },
    { name: { value: 'plans' } },
  ]);
});

it('a stream without a path has that of the requests in its own class, as a guess', async () => {
  const found = await read({
    'tap_jobs/streams.py': `
class Client:
    base_url = "https://jobs.example"
class Projects:
    tap_stream_id = "projects"
    key_properties = ["id"]
    def sync(self):
        client.request(self.tap_stream_id, "GET", "/api/2/project/search")
STREAMS = [Projects]
`,
  });

  expect(endpoints(found)).toEqual([['projects', 'https://jobs.example', '/api/2/project/search']]);
  expect(found.streams[0]?.path?.confidence).toBe('low');
});

it('a stream that two ways lead to is offered once', async () => {
  const found = await read({
    'tap_docs/tap.py': `
from singer_sdk import RESTStream, Tap
class Builds(RESTStream):
    name = "builds"
    path = "/builds"
class Teams(RESTStream):
    name = "teams"
    path = "/teams"
class TapDocs(Tap):
    name = "tap-docs"
    def discover_streams(self):
        result = [Builds(tap=self)]
        if self.config.get("business"):
            result.extend([Teams(tap=self)])
        return result
`,
  });

  expect(endpoints(found).map(([name]) => name)).toEqual(['builds', 'teams']);
});

it('a whole address needs no base, and where one signs in is none', async () => {
  const found = await read({
    'tap_desk/client.py':
      'TOKEN_URL = "https://id.desk.example/oauth/token"\nBASE_URL = "https://desk.example/v2"\n',
    'tap_desk/streams.py': `
class Tickets:
    tap_stream_id = "tickets"
    key_properties = ["id"]
    endpoint = "https://{}.desk.example/tickets"
class Users:
    tap_stream_id = "users"
    key_properties = ["id"]
    endpoint = "users"
STREAMS = [Tickets, Users]
`,
  });

  expect(endpoints(found)).toEqual([
    ['tickets', undefined, 'https://{}.desk.example/tickets'],
    ['users', 'https://desk.example/v2', 'users'],
  ]);
});

it.each([
  ['static', 'schemas.get("users")'],
  ['dynamic', 'cursor.execute("SELECT * FROM information_schema.columns")'],
])('a catalog is %s where discovery says: %s', async (kind, call) => {
  const found = await read({
    'tap_db/__init__.py': `
class Client:
    def get(self, path):
        return requests.get(path)
def discover_catalog(schemas, cursor):
    return ${call}
`,
  });

  expect(found.discovery.kind).toBe(kind);
});

it('a table of addresses by name is one of streams where no class is one', async () => {
  const found = await read({
    'tap_x/__init__.py': 'ENDPOINTS = {"users": "/v1/users", "note": "no address", "leads": "/v1/leads"}\n',
  });

  expect(endpoints(found)).toEqual([
    ['users', undefined, '/v1/users'],
    ['leads', undefined, '/v1/leads'],
  ]);
});
