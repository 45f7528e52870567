"""What one stream class, or one object made of it, says about its endpoint."""
import ast
import re

from project import Class, name_of
from results import (
    NOTHING, Candidates, Instance, Known, Made, Mapping, Sequence, Template, shown,
    without_none,
)

# Names of the same thing: the SDKs' first, then what taps on singer-python use.
NAMES = {
    "name": ["name", "tap_stream_id", "stream_name", "stream_id", "stream", "STREAM_NAME", "schema"],
    "path": ["path", "endpoint", "url_path", "api_path", "resource", "entity_path", "api_endpoint", "url_endpoint"],
    "urlBase": ["url_base", "base_url", "api_base_url", "BASE_URL", "base_uri", "api_url"],
    "method": ["http_method", "rest_method", "api_method", "method"],
    "primaryKeys": ["primary_keys", "key_properties", "KEY_PROPERTIES", "pk_fields"],
    "replicationKey": ["replication_key", "replication_keys", "valid_replication_keys", "REPLICATION_KEYS"],
    "replicationMethod": ["replication_method", "forced_replication_method"],
    "recordsPath": ["records_jsonpath", "data_key", "records_key"],
    "nextPagePath": ["next_page_token_jsonpath"],
    "query": ["query"],
}
STREAM_BASE = re.compile(r"(Stream|StreamBase|BaseStream)$")
PARAMETERS = ["get_url_params", "params", "url_params"]
HEADERS = ["http_headers", "headers"]
BODIES = ["prepare_request_payload", "payload", "body"]
PAGES = ["get_new_paginator", "get_next_page_token", "pagination_type", "paginator"]


