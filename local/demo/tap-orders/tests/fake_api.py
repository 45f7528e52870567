"""A small Northwind Commerce: serves prepared pages by cursor and remembers what it was asked."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit


class FakeApi:
    """`lists` maps a path to its pages; `failures` is answered, in order, before anything else."""

    def __init__(self, lists, failures=()):
        self.lists = lists
        self.failures = list(failures)
        self.requests = []

    def __enter__(self):
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                status, headers, body = api.answer(self.path, self.headers)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self.server.server_port
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, target, headers):
        url = urlsplit(target)
        query = dict(parse_qsl(url.query))
        self.requests.append((url.path, query))
        if headers.get("Authorization") != "Bearer key":
            return 401, {}, {"error": "unauthorized"}
        if self.failures:
            return self.failures.pop(0) + ({"error": "try later"},)
        pages = self.lists[url.path.strip("/")]
        index = int(query.get("cursor", "page-0").split("-")[1])
        more = "page-%d" % (index + 1) if index + 1 < len(pages) else None
        return 200, {}, {"data": pages[index], "next_cursor": more}


def orders(first, count):
    """`count` orders from number `first` on, each updated a minute after the one before."""
    return [
        {
            "id": "ord_%04d" % number,
            "customer_id": "cus_%02d" % (number % 7),
            "status": "paid",
            "total_cents": 1000 + number,
            "currency": "EUR",
            "placed_at": "2026-11-01T00:00:00Z",
            "updated_at": "2026-11-02T%02d:%02d:00Z" % divmod(number, 60),
        }
        for number in range(first, first + count)
    ]
