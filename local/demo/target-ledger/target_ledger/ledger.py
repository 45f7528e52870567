"""Double-entry bookkeeping of orders, one JSON line an entry."""

import json
import os


class Ledger:
    def __init__(self, path):
        self.file = open(path, "a", encoding="utf-8")

    def book(self, order):
        for account, sign in (("receivables", 1), ("revenue", -1)):
            entry = {
                "entry": order["id"] + ":" + account,
                "account": account,
                "cents": sign * order["total_cents"],
                "currency": order["currency"],
            }
            self.file.write(json.dumps(entry) + "\n")

    def sync(self):
        self.file.flush()
        os.fsync(self.file.fileno())

    def close(self):
        self.sync()
        self.file.close()


def balance(path):
    """What each account holds, the last entry of an id counting."""
    entries = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            entry = json.loads(line)
            entries[entry["entry"]] = entry
    sums = {}
    for entry in entries.values():
        sums[entry["account"]] = sums.get(entry["account"], 0) + entry["cents"]
    return sums
