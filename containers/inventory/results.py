"""What an expression comes to without running it."""
import ast

MOST_TEXT = 20_000
MOST_CANDIDATES = 24
MOST_ITEMS = 3_000


class Known:
    """A text, number, truth value or `None`."""

    def __init__(self, value):
        self.value = value

    def key(self):
        return ("known", type(self.value).__name__, self.value)


class Template:
    """A text with `{names}` for what only a run knows; by name, where each comes from."""

    def __init__(self, text, variables):
        self.text, self.variables = text[:MOST_TEXT], variables

    def key(self):
        return ("template", self.text)


class Mapping:
    def __init__(self, items, is_open=False):
        self.items, self.is_open = items, is_open

    def key(self):
        return ("mapping", self.is_open, tuple((name, key_of(one)) for name, one in self.items.items()))


class Sequence:
    def __init__(self, items, is_open=False):
        self.items, self.is_open = items[:MOST_ITEMS], is_open or len(items) > MOST_ITEMS

    def key(self):
        return ("sequence", self.is_open, tuple(map(key_of, self.items)))


class Candidates:
    def __init__(self, items):
        self.items = items

    def key(self):
        return ("candidates", tuple(map(key_of, self.items)))


class Unknown:
    def __init__(self, expression):
        self.expression = expression

    def key(self):
        return ("unknown", self.expression)


NOTHING = Unknown("nothing")


class Instance:
    """An object of one of the project's classes, with what its construction was given; `None` when that was not seen."""

    def __init__(self, cls, given=None, at=None):
        self.cls, self.given, self.at, self.fields = cls, given, at, None

    def key(self):
        return ("instance", id(self))


class Super:
    def __init__(self, me, owner):
        self.me, self.owner = me, owner


class Bound:
    def __init__(self, function, me):
        self.function, self.me = function, me


class Foreign:
    """Something of another package, by its dotted name."""

    def __init__(self, name):
        self.name = name


class Made:
    """What a foreign callable was called with."""

    def __init__(self, name, positional, named, expression):
        self.name, self.positional, self.named, self.expression = name, positional, named, expression


def key_of(one):
    return one.key() if hasattr(one, "key") else id(one)


def either(*results):
    """One of several: those that are the same once, in their order."""
    found = {}
    for one in results:
        for each in one.items if isinstance(one, Candidates) else [one]:
            found.setdefault(key_of(each), each)
    if all(isinstance(one, Mapping) for one in found.values()) and len(found) > 1:
        return union(list(found.values()))
    kept = list(found.values())[:MOST_CANDIDATES]
    return kept[0] if len(kept) == 1 else Candidates(kept)


def without_none(one):
    """What it comes to when it comes to something."""
    items = one.items if isinstance(one, Candidates) else [one]
    kept = [each for each in items if not (isinstance(each, Known) and each.value is None)]
    return either(*kept) if kept else one


def union(mappings):
    items = {}
    for one in mappings:
        for name, value in one.items.items():
            items[name] = either(items[name], value) if name in items else value
    return Mapping(items, any(one.is_open for one in mappings))


def truth(one):
    """Whether it counts as true, or `None` if that cannot be said."""
    if isinstance(one, Known):
        return bool(one.value)
    if isinstance(one, (Mapping, Sequence)) and not one.is_open:
        return bool(one.items)
    return None


def source(node, most=300):
    try:
        return ast.unparse(node)[:most]
    except (RecursionError, ValueError, MemoryError):
        return "an expression too deep to show"


def plain(one):
    """Its value for JSON, if all of it is known; else throws `LookupError`."""
    if isinstance(one, Known):
        return one.value
    if isinstance(one, Sequence) and not one.is_open:
        return [plain(each) for each in one.items]
    if isinstance(one, Mapping) and not one.is_open:
        return {str(name): plain(each) for name, each in one.items.items()}
    raise LookupError


def shown(one, node=None):
    """A result as JSON: `value`, `template`, `candidates` or `dynamic`."""
    try:
        return {"kind": "value", "value": plain(one)}
    except LookupError:
        pass
    if isinstance(one, Template):
        variables = [{"name": name, **origin} for name, origin in one.variables.items()]
        return {"kind": "template", "template": one.text, "variables": variables}
    if isinstance(one, Candidates):
        return {"kind": "candidates", "candidates": [shown(each, node) for each in one.items]}
    expression = getattr(one, "expression", None) or (source(node) if node else type(one).__name__)
    return {"kind": "dynamic", "expression": expression}
