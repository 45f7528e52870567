"""Follows calls: into the project's own functions, never further."""
import ast
import re

from project import Class, Function, name_of
from results import (
    NOTHING, Bound, Candidates, Foreign, Instance, Known, Made, Mapping, Sequence, Super, Template, Unknown,
    either, source,
)
from scope import MOST_DEPTH, Scope

SAME = {"str", "copy", "deepcopy", "cast", "list", "tuple", "set", "frozenset", "sorted", "reversed", "quote", "dict"}
TEXT = {"strip", "rstrip", "lstrip", "lower", "upper", "title", "removesuffix", "removeprefix", "replace", "capitalize"}


class Calls:
    def _call(self, node, scope):
        if isinstance(node.func, ast.Name) and node.func.id == "super":
            return Super(scope.me, scope.owner) if scope.me and scope.owner else Unknown(source(node))
        callee = self.evaluate(node.func, scope)
        positional, named = [], {}
        for one in node.args:
            value = self.evaluate(one.value if isinstance(one, ast.Starred) else one, scope)
            spread = isinstance(one, ast.Starred) and isinstance(value, Sequence)
            positional += value.items if spread else [value]
        for one in node.keywords:
            value = self.evaluate(one.value, scope)
            named.update({one.arg: value} if one.arg else value.items if isinstance(value, Mapping) else {})
        if self.heard is not None:
            self.heard.append((Made(name_of(node) or "", positional, named, ""), scope.module, node))
        return self._called(callee, positional, named, node, scope)

    def _called(self, callee, positional, named, node, scope):
        if isinstance(callee, Candidates):
            return either(*[self._called(one, positional, named, node, scope) for one in callee.items])
        if isinstance(callee, Bound) and isinstance(callee.function, str):
            return self._method(callee.me, callee.function, positional, named, node)
        if isinstance(callee, Class):
            return Instance(callee, (positional, named), (scope.module, node))
        if isinstance(callee, (Function, Bound)):
            function, me = (callee.function, callee.me) if isinstance(callee, Bound) else (callee, None)
            value = self.call(function, me, self.arguments(function.node, positional, named, me and not function.is_static))
            return Unknown(source(node)) if value is NOTHING else value
        return self._foreign(callee, positional, named, node, scope)

    def _foreign(self, callee, positional, named, node, scope):
        name = callee.name if isinstance(callee, Foreign) else name_of(node)
        last = re.sub(r".*\.", "", name) or getattr(node.func, "attr", "")
        if last in TEXT and isinstance(node.func, ast.Attribute):
            return self.evaluate(node.func.value, scope)
        followed = self.follows and isinstance(callee, Unknown) and self.only_method(last)
        if followed:
            return self._called(Bound(followed, Instance(followed.owner)), positional, named, node, scope)
        if last == "get" and positional and isinstance(node.func, ast.Attribute):
            owner = self.evaluate(node.func.value, scope)
            return self.item(owner, positional[0], node, positional[1] if len(positional) > 1 else None)
        if last == "type" and len(positional) == 1:
            return positional[0]
        if last == "getattr" and len(positional) > 1 and isinstance(positional[1], Known):
            return self.member(positional[0], str(positional[1].value), node)
        if last in ("urljoin", "join") and name.startswith(("url", "os.path", "posixpath")) and positional:
            return self._joined(positional)
        if last == "dict" and named:
            return Mapping({**(positional[0].items if positional and isinstance(positional[0], Mapping) else {}), **named})
        if last in SAME and positional:
            return positional[-1]
        return Made(name or last, positional, named, source(node))

    def only_method(self, name):
        """The one method of that name in the project, if there is just one."""
        found = [cls.methods[name] for cls in self.project.classes if name in cls.methods]
        return found[0] if len(found) == 1 and not name.startswith("__") else None

    def _joined(self, parts):
        found = []
        for index, one in enumerate(parts):
            value = self._method(one, "strip" if index else "rstrip", [Known("/")], {}, None)
            found += [Known("/"), value] if index else [value]
        return self.concat(found)

    def _method(self, owner, name, given, named, node):
        """What a method of a text, a dictionary or a list answers."""
        if isinstance(owner, Candidates):
            return either(*[self._method(one, name, given, named, node) for one in owner.items])
        if isinstance(owner, Mapping):
            return self._dict_method(owner, name, given, node)
        if isinstance(owner, Known) and isinstance(owner.value, str) and name in TEXT:
            texts = [one.value for one in given if isinstance(one, Known) and isinstance(one.value, str)]
            is_known = len(texts) == len(given) and (name != "replace" or len(owner.value) < 1_000)
            return Known(getattr(owner.value, name)(*texts)) if is_known else owner
        if isinstance(owner, Template) and name in TEXT:
            return owner
        if isinstance(owner, Known) and name == "format":
            return self._formatted(owner, given, named)
        if isinstance(owner, Known) and name == "join" and given and isinstance(given[0], Sequence):
            parts = [part for one in given[0].items for part in (owner, one)][1:]
            return self.concat(parts)
        return Unknown(source(node)) if node else owner

    def _formatted(self, owner, given, named):
        """`"…{x}…".format(…)`: gaps that it leaves keep their names."""
        counter, parts = iter(range(len(given))), []
        for part in re.split(r"(\{\w*\})", str(owner.value)):
            name = part[1:-1] if re.fullmatch(r"\{\w*\}", part) else None
            index = next(counter, None) if name == "" else int(name) if name and name.isdigit() and len(name) < 4 else None
            if name and name in named:
                known = named[name]
                parts.append(known if isinstance(known, (Known, Template)) else Template(part, {name: _origin(known)}))
            elif index is not None and index < len(given):
                parts.append(given[index])
            else:
                parts.append(Known(part))
        return self.concat(parts)

    def _dict_method(self, owner, name, given, node):
        if name == "get" and given:
            return self.item(owner, given[0], node, given[1] if len(given) > 1 else Known(None))
        if name == "values":
            return Sequence(list(owner.items.values()), owner.is_open)
        if name == "keys":
            return Sequence([Known(key) for key in owner.items], owner.is_open)
        if name == "items":
            return Sequence([Sequence([Known(key), one]) for key, one in owner.items.items()], owner.is_open)
        return owner if name == "copy" else Unknown(source(node))

    def arguments(self, node, positional, named, skips_self):
        """Values by parameter; what was not given has its default."""
        parameters = [*node.args.posonlyargs, *node.args.args]
        rest = [one.arg for one in (parameters[1:] if skips_self else parameters)]
        given = dict(zip(rest, positional))
        given.update({name: one for name, one in named.items() if name})
        return given

    def call(self, function, me, given):
        """What a function of the project returns, or the list of what it yields."""
        key = ("call", id(function.node), me and id(me.cls))
        if key in self.active or len(self.active) > MOST_DEPTH:
            return Unknown(f"{function.node.name}()")
        self.active.append(key)
        try:
            scope = self.scope_of(function, me, given)
            self.run(function.node.body, scope)
        finally:
            self.active.pop()
        if scope.is_generator:
            return Sequence(scope.yielded, scope.is_open)
        return either(*scope.returned) if scope.returned else NOTHING

    def scope_of(self, function, me, given, is_init=False):
        scope = Scope(function.module, me, function.owner, None, is_init)
        node = function.node
        parameters = [*node.args.posonlyargs, *node.args.args]
        defaults = dict(zip([one.arg for one in reversed(parameters)], reversed(node.args.defaults)))
        defaults.update({one.arg: value for one, value in zip(node.args.kwonlyargs, node.args.kw_defaults) if value})
        for one in [*parameters, *node.args.kwonlyargs]:
            default = defaults.get(one.arg) if given is not None else None
            value = (given or {}).get(one.arg) or (self.evaluate(default, scope) if default else Unknown(one.arg))
            scope.names[one.arg] = value
        if me and function.owner and not function.is_static and parameters:
            scope.names[parameters[0].arg] = me
        return scope


def _origin(one):
    return {"from": "code", "expression": getattr(one, "expression", None) or type(one).__name__}
