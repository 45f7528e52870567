"""A tap on a real SDK, with its API beside it: a word for a boolean, and a field that nobody declared."""
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from SDK import Tap, typing as th
from SDK.streams import RESTStream

ROWS = [{"id": 1, "active": "no", "updated_at": "2026-01-01T00:00:00Z", "new_field": 1}] if "ODD" == "True" else [
    {"id": 1, "active": True, "updated_at": "2026-01-01T00:00:00Z"},
    {"id": 2, "active": None, "updated_at": "2026-02-01T00:00:00Z"},
]


class Api(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"data": ROWS}).encode())

    def log_message(self, *args):
        pass


SERVER = ThreadingHTTPServer(("127.0.0.1", 0), Api)
threading.Thread(target=SERVER.serve_forever, daemon=True).start()


class People(RESTStream):
    name = "people"
    path = "/people"
    primary_keys = ["id"]
    replication_key = None
    records_jsonpath = "$.data[*]"
    next_page_token_jsonpath = "$.next"
    url_base = "http://127.0.0.1:%d" % SERVER.server_address[1]
    schema = th.PropertiesList(
        th.Property("id", th.IntegerType),
        th.Property("active", th.BooleanType),
        th.Property("updated_at", th.DateTimeType),
    ).to_dict()


class TapPeople(Tap):
    name = "tap-people"
    config_jsonschema = th.PropertiesList(th.Property("api_key", th.StringType, required=True)).to_dict()

    def discover_streams(self):
        return [People(tap=self)]


def main():
    TapPeople.cli()
