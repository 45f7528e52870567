"""The tap itself: which streams it offers, and whether it asks the API what there is."""
import ast
import re

from project import Class, Function, name_of
from results import NOTHING, Candidates, Instance, Known, Mapping, Sequence
from scope import Scope
from streams import place

TAP_BASE = re.compile(r"(^|\.|[A-Za-z])Tap$|^Tap|\.Tap")
CALLS_OUT = re.compile(
    r"(^|\.)(requests|httpx|session|_session|client|_client|http|urllib\.request|connector|api)\."
    r"(get|post|put|request|send|urlopen|execute|describe|query)$"
    r"|(^|\.)(cur|cursor|conn|connection|db|engine)\.(execute|query)$"
    r"|(^|\.)(_?request|make_request|_request_with_backoff|request_decorator|urlopen|describe|get_metadata|fetch_(?!schema)\w+)$"
)
INFERS = re.compile(r"infer|genson|SchemaBuilder|get_schema_from_sample|jsonschema_type|guess_type", re.I)
CHECKS = re.compile(r"verify|access|credential|log_?in|auth|token|ping|test_connection|check_", re.I)
MOST_FUNCTIONS = 400
# Methods that a dictionary, a list or a text has too: a call of one says little of whose it is.
OF_EVERYTHING = {*dir(dict), *dir(list), *dir(str), "read", "write", "load", "dumps", "loads"}


