"""The Singer messages, one JSON object a line."""

import json
import sys
from datetime import datetime, timezone


def write(message, out=None):
    out = out or sys.stdout
    out.write(json.dumps(message, separators=(",", ":")) + "\n")
    out.flush()


def schema(stream):
    message = {"type": "SCHEMA", "stream": stream.name, "schema": stream.schema, "key_properties": stream.key}
    if stream.replication_key:
        message["bookmark_properties"] = [stream.replication_key]
    return message


def record(stream, row):
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"type": "RECORD", "stream": stream.name, "record": row, "time_extracted": now}


def state(value):
    return {"type": "STATE", "value": value}
