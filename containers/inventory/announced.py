"""Streams that only their schemas name: a file of each in a folder of schemas, or rows of a table that give their keys."""
import json
import re

from results import Mapping
from sources import load
from streams import NAMES, place
from tables import data_of

SCHEMAS = re.compile(r"(^|/)schemas?/(?!(shared|common|definitions|refs?)/)[\w./-]+\.json$")
TITLE = re.compile(r"stream|endpoint|object|key|pk|table", re.I)
KEYS = {kind: NAMES[kind] for kind in ("primaryKeys", "replicationKey", "replicationMethod")}


def announced(root, guessed, project, evaluator):
    """Streams by their schema files, with what tables say of them; then guesses that have another name."""
    texts, _ = load(root, (".json",))
    schemas = {path: data for path, text in texts.items() if SCHEMAS.search(path) and (data := _schema(text))}
    rows = _rows(project, evaluator)
    found = [_stream(_stem(path), f"{path}:1", sorted(data["properties"])) for path, data in sorted(schemas.items())]
    if not found and len(rows) > 1:  # One row may be an exception of a catalog that is asked for.
        found = [_stream(name, at, None) for name, (at, _) in rows.items()]
    names = {one["name"]["value"] for one in found}
    found = [{**one, **rows.get(one["name"]["value"], ("", {}))[1]} for one in found]
    return [*found, *[one for one in guessed if one["name"].get("value") not in names]]


def _stem(path):
    return path.rsplit("/", 1)[-1][: -len(".json")]


def _schema(text):
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) and isinstance(data.get("properties"), dict) and data["properties"] else None


def _rows(project, evaluator):
    """By stream: where a dictionary of the code names it, and the keys that it gives."""
    found = {}
    for module in project.modules.values():
        for title, nodes in module.values.items():
            value = evaluator.ask(evaluator.named, module, title)
            if not isinstance(value, Mapping) or not TITLE.search(title):
                continue
            at = place(module, nodes[0])
            for name, row in value.items.items():
                facts = _facts(title, data_of(row), at)
                if isinstance(name, str) and facts:
                    known = found.get(name, (at, {}))
                    found[name] = (known[0], {**facts, **known[1]})
    return found


def _facts(title, row, at):
    if isinstance(row, dict):
        given = {kind: next((row[key] for key in keys if row.get(key)), None) for kind, keys in KEYS.items()}
    elif re.search(r"^(pks?|primary_keys?|key_properties)", title, re.I):
        given = {"primaryKeys": row}
    elif re.search(r"replication_keys?|bookmark", title, re.I):
        given = {"replicationKey": row}
    else:
        return {}
    return {kind: {"kind": "value", "value": one, "at": at, "confidence": "medium"} for kind, one in given.items() if _is_keys(one)}


def _is_keys(one):
    return isinstance(one, str) or isinstance(one, list) and one and all(isinstance(each, str) for each in one)


def _stream(name, at, properties):
    schema = None if properties is None else {"from": "file", "properties": properties, "at": at}
    return {
        "name": {"kind": "value", "value": name, "at": at, "confidence": "medium"},
        "headers": [], "parameters": [], "body": [], "class": None, "at": at, "style": "singer-python", "isGraphql": False,
        "auth": [], "pagination": None, "parent": None, "context": {}, "schema": schema,
    }