class Streams:
    def __init__(self, project, evaluator):
        self.project, self.evaluator = project, evaluator

    def is_sdk(self, cls):
        return any(STREAM_BASE.search(name) for name in self.project.foreign(cls))

    def is_plain(self, cls):
        """A class in the manner of singer-python: no foreign base that says so, but a stream's attributes."""
        own = {name for one in self.project.order(cls) for name in [*one.values, *one.methods]}
        return bool(own & {"tap_stream_id", "key_properties", "replication_method"}) and not self.is_sdk(cls)

    def candidates(self):
        return [one for one in self.project.classes if self.is_sdk(one) or self.is_plain(one)]

    def is_abstract(self, cls):
        """A class for others to inherit from: it has no name of its own to go by."""
        name = self.attribute(Instance(cls), "name")
        has_heirs = any(one is not cls and self.project.is_a(one, cls) for one in self.project.classes)
        return name is None or (has_heirs and name["kind"] != "value") or name.get("value", "") in (None, "")

    def attribute(self, me, kind):
        """One attribute as JSON, with where it is said and how sure that is; `None` where the project says nothing."""
        if kind == "name" and me.at is not None and self.project.order(me.cls):
            given = self.evaluator.ask(self.evaluator.fields, me)
            if isinstance(given, dict) and "name" in given:
                return self._said(*given["name"])
        for name in NAMES[kind]:
            found = self.evaluator.ask(self.evaluator.find, me, name)
            value, module, node = found if isinstance(found, tuple) else (found, me.cls.module, me.cls.node)
            if value is NOTHING or (isinstance(value, Known) and value.value is None):
                continue
            if hasattr(value, "function") or isinstance(value, (Class, Instance)):
                continue
            if name == "schema" and not (isinstance(value, Known) and isinstance(value.value, str)):
                continue
            value = without_none(value)
            return self._said(value, module, node)
        return None

    def _said(self, value, module, node):
        found = shown(value, None if isinstance(node, (ast.FunctionDef, ast.ClassDef)) else node)
        sure = {"value": "high", "template": "high", "candidates": "medium", "dynamic": "low"}[found["kind"]]
        if any(one["from"] == "code" for one in found.get("variables", [])):
            sure = "medium"
        return {**found, "at": place(module, node), "confidence": sure}

    def facts(self, me):
        """Everything about a stream, except whether the tap uses it."""
        cls = me.cls
        found = {kind: self.attribute(me, kind) for kind in NAMES}
        is_graphql = any("GraphQL" in name for name in self.project.foreign(cls)) or found["query"] is not None
        entries = {
            "headers": self.entries(me, HEADERS),
            "parameters": self.entries(me, PARAMETERS),
            "body": self.entries(me, BODIES),
        }
        return {
            **{kind: one for kind, one in found.items() if one},
            **self.url(me),
            **entries,
            "class": cls.name,
            "at": place(cls.module, cls.node),
            "style": "sdk" if self.is_sdk(cls) else "singer-python",
            "isGraphql": is_graphql,
            "auth": self.auth(me),
            "pagination": self.pagination(me),
            "parent": self.parent(me),
            "context": self.context(me),
            "schema": self.schema(me),
        }

    def url(self, me):
        """The whole address, where the project puts it together itself."""
        for name in ("get_url", "url"):
            value, module, node = self._result(me, name)
            if value is not NOTHING and _is_told(value) and isinstance(getattr(value, "value", ""), str):
                return {"url": self._said(value, module, node)}
        return {}

    def entries(self, me, names):
        """Keys and values that a method or an attribute puts into a dictionary: candidates, for a run may leave some out."""
        for name in names:
            value, module, node = self._result(me, name)
            mappings = [one for one in _each(value) if isinstance(one, Mapping)]
            if mappings:
                return [
                    {"name": str(key), "value": self._said(one, module, node)}
                    for mapping in mappings
                    for key, one in mapping.items.items()
                    if isinstance(key, str) and not (isinstance(one, Known) and one.value is None)
                ]
        return []

    def _result(self, me, name):
        """An attribute's value, or what a method of that name returns."""
        found = self.evaluator.ask(self.evaluator.find, me, name)
        value, module, node = found if isinstance(found, tuple) else (found, me.cls.module, me.cls.node)
        if hasattr(value, "function"):
            value = self.evaluator.ask(self.evaluator.call, value.function, me, {})
        return value, module, node

    def auth(self, me):
        """The authenticators that may be used, each with what it is made from."""
        value, module, node = self._result(me, "authenticator")
        return [found for one in _each(value) if (found := self._authenticator(one, module, node))]

    def _authenticator(self, one, module, node):
        if isinstance(one, Made):
            names = [one.name]
            positional, named = one.positional, one.named
        elif isinstance(one, Instance):
            names = [one.cls.name, *self.project.foreign(one.cls)]
            positional, named = one.given or ([], {})
        else:
            return None
        given = {name: shown(value) for name, value in named.items()}
        given.update({str(index): shown(value) for index, value in enumerate(positional) if _is_told(value)})
        known = next((name for name in names if AUTH.search(name)), names[0])
        kind = next((kind for kind, shape in AUTHS if re.search(shape, known, re.I)), "unknown")
        if not known or kind == "unknown" and not re.search("auth", known, re.I):
            return None
        return {"kind": kind, "class": names[0], "given": given, "at": place(module, node)}

    def pagination(self, me):
        for name in PAGES:
            found = self.evaluator.ask(self.evaluator.find, me, name)
            if not isinstance(found, tuple) or found[0] is NOTHING:
                continue
            made = [one for one in _each(self._result(me, name)[0]) if isinstance(one, (Made, Instance))]
            if made and name != "get_next_page_token":
                by = made[0].name if isinstance(made[0], Made) else made[0].cls.name
                return {"by": by, "at": place(found[1], found[2])}
            return {"by": name, "at": place(found[1], found[2])}
        return None

    def parent(self, me):
        for name in ("parent_stream_type", "parent", "parent_stream"):
            found = self.evaluator.ask(self.evaluator.find, me, name)
            value = found[0] if isinstance(found, tuple) else found
            cls = value.cls if isinstance(value, Instance) else value
            if isinstance(cls, Class):
                return {"class": cls.name, "at": place(cls.module, cls.node)}
            if isinstance(value, Known) and isinstance(value.value, str) and value.value:
                return {"stream": value.value, "at": place(found[1], found[2])}
        return None

    def context(self, me):
        """What a parent hands to its children: by name, the field of its record."""
        for name in ("get_child_context", "generate_child_contexts"):
            value, module, node = self._result(me, name)
            fields = {}
            for one in [each for outer in _each(value) for each in (outer.items if isinstance(outer, Sequence) else [outer])]:
                for key, field in one.items.items() if isinstance(one, Mapping) else []:
                    gaps = list(field.variables.values()) if isinstance(field, Template) else []
                    if isinstance(key, str) and gaps and "key" in gaps[0]:
                        fields[key] = gaps[0]["key"]
            if fields:
                return fields
        return {}

    def schema(self, me):
        """How the schema comes about, and the properties that are written down."""
        for name in ("schema_filepath", "schema"):
            value, module, node = self._result(me, name)
            if value is NOTHING:
                continue
            expression = node if not isinstance(node, (ast.FunctionDef, ast.ClassDef)) else node.body[-1] if isinstance(node, ast.FunctionDef) else node
            properties = _properties(expression)
            return {"at": place(module, node), "properties": properties, "from": _origin(value, name, properties)}
        return None


AUTH = re.compile(r"Authenticator|Auth\b|Auth$", re.I)
AUTHS = [
    ("bearer", r"bearer"), ("apikey", r"api_?key|ApiAuthenticator|CustomHeader|HeaderAuth"), ("basic", r"basic"),
    ("oauth2", r"oauth|jwt"), ("oauth1", r"oauth1"), ("awsv4", r"aws|sigv4"),
]


def place(module, node):
    return f"{module.path}:{getattr(node, 'lineno', 1)}"


def _each(value):
    return value.items if isinstance(value, Candidates) else [value]


def _is_told(value):
    return isinstance(value, (Known, Template))


def _properties(node):
    """First arguments of `Property(…)`, and keys of `"properties": {…}`, as written."""
    found = {}
    for one in ast.walk(node):
        if isinstance(one, ast.Call) and name_of(one).endswith("Property") and one.args:
            if isinstance(one.args[0], ast.Constant):
                found[str(one.args[0].value)] = True
        if isinstance(one, ast.Dict):
            for key, value in zip(one.keys, one.values):
                if isinstance(key, ast.Constant) and key.value == "properties" and isinstance(value, ast.Dict):
                    found.update({str(name.value): True for name in value.keys if isinstance(name, ast.Constant)})
    return list(found)


def _origin(value, name, properties):
    if properties:
        return "code"
    if name == "schema_filepath" or re.search(r"\.json|schema_?(dir|file|path)|load_schema|SCHEMAS", str(getattr(value, "expression", "")), re.I):
        return "file"
    return "unknown"
