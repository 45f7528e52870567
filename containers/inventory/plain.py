"""Taps without a convention: requests that functions make, and the address that a client has."""
import ast
import re

from results import Candidates, Instance, Known, Mapping, Sequence, shown, without_none
from scope import Scope
from streams import place

BASE = re.compile(r"(base|api|root|endpoint|service)?_?(url|uri|host|endpoint)(_base|_template)?$", re.I)
ASKS = re.compile(
    r"(^|[._])(get|post|request|gen_request|make_request|send|fetch|fetch_all|paginate|sync_endpoint|get_all|call_api|_get|_request"
    r"|Request|urlopen)$"
)
WRITES = re.compile(r"(^|\.)write_(schema|records?)$")
WRAPS = re.compile(r"\{(path|url|endpoint|resource|uri|route)\}$")
VERBS = re.compile(r"^_*(sync|get|fetch|load|process|do|run|write|all|export|extract|retrieve)_|_(data|stream|endpoint|records)$")
ASIDE = re.compile(r"oauth|token|login|/auth|//(id|auth|accounts?|login)\.|'at': '(scripts|tools|docs|examples?)/", re.I)
FILES = re.compile(r"\.(json|py|csv|txt|toml|md)$")


def base_urls(project, evaluator):
    """Addresses that a constant or a client's attribute gives, for streams that do not say theirs."""
    found = []
    for module in project.modules.values():
        for name, nodes in module.values.items():
            if BASE.search(name):
                found.append((evaluator.ask(evaluator.named, module, name), module, nodes[0]))
        for cls in module.classes.values():
            me = Instance(cls)
            fields = evaluator.ask(evaluator.fields, me)
            names = [*cls.values, *cls.methods, *(fields if isinstance(fields, dict) else {})]
            for name in filter(BASE.search, names):
                told = evaluator.ask(evaluator.find, me, name)
                found += [told] if isinstance(told, tuple) else []
            found += _set_later(evaluator, cls, me)
    said = [one for one in found if any(_text(each).startswith("http") for each in _each(one[0]))]
    told = [{**shown(without_none(value)), "at": place(module, node), "confidence": "low"} for value, module, node in said]
    return sorted(told, key=lambda one: _is_aside(str(one)))


def base_of(one, addresses):
    """The likeliest address for a stream that does not say its own; a whole one goes with none but its own beginning."""
    said = _said(one)
    begins = lambda each: said not in _texts(each) and said.startswith(_texts(each) or ("{",))
    fitting = [each for each in addresses if not is_whole(one) or begins(each)]
    return {"urlBase": fitting[0]} if fitting else {}


def _texts(address):
    told = [address, *address.get("candidates", [])]
    return tuple(text for each in told if isinstance(text := each.get("value") or each.get("template"), str))


def _is_aside(said):
    """Addresses where one signs in, and those of scripts beside the tap, come last."""
    return bool(ASIDE.search(said))


def _set_later(evaluator, cls, me):
    """Addresses that another method than `__init__` gives to an object."""
    for function in cls.methods.values():
        for node in ast.walk(function.node):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute) and BASE.search(node.targets[0].attr):
                yield evaluator.ask(evaluator.evaluate, node.value, Scope(cls.module, me, cls)), cls.module, node


def requests(project, evaluator):
    """Streams guessed from calls with an address, one for each path: the last resort, and marked so."""
    found = {}
    for _, one in _made(project, evaluator):
        name = one["name"]["value"]
        if name not in found or is_whole(one) and not is_whole(found[name]):
            found[name] = one
    # What passes on any path is how the others are read.
    return [one for one in found.values() if not WRAPS.search(_said(one))] or list(found.values())


def _made(project, evaluator):
    """Each request that a function makes, with the function."""
    for module in project.modules.values():
        functions = [*module.functions.values()]
        functions += [one for cls in module.classes.values() for one in cls.methods.values()]
        for function in functions:
            evaluator.heard = []
            me = Instance(function.owner) if function.owner else None
            evaluator.ask(evaluator.call, function, me, None)
            heard, evaluator.heard = evaluator.heard, None
            yield from ((function, one) for one in _asked(function, heard))


def _said(one):
    return str(one.get("path", {}).get("template") or one.get("path", {}).get("value") or "")


def is_whole(one):
    """Whether its path is a whole address."""
    return bool(re.match(r"https?:|\{\w*(url|host|base|domain)\w*\}/", _said(one)))


def complete(streams, project, evaluator):
    """Streams that do not say their path, with that of a request that ends in their name, or the first of their class's own."""
    evaluator.follows = True
    known = {one["name"].get("value"): one for one in requests(project, evaluator)}
    evaluator.follows = False
    own = {}
    for function, one in _made(project, evaluator):
        if function.owner and not WRAPS.search(_said(one)):
            own.setdefault(f"{function.module.path}:{function.owner.node.lineno}", one)
    found = []
    for one in streams:
        name = one["name"].get("value") if "name" in one else None
        is_open = isinstance(name, str) and "path" not in one and "url" not in one
        guess = (known.get(name) or own.get(one["at"])) if is_open else None
        more = {key: guess[key] for key in ("path", "method", "headers", "parameters") if key in guess} if guess else {}
        found.append({**one, **{key: value for key, value in more.items() if not one.get(key)}})
    return found


def _asked(function, heard):
    wrote = {_text(one.positional[0]) for one, *_ in heard if WRITES.search(one.name) and one.positional} - {""}
    named = re.sub(VERBS, "", function.node.name)
    for one, module, node in heard:
        given = [*one.positional[:3], *[one.named[name] for name in ("url", "path", "endpoint") if name in one.named]]
        texts = [each for value in given for each in _each(value) if _is_address(_text(each))]
        if not ASKS.search(one.name) or not texts:
            continue
        at, path = place(module, node), texts[0]
        name = (wrote.pop() if len(wrote) == 1 else None) or _last(_text(path)) or named
        yield {
            "name": {"kind": "value", "value": name, "at": at, "confidence": "low"},
            "path": {**shown(path), "at": at, "confidence": "low"},
            **_method(one, at),
            **{"headers": _entries(one, "headers", at), "parameters": _entries(one, "params", at), "body": []},
            **{"class": None, "at": at},
            **{"style": "function", "isGraphql": False, "auth": [], "pagination": None, "parent": None},
            **{"context": {}, "schema": None},
        }


def _method(one, at):
    said = [_text(value).upper() for value in one.positional[:1]]
    verb = next((word for word in [*said, one.name.split(".")[-1].upper()] if word in ("POST", "PUT", "PATCH")), None)
    return {"method": {"kind": "value", "value": verb, "at": at, "confidence": "low"}} if verb else {}


def _entries(one, name, at):
    given = one.named.get(name)
    items = given.items if isinstance(given, Mapping) else {}
    return [{"name": str(key), "value": {**shown(value), "at": at, "confidence": "low"}} for key, value in items.items()]


def _last(path):
    words = [word for word in re.sub(r"^https?://[^/]*|\?.*", "", path).split("/") if word and "{" not in word]
    return re.sub(r"\W+", "_", words[-1]).strip("_") if words else None


def _is_address(text):
    return bool(re.match(r"(https?://|/|[\w{}-]+/)[\w./{}?=&%:~+-]*$", text)) and not FILES.search(text)


def _each(value):
    return value.items if isinstance(value, (Candidates, Sequence)) else [value]


def _text(value):
    found = value.value if isinstance(value, Known) else getattr(value, "text", "")
    return found if isinstance(found, str) else ""
