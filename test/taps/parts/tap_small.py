"""A whole Singer tap with its API beside it; each project changes what is wrong with it."""
import argparse
import json
import logging
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import Request, urlopen

LOG = logging.getLogger("tap")
NULLABLE = ["string", "null"]


class Tap:
    keys = ["id"]
    properties = {
        "id": {"type": "integer"},
        "name": {"type": NULLABLE},
        "updated_at": {"type": NULLABLE, "format": "date-time"},
    }
    rows = [
        {"id": 1, "name": "Ada", "updated_at": "2026-01-01T00:00:00Z"},
        {"id": 2, "name": None, "updated_at": "2026-02-01T00:00:00Z"},
    ]
    envelope = "data"
    timeout = 60

    def answer(self, path, headers):
        """What the API answers: a status and a body."""
        return 200, json.dumps({self.envelope: self.rows})

    def request(self, path, token):
        request = Request("http://127.0.0.1:%d%s" % (self.port, path), headers={"Authorization": "Bearer " + token})
        with urlopen(request, timeout=self.timeout) as response:
            return json.load(response)

    def token(self, config, path):
        return config.get("api_key", "")

    def discover(self, config):
        fields = [
            {"breadcrumb": ["properties", name], "metadata": {"inclusion": "automatic" if name in self.keys else "available"}}
            for name in self.properties
        ]
        root = {"breadcrumb": [], "metadata": {"inclusion": "available", "table-key-properties": self.keys}}
        schema = {"type": "object", "properties": self.properties}
        stream = {"tap_stream_id": "people", "stream": "people", "schema": schema, "key_properties": self.keys}
        stream.update(replication_key="updated_at", replication_method="INCREMENTAL", metadata=[root] + fields)
        return {"streams": [stream]}

    def sync(self, config, path, state):
        self.write(type="SCHEMA", stream="people", schema={"type": "object", "properties": self.properties}, key_properties=self.keys)
        since = state.get("bookmarks", {}).get("people", {}).get("replication_key_value", "")
        body = self.request("/people", self.token(config, path))
        for row in body.get("data", []):
            if row.get("updated_at", "") >= since:
                self.write(type="RECORD", stream="people", record=row)
                since = max(since, row.get("updated_at", ""))
        bookmark = {"replication_key": "updated_at", "replication_key_value": since}
        self.write(type="STATE", value={"bookmarks": {"people": bookmark}})

    def write(self, **message):
        sys.stdout.write(json.dumps(message) + "\n")

    def serve(self):
        tap = self

        class Api(BaseHTTPRequestHandler):
            def do_GET(self):
                status, body = tap.answer(self.path, self.headers)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *args):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.port = server.server_address[1]

    def main(self):
        parser = argparse.ArgumentParser()
        parser.add_argument("--config", required=True)
        parser.add_argument("--discover", action="store_true")
        parser.add_argument("--catalog")
        parser.add_argument("--state")
        parser.add_argument("--test", action="store_true")
        args = parser.parse_args()
        logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(message)s")
        self.serve()
        with open(args.config) as file:
            config = json.load(file)
        state = {}
        if args.state:
            with open(args.state) as file:
                state = json.load(file)
        if args.discover:
            print(json.dumps(self.discover(config)))
        else:
            self.sync(config, args.config, state)
