"""Prints the rows of each file below a folder and a digest of each column, whatever the order of rows. Usage: digest.py FOLDER"""
import csv
import hashlib
import json
import os
import sys

csv.field_size_limit(2**31 - 1)


def rows_of(path, file):
    """Each row with its stream; a file that is no table is one row."""
    if path.endswith(".csv"):
        for row in csv.DictReader(file):
            yield "", row
    elif path.endswith((".singer", ".jsonl", ".ndjson")):
        for line in file:
            found = json.loads(line) if line.strip() else None
            if isinstance(found, dict) and "type" not in found:
                yield "", found
            elif isinstance(found, dict) and isinstance(found.get("record"), dict):
                yield str(found.get("stream")), found["record"]
    else:
        data = json.loads(file.read()) if path.endswith(".json") else {"bytes": file.read()}
        for row in data if isinstance(data, list) else [data]:
            yield "", row if isinstance(row, dict) else {"value": row}


def digest(path):
    found = {}
    with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
        for stream, row in rows_of(path, file):
            table = found.setdefault(stream, {"rows": 0, "columns": {}})
            table["rows"] += 1
            for name, value in row.items():
                text = json.dumps(value, sort_keys=True, default=str)
                number = int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8], "big")
                table["columns"][str(name)] = (table["columns"].get(str(name), 0) + number) % 2**64
    return {name: {**one, "columns": {key: "%016x" % value for key, value in one["columns"].items()}} for name, one in found.items()}


os.chdir(sys.argv[1])
paths = sorted(os.path.relpath(os.path.join(folder, name), ".") for folder, _, names in os.walk(".") for name in names)
print(json.dumps({path: digest(path) for path in paths[:200] if os.path.isfile(path)}))
