import io
import json
import os
import tempfile
import unittest
from contextlib import redirect_stdout

from tap_orders.cli import main
from tests.fake_api import FakeApi, orders

CUSTOMERS = [{"id": "cus_01", "name": "Ada", "email": None}]


def run(api, catalog=None, state=None):
    """Runs the tap as a runner would and answers its messages."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = []
        given = {"config": {"api_url": api.url, "api_key": "key", "page_size": 2}, "catalog": catalog, "state": state}
        for name, value in given.items():
            if value is not None:
                path = os.path.join(folder, name + ".json")
                with open(path, "w", encoding="utf-8") as file:
                    json.dump(value, file)
                arguments += ["--" + name, path]
        return [json.loads(line) for line in output(arguments).splitlines()]


def output(arguments):
    out = io.StringIO()
    with redirect_stdout(out):
        main(arguments)
    return out.getvalue()


class Sync(unittest.TestCase):
    def test_discovers_both_streams(self):
        streams = json.loads(output(["--discover"]))["streams"]
        self.assertEqual([stream["tap_stream_id"] for stream in streams], ["orders", "customers"])

    def test_writes_schema_records_and_state(self):
        with FakeApi({"orders": [orders(0, 2), orders(2, 2)], "customers": [CUSTOMERS]}) as api:
            messages = run(api)
        kinds = [(one["type"], one.get("stream")) for one in messages]
        self.assertEqual(kinds[0], ("SCHEMA", "orders"))
        self.assertEqual(kinds.count(("RECORD", "orders")), 4)
        self.assertEqual(kinds.count(("RECORD", "customers")), 1)
        bookmark = {"orders": {"updated_at": "2026-11-02T00:03:00Z"}}
        self.assertEqual(messages[-1], {"type": "STATE", "value": {"bookmarks": bookmark}})

    def test_resumes_from_its_bookmark(self):
        state = {"bookmarks": {"orders": {"updated_at": "2026-11-02T00:01:00Z"}}}
        with FakeApi({"orders": [orders(2, 1)], "customers": [CUSTOMERS]}) as api:
            run(api, state=state)
        self.assertEqual(api.requests[0][1]["updated_since"], "2026-11-02T00:01:00Z")

    def test_leaves_out_what_is_not_selected(self):
        catalog = json.loads(output(["--discover"]))
        catalog["streams"][0]["metadata"][0]["metadata"]["selected"] = False
        with FakeApi({"customers": [CUSTOMERS]}) as api:
            messages = run(api, catalog=catalog)
        self.assertEqual({one.get("stream") for one in messages}, {"customers", None})
