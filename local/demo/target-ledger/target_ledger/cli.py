"""Reads Singer messages and books the orders among them."""

import argparse
import json
import sys

from target_ledger import __version__
from target_ledger.ledger import Ledger


def main(argv=None, lines=None, out=None):
    parser = argparse.ArgumentParser(prog="target-ledger")
    parser.add_argument("-c", "--config", required=True)
    parser.add_argument("--version", action="version", version=__version__)
    with open(parser.parse_args(argv).config, encoding="utf-8") as file:
        ledger = Ledger(json.load(file)["path"])
    try:
        consume(lines or sys.stdin, ledger, out or sys.stdout)
    finally:
        ledger.close()


def consume(lines, ledger, out):
    known = set()
    for line in lines:
        message = json.loads(line)
        if message["type"] == "SCHEMA":
            known.add(message["stream"])
        elif message["type"] == "RECORD":
            if message["stream"] not in known:
                raise ValueError("a record of %s came before its schema" % message["stream"])
            if message["stream"] == "orders":
                ledger.book(message["record"])
        elif message["type"] == "STATE":
            ledger.sync()
            out.write(json.dumps(message["value"]) + "\n")
            out.flush()
