import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { run } from '#containers/command.ts';
import { inventoryOf } from '#containers/inventory.ts';

/** The styles in which taps say what they read: by file, as small as they can be. */
export const STYLES = {
  /** hotglue_singer_sdk: properties, an abstract class between, a parent, a list of streams, one that is not in it. */
  sdk: {
    'tap_shop/client.py': `
from hotglue_singer_sdk.authenticators import APIKeyAuthenticator, BearerTokenAuthenticator
from hotglue_singer_sdk.streams import RESTStream

HOSTS = {"prod": "https://api.shop.example", "sandbox": "https://sandbox.shop.example"}

class ShopStream(RESTStream):
    records_jsonpath = "$.data[*]"
    next_page_token_jsonpath = "$.next"

    @property
    def url_base(self):
        if self.config.get("sandbox"):
            return HOSTS["sandbox"] + "/v1"
        return f"{HOSTS['prod']}/v1"

    @property
    def authenticator(self):
        if self.config.get("api_key"):
            return APIKeyAuthenticator(self, key="X-Key", value=self.config["api_key"], location="header")
        return BearerTokenAuthenticator.create_for_stream(self, token=self.config.get("access_token"))

    @property
    def http_headers(self):
        headers = {"Accept": "application/json"}
        if "user_agent" in self.config:
            headers["User-Agent"] = self.config.get("user_agent")
        return headers

    def get_url_params(self, context, next_page_token):
        params = {"limit": 100}
        if next_page_token:
            params["page"] = next_page_token
        return params

class EventStream(ShopStream):
    from_events = False

    @property
    def path(self):
        return "/events" if self.from_events else f"/{self.resource_name}"
`,
    'tap_shop/streams.py': `
from hotglue_singer_sdk import typing as th
from .client import EventStream, ShopStream

class UsersStream(ShopStream):
    name = "users"
    path = "/users"
    primary_keys = ["id"]
    replication_key = "updated_at"
    schema = th.PropertiesList(th.Property("id", th.IntegerType), th.Property("updated_at", th.DateTimeType)).to_dict()

    def get_child_context(self, record, context):
        return {"user_id": record["id"]}

class OrdersStream(ShopStream):
    name = "orders"
    path = "/users/{user_id}/orders"
    parent_stream_type = UsersStream
    rest_method = "POST"

    def get_url_params(self, context, next_page_token):
        params = super().get_url_params(context, next_page_token)
        params["expand"] = "lines"
        return params

    def prepare_request_payload(self, context, next_page_token):
        return {"status": "open", "cursor": next_page_token}

class InvoicesStream(EventStream):
    name = "invoices"
    resource_name = "invoices"

class HiddenStream(ShopStream):
    name = "hidden"
    path = "/hidden"
`,
    'tap_shop/tap.py': `
from hotglue_singer_sdk import Tap
from tap_shop import streams
from tap_shop.streams import OrdersStream, UsersStream

STREAM_TYPES = [UsersStream, OrdersStream, streams.InvoicesStream]

class TapShop(Tap):
    name = "tap-shop"

    def discover_streams(self):
        return [stream_class(tap=self) for stream_class in STREAM_TYPES]
`,
  },
  /** singer-sdk of today: annotations, cached properties, class variables, paginators, configured addresses, no list. */
  modern: {
    'src/tap_desk/streams.py': `
from __future__ import annotations
import typing as t
from functools import cached_property
from singer_sdk import RESTStream, Tap, StreamSchema
from singer_sdk.authenticators import BasicAuthenticator
from singer_sdk.pagination import PageNumberPaginator

class DeskStream(RESTStream[int]):
    http_method: t.ClassVar[str] = "GET"
    schema = StreamSchema(SCHEMAS_DIR)

    @cached_property
    def url_base(self) -> str:
        subdomain: str = self.config["subdomain"]
        return "https://{}.desk.example/api".format(subdomain)

    @cached_property
    def authenticator(self):
        return BasicAuthenticator(username=self.config["email"], password=self.config["password"])

    def get_new_paginator(self):
        return PageNumberPaginator(1)

class Tickets(DeskStream):
    name: t.ClassVar[str] = "tickets"
    path: str = "/tickets"
    primary_keys: t.ClassVar[list[str]] = ["id"]

class Versioned(DeskStream):
    name = "versioned"

    @property
    def path(self):
        match self.config.get("version"):
            case "2":
                return "/v2/things"
            case _:
                return "/v1/things"

class TapDesk(Tap):
    name = "tap-desk"

    def discover_streams(self):
        streams = []
        streams.append(Tickets(self))
        streams.extend([Versioned(self)])
        return streams
`,
  },
  graphql: {
    'tap_graph/tap.py': `
from singer_sdk import Tap
from singer_sdk.streams import GraphQLStream

class Issues(GraphQLStream):
    name = "issues"
    url_base = "https://graph.example/graphql"
    query = """
    query Issues($after: String) { issues(after: $after) { nodes { id } } }
    """

class TapGraph(Tap):
    name = "tap-graph"
    def discover_streams(self):
        yield Issues(tap=self)
`,
  },
  /** One class, made once for each row. */
  loop: {
    'tap_rows/tap.py': `
from singer_sdk import Tap
from singer_sdk.streams import RESTStream

ENTITIES = ["deals", "people"]

class Entity(RESTStream):
    url_base = "https://crm.example/v1/"

    def __init__(self, tap, entity):
        super().__init__(tap=tap, name=entity, path=f"/{entity}")

class TapRows(Tap):
    name = "tap-rows"
    def discover_streams(self):
        return [Entity(self, entity) for entity in ENTITIES]
`,
  },
  /** No streams.py at all: a TOML file says it. */
  toml: {
    'tap_green/streams.toml': `
[[streams]]
name = "applications"
path = "/v1/applications"
primary_keys = ["id"]

[[streams]]
name = "jobs"
path = "/v1/jobs"
primary_keys = ["id"]
`,
    'tap_green/tap.py': `
import tomllib
from singer_sdk import Tap
from singer_sdk.streams import RESTStream

class GreenStream(RESTStream):
    url_base = "https://green.example"

class TapGreen(Tap):
    name = "tap-green"
    def discover_streams(self):
        for row in tomllib.loads(read("streams.toml"))["streams"]:
            yield GreenStream(self, name=row["name"], path=row["path"])
`,
  },
  /** singer-python: classes of the tap's own, and a table of them. */
  plain: {
    'setup.py': `from setuptools import setup
setup(name="tap-plain", version="1.0")
`,
    'tap_plain/client.py': `
class Client:
    def __init__(self, config):
        self.base_url = "https://plain.example/api/2"
`,
    'tap_plain/streams.py': `
class Stream:
    tap_stream_id = None
    key_properties = ["id"]

class Lists(Stream):
    tap_stream_id = "lists"
    endpoint = "lists"
    replication_method = "FULL_TABLE"

class Members(Stream):
    tap_stream_id = "members"
    endpoint = "lists/{list_id}/members"
    parent = "lists"

STREAMS = {"lists": Lists, "members": Members}
`,
  },
  /** singer-python: a table of dictionaries, with children. */
  nested: {
    'tap_nested/streams.py': `
API_URL = "https://nested.example"
STREAMS = {
    "accounts": {
        "path": "accounts",
        "key_properties": ["id"],
        "params": {"sort": "id"},
        "children": {"users": {"path": "accounts/{account_id}/users", "key_properties": ["id"]}},
    },
}
`,
  },
  /** singer-python: nothing but functions. */
  functions: {
    'tap_old/__init__.py': `
import requests
import singer

BASE_URL = "https://old.example/v3"

def request(url, params=None):
    return requests.get(url, params=params).json()

def sync_invoices(config):
    singer.write_schema("invoices", {}, ["id"])
    for row in request(f"{BASE_URL}/invoices", {"page": 1}):
        singer.write_record("invoices", row)

def get_clients(config):
    return request(BASE_URL + "/accounts/%s/clients" % config["account"])
`,
  },
} satisfies Record<string, Record<string, string | Buffer>>;

/** A new folder that every user may enter, with these files. */
export function project(files: Record<string, string | Buffer>): string {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-inventory-'));
  chmodSync(folder, 0o755);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, 'project', name)), { recursive: true });
    writeFileSync(join(folder, 'project', name), content);
  }
  return folder;
}

/** The inventory of these files. */
export function read(files: Record<string, string | Buffer>) {
  return readFrom(join(project(files), 'project'));
}

/** The inventory of a folder in one that every user may enter. */
export async function readFrom(place: string) {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-inventory-'));
  const environment = { PATH: process.env.PATH ?? '', HOME: folder };
  const hands = {
    run: (command: Parameters<typeof run>[0]) => run(command, environment),
    own: async () => {},
  };
  return inventoryOf({ hands, folder }, place);
}
