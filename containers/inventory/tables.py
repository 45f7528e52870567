"""Streams that are rows of a table: in the code, or in a TOML or JSON file beside it."""
import json
import re

from results import Known, Mapping, Sequence, Template, shown
from sources import load
from streams import NAMES, place

PATHS = [*NAMES["path"], "url", "uri", "route"]
ADDRESS = re.compile(r"^(https?://|/)?[\w.{}%$:-]+(/[\w.{}%$:-]*)*(\?.*)?$")
TITLE = re.compile(r"endpoint|stream|resource|path|url|object|entit|report", re.I)
HOLDERS = {"children", "child_streams", "sub_streams", "streams", "endpoints", "resources", "stream", "table", "tables"}
MOST_DEPTH = 5


def tables(root, project, evaluator, known):
    """Rows that name an endpoint, unless a class of that name is known already; and files that could not be read."""
    found, failed = [], []
    for module in project.modules.values():
        for name, nodes in module.values.items():
            value = evaluator.ask(evaluator.named, module, name)
            if isinstance(value, (Mapping, Sequence)):
                line = lambda text, at=place(module, nodes[0]): at
                found += _rows(data_of(value), _Source(name, line, not known))
    texts, failed = load(root, (".toml", ".json"))
    for path, text in texts.items():
        if re.search(r"(^|/)(pyproject|package|config|state|catalog|poetry|uv|secrets)[\w.-]*\.(toml|json)$|schemas?/", path):
            continue
        data = _parsed(path, text, failed)
        is_description = isinstance(data, dict) and {"openapi", "swagger", "$schema", "info"} & set(data)
        found += [] if is_description else _rows(data, _Source("", _lines(path, text)))
    names = set(known)
    rows = [one for one in found if not (one["name"]["value"] in names or names.add(one["name"]["value"]))]
    return rows, [one for one in failed if not one["file"].endswith(".json")]


class _Source:
    def __init__(self, title, line, is_alone=False):
        self.title, self.line = title, line
        self.is_alone = is_alone  # No class is a stream, so that what a name leads to is one.


def _parsed(path, text, failed):
    try:
        if path.endswith(".json"):
            return json.loads(text)
        import tomllib

        return tomllib.loads(text.decode())
    except ImportError:
        failed.append({"file": path, "reason": "TOML is read by Python 3.11 and later"})
    except (ValueError, RecursionError) as error:
        failed.append({"file": path, "reason": f"{type(error).__name__}: {error}"[:200]})
    return None


def _lines(path, text):
    lines = text.decode("utf-8", "replace").split("\n")
    return lambda said: f"{path}:{next((number for number, line in enumerate(lines, 1) if said in line), 1)}"


def data_of(value):
    """Dictionaries and lists as they are; what is not known in them stays a result."""
    if isinstance(value, Mapping):
        return {str(name): data_of(one) for name, one in value.items.items()}
    if isinstance(value, Sequence):
        return [data_of(one) for one in value.items]
    return value.value if isinstance(value, Known) else value


def _rows(data, origin, parent=None, depth=0):
    if depth > MOST_DEPTH or not isinstance(data, (dict, list)):
        return []
    found = []
    for key, one in data.items() if isinstance(data, dict) else enumerate(data):
        name = str(key) if isinstance(data, dict) else None
        if isinstance(one, dict):
            row = _row(name, one, origin, parent)
            below = (row and row["name"]["value"]) or parent
            holders = [inner for title, inner in one.items() if title in HOLDERS] if row else [one]
            found += [row] if row else []
            found += [each for inner in holders for each in _rows(inner, origin, below, depth + 1)]
        elif isinstance(one, list) and (name is None or name in HOLDERS):
            found += _rows(one, origin, parent, depth + 1)
        elif name and depth == 0 and origin.is_alone and TITLE.search(origin.title) and _is_path(one):
            row = _row(name, {"name": name, "path": one}, origin, parent)
            found += [row] if row else []
    return found


def _is_path(one):
    text = one.text if isinstance(one, Template) else one
    return isinstance(text, str) and "/" in text and ADDRESS.match(text) is not None


def _row(name, one, origin, parent):
    """A row that has a name and an endpoint, as a stream."""
    path = next((one[key] for key in PATHS if isinstance(one.get(key), (str, Template)) and one[key]), None)
    said = next((one[key] for key in NAMES["name"] if isinstance(one.get(key), str)), None) or name
    has_more = any(key in one for kind in NAMES for key in NAMES[kind] if kind not in ("path", "urlBase"))
    text = path.text if isinstance(path, Template) else path
    if not said or not text or not has_more or not ADDRESS.match(text):
        return None
    at = origin.line(text)
    facts = {"name": _told(said, at), "path": _told(path, at)}
    for kind in ("method", "primaryKeys", "replicationKey", "replicationMethod", "recordsPath"):
        value = next((one[key] for key in NAMES[kind] if isinstance(one.get(key), (str, list))), None)
        if value and kind not in facts and _is_json(value):
            facts[kind] = _told(value, at)
    entries = next((one[key] for key in ("params", "query_params") if isinstance(one.get(key), dict)), {})
    parameters = [{"name": key, "value": _told(value, at)} for key, value in entries.items()]
    return {
        **facts, "headers": [], "parameters": parameters, "body": [], "class": None, "at": at, "style": "table",
        "isGraphql": False, "auth": [], "pagination": None, "parent": parent and {"stream": parent, "at": at},
        "context": {}, "schema": None,
    }


def _is_json(value):
    return not isinstance(value, list) or all(isinstance(one, (str, int)) for one in value)


def _told(value, at):
    found = shown(value) if hasattr(value, "key") else {"kind": "value", "value": value}
    return {**found, "at": at, "confidence": "low" if found["kind"] == "dynamic" else "medium"}