class Tap:
    def __init__(self, project, evaluator, streams):
        self.project, self.evaluator, self.streams = project, evaluator, streams
        self.cls = self._class()

    def _class(self):
        taps = [one for one in self.project.classes if any(TAP_BASE.search(name) for name in self.project.foreign(one))]
        heirs = [one for one in taps if not any(other is not one and self.project.is_a(other, one) for other in taps)]
        named = [one for one in heirs if self._name(one)]
        return (named or heirs or [None])[0]

    def _name(self, cls):
        value = self.evaluator.ask(lambda: self.evaluator.find(Instance(cls), "name")[0])
        return value.value if isinstance(value, Known) and isinstance(value.value, str) else None

    def facts(self):
        if self.cls is None:
            return None
        return {"name": self._name(self.cls), "class": self.cls.name, "at": place(self.cls.module, self.cls.node)}

    def config(self):
        """Settings that the tap's own schema names, with their defaults, and which of them are secret."""
        found = {}
        for cls in self.project.order(self.cls) if self.cls else []:
            for node in [one for value in cls.values.get("config_jsonschema", []) for one in ast.walk(value)]:
                if isinstance(node, ast.Call) and name_of(node).endswith("Property") and node.args:
                    said = {one.arg: one.value for one in node.keywords}
                    name, default, secret = (
                        self.evaluator.ask(self.evaluator.evaluate, one, Scope(cls.module)) if one else NOTHING
                        for one in (node.args[0], said.get("default"), said.get("secret"))
                    )
                    if isinstance(name, Known):
                        known = {"default": default.value} if isinstance(default, Known) else {}
                        is_secret = isinstance(secret, Known) and secret.value is True
                        found.setdefault(str(name.value), {**known, "isSecret": is_secret})
        return found

    def offered(self):
        """Objects and classes that discovery makes streams of, and whether those are all; `None` when it does not say."""
        if self.cls is None:
            return self._listed()
        found = self.evaluator.ask(self._discovered)
        if isinstance(found, (Sequence, Candidates, Mapping)):
            items = _flat(found)
            made = [one for one in items if isinstance(one, (Instance, Class))]
            if made:
                return made, not getattr(found, "is_open", True) and len(made) == len(items)
        named = self._named(self._reachable([self._entry()]))
        return (named, False) if named else None

    def _entry(self):
        names = ["discover_streams", "load_streams", "streams", "discover_catalog"]
        return next(
            (cls.methods[name] for name in names for cls in self.project.order(self.cls) if name in cls.methods), None
        )

    def _discovered(self):
        entry = self._entry()
        return self.evaluator.call(entry, Instance(self.cls), {}) if entry else NOTHING

    def _listed(self):
        """Without a tap class: a table or list of stream classes somewhere in the project."""
        for module in self.project.modules.values():
            for name in module.values:
                found = self.evaluator.ask(self.evaluator.named, module, name)
                classes = [one for one in _flat(found) if isinstance(one, (Class, Instance))]
                if len(classes) > 0 and re.search("stream", name, re.I):
                    return classes, True
        return None

    def _named(self, functions):
        """Stream classes that these functions, and the lists they use, name."""
        found = {}
        for function in functions:
            for node in ast.walk(function.node):
                if isinstance(node, (ast.Name, ast.Attribute)):
                    self._name_classes(self.project.dotted(function.module, node), found)
        return [one for one in found if not self.streams.is_abstract(one)]

    def _name_classes(self, named, found):
        if isinstance(named, Class):
            found[named] = True
        elif isinstance(named, tuple):
            module, nodes = named
            for node in nodes:
                for one in ast.walk(node):
                    cls = self.project.dotted(module, one) if isinstance(one, (ast.Name, ast.Attribute)) else None
                    if isinstance(cls, Class):
                        found[cls] = True

    def _reachable(self, entries, leaving_out=re.compile("$^")):
        """Functions of the project that are called from these, as far as their names say."""
        queue, seen = [one for one in entries if one], {}
        while queue and len(seen) < MOST_FUNCTIONS:
            function = queue.pop(0)
            if id(function.node) in seen or leaving_out.search(function.node.name):
                continue
            seen[id(function.node)] = function
            queue += [found for node in ast.walk(function.node) if (found := self._callee(function, node))]
        return list(seen.values())

    def _callee(self, function, node):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
            order = self.project.order(function.owner) if function.owner else []
            if function.owner and self.cls and self.project.is_a(self.cls, function.owner):
                order = self.project.order(self.cls)
            return next((cls.methods[node.attr] for cls in order if node.attr in cls.methods), None)
        found = self.project.dotted(function.module, node) if isinstance(node, (ast.Name, ast.Attribute)) else None
        if isinstance(found, Class):
            return found.methods.get("__init__")
        if found is None and isinstance(node, ast.Attribute) and node.attr not in OF_EVERYTHING:
            return self.evaluator.only_method(node.attr)
        return found if isinstance(found, Function) else None

    def discovery(self, streams):
        """`static`, `dynamic` or `inferred`, with the place that says so."""
        for cls in [self.cls] if self.cls else []:
            value = self.evaluator.ask(lambda: self.evaluator.find(Instance(cls), "dynamic_catalog"))
            if isinstance(value, tuple) and isinstance(value[0], Known) and value[0].value is True:
                return _kind("dynamic", "the tap sets dynamic_catalog", value[1], value[2])
            sql = next((name for name in self.project.foreign(cls) if name.endswith("SQLTap")), None)
            if sql:
                return _kind("dynamic", f"{cls.name} is a {sql}: the database is asked for its tables", cls.module, cls.node)
        entries = [self._entry() if self.cls else None, *self._plain_entries()]
        for cls in streams:
            entries += [one.methods["schema"] for one in self.project.order(cls) if "schema" in one.methods][:1]
        return self._asked(entries)

    def _plain_entries(self):
        names = ("discover", "do_discover", "discover_catalog", "do_discovery", "get_schemas", "discover_schemas")
        return [module.functions[name] for module in self.project.modules.values() for name in names if name in module.functions]

    def _asked(self, entries):
        calls = None
        for function in self._reachable(entries, CHECKS):
            for node in ast.walk(function.node):
                name = name_of(node) if isinstance(node, ast.Call) else ""
                if name and INFERS.search(name):
                    return _kind("inferred", f"schemas come from {name}(), called for the catalog", function.module, node)
                if name and calls is None and CALLS_OUT.search(name) and not CHECKS.search(name):
                    calls = _kind("dynamic", f"the catalog is made with {name}()", function.module, node)
        return calls or {"kind": "static", "reason": "nothing that makes the catalog talks to the API"}


def _kind(kind, reason, module, node):
    return {"kind": kind, "reason": reason, "at": place(module, node)}


def _flat(found):
    items = found.items.values() if isinstance(found, Mapping) else getattr(found, "items", [found])
    return [inner for one in items for inner in (_flat(one) if isinstance(one, (Sequence, Mapping, Candidates)) else [one])]
