"""The command line that every Singer runner knows."""

import argparse
import json
import logging
import sys

from tap_orders import __version__
from tap_orders.client import ApiError, Client
from tap_orders.streams import discover
from tap_orders.sync import sync

REQUIRED = ["api_url", "api_key"]


def main(argv=None):
    args = arguments(argv)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    if args.discover:
        json.dump(discover(), sys.stdout, indent=2)
        return
    config = load(args.config)
    missing = [key for key in REQUIRED if not config.get(key)]
    if missing:
        sys.exit("CRITICAL config lacks " + ", ".join(missing))
    client = Client(config["api_url"], config["api_key"], int(config.get("page_size", 100)))
    try:
        sync(client, config, load(args.catalog) or None, load(args.state))
    except ApiError as error:
        sys.exit("CRITICAL " + str(error))


def arguments(argv):
    parser = argparse.ArgumentParser(prog="tap-orders")
    parser.add_argument("-c", "--config")
    parser.add_argument("-d", "--discover", action="store_true")
    parser.add_argument("--catalog", "-p", "--properties")
    parser.add_argument("-s", "--state")
    parser.add_argument("--version", action="version", version=__version__)
    return parser.parse_args(argv)


def load(path):
    if not path:
        return {}
    with open(path, encoding="utf-8") as file:
        return json.load(file)
