import io
import json
import os
import tempfile
import unittest

from target_ledger.cli import main
from target_ledger.ledger import balance

SCHEMA = {"type": "SCHEMA", "stream": "orders", "schema": {}, "key_properties": ["id"]}


def order(number, cents):
    row = {"id": "ord_%d" % number, "total_cents": cents, "currency": "EUR"}
    return {"type": "RECORD", "stream": "orders", "record": row}


class Target(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "ledger.jsonl")
        self.config = os.path.join(folder.name, "config.json")
        with open(self.config, "w", encoding="utf-8") as file:
            json.dump({"path": self.path}, file)

    def run_target(self, *messages):
        out = io.StringIO()
        main(["--config", self.config], [json.dumps(message) for message in messages], out)
        return out.getvalue()

    def test_books_both_sides(self):
        self.run_target(SCHEMA, order(1, 500), order(2, 250))
        self.assertEqual(balance(self.path), {"receivables": 750, "revenue": -750})

    def test_counts_an_order_once(self):
        self.run_target(SCHEMA, order(1, 500))
        self.run_target(SCHEMA, order(1, 400))
        self.assertEqual(balance(self.path), {"receivables": 400, "revenue": -400})

    def test_passes_the_state_on(self):
        state = {"bookmarks": {"orders": {"updated_at": "2026-11-02T00:00:00Z"}}}
        self.assertEqual(json.loads(self.run_target({"type": "STATE", "value": state})), state)

    def test_refuses_a_record_without_schema(self):
        with self.assertRaisesRegex(ValueError, "before its schema"):
            self.run_target(order(1, 500))
