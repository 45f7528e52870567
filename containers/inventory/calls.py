"""Follows calls and statements: into the project's own functions, never further."""
import ast
import re

from project import Class, Function, name_of
from results import (
    NOTHING, Bound, Candidates, Foreign, Instance, Known, Made, Mapping, Sequence, Super, Template, Unknown, either,
    source, truth,
)

MOST_DEPTH = 14
SAME = {"str", "copy", "deepcopy", "cast", "list", "tuple", "set", "frozenset", "sorted", "reversed", "quote", "dict"}
TEXT = {"strip", "rstrip", "lstrip", "lower", "upper", "title", "removesuffix", "removeprefix", "replace", "capitalize"}


class Scope:
    """What names mean at one place of the code, and what its function has returned so far."""

    def __init__(self, module, me=None, owner=None, names=None, is_init=False):
        self.module, self.me, self.owner, self.is_init = module, me, owner, is_init
        self.names = {} if names is None else names
        self.returned, self.yielded = [], []
        self.is_generator, self.is_open, self.depth = False, False, 0


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

    def run(self, body, scope):
        """Runs statements in the scope; false if none of its ways goes on behind them."""
        for statement in body:
            self.steps += 1
            run = getattr(self, "_run_" + type(statement).__name__.lower(), None)
            if run and run(statement, scope) is False:
                return False
        return True

    def _run_return(self, statement, scope):
        scope.returned.append(self.evaluate(statement.value, scope) if statement.value else Known(None))
        return False

    def _run_raise(self, statement, scope):
        return False

    _run_continue = _run_break = _run_raise

    def _run_assign(self, statement, scope):
        value = self.evaluate(statement.value, scope)
        for target in statement.targets:
            self.bind(target, value, scope)

    def _run_annassign(self, statement, scope):
        if statement.value:
            self.bind(statement.target, self.evaluate(statement.value, scope), scope)

    def _run_augassign(self, statement, scope):
        before, more = self.evaluate(statement.target, scope), self.evaluate(statement.value, scope)
        if isinstance(statement.op, ast.BitOr) and isinstance(before, Mapping) and isinstance(more, Mapping):
            value = Mapping({**before.items, **more.items}, before.is_open or more.is_open)
        else:
            value = self.add(before, more, statement) if isinstance(statement.op, ast.Add) else Unknown(source(statement))
        self.bind(statement.target, value, scope)

    def bind(self, target, value, scope):
        if isinstance(target, ast.Name):
            scope.names[target.id] = value
        elif isinstance(target, (ast.Tuple, ast.List)):
            is_known = isinstance(value, Sequence) and len(value.items) == len(target.elts)
            for index, one in enumerate(target.elts):
                self.bind(one, value.items[index] if is_known else Unknown(source(one)), scope)
        elif isinstance(target, ast.Subscript):
            self._bind_item(target, value, scope)
        elif isinstance(target, ast.Attribute) and scope.is_init and self.evaluate(target.value, scope) is scope.me:
            self.set_field(scope, target.attr, value, target)

    def _bind_item(self, target, value, scope):
        owner, key = self.evaluate(target.value, scope), self.evaluate(target.slice, scope)
        if not isinstance(target.value, ast.Name):
            return
        items = owner.items if isinstance(owner, Mapping) else {}
        is_open = getattr(owner, "is_open", True) or not isinstance(key, Known)
        if isinstance(key, Known):
            items = {**items, key.value: value}
        scope.names[target.value.id] = Mapping(items, is_open)

    def set_field(self, scope, name, value, node):
        fields = scope.me.fields
        if scope.depth and name in fields:
            value = either(fields[name][0], value)
        fields[name] = (value, scope.module, node)

    def fields(self, me):
        """Attributes that `__init__` gives to an object."""
        if me.fields is None:
            me.fields = {}
            self._init(me, me.cls, me.given)
        return me.fields

    def _init(self, me, cls, given, after=None):
        order = self.project.order(cls)
        order = order[order.index(after) + 1 :] if after else order
        owner = next((one for one in order if "__init__" in one.methods), None)
        positional, named = given or ([], {})
        if owner is None or len(self.active) > MOST_DEPTH:
            for name in ("name", "path", "schema"):
                value = named.get(name)
                if value is not None and not (isinstance(value, Known) and value.value is None):
                    me.fields.setdefault(name, (value, *(me.at or (cls.module, cls.node))))
            return
        function = owner.methods["__init__"]
        arguments = None if given is None else self.arguments(function.node, positional, named, True)
        self.active.append(("init", id(function.node)))
        try:
            self.run(function.node.body, self.scope_of(function, me, arguments, True))
        finally:
            self.active.pop()

    def _run_expr(self, statement, scope):
        node = statement.value
        if isinstance(node, (ast.Yield, ast.YieldFrom)):
            self._yielded(node, scope)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            self._run_method(node, scope)
        if self.heard is not None:
            self.evaluate(node, scope)

    def _yielded(self, node, scope):
        scope.is_generator = True
        value = self.evaluate(node.value, scope) if node.value else Known(None)
        if isinstance(node, ast.Yield):
            scope.yielded.append(value)
        else:
            scope.yielded += value.items if isinstance(value, Sequence) else []
            scope.is_open |= not isinstance(value, Sequence) or value.is_open

    def _run_method(self, node, scope):
        """Methods that change what a name stands for; and the next `__init__`."""
        owner, name = self.evaluate(node.func.value, scope), node.func.attr
        given = [self.evaluate(one, scope) for one in node.args]
        named = {one.arg: self.evaluate(one.value, scope) for one in node.keywords if one.arg}
        if isinstance(owner, Super) and name == "__init__" and scope.is_init:
            self._init(owner.me, owner.me.cls, (given, named), owner.owner)
        elif isinstance(node.func.value, ast.Name):
            changed = _changed(owner, name, given, named)
            if changed:
                scope.names[node.func.value.id] = changed

    def _branches(self, scope, *ways):
        """Runs each way on its own names, then goes on with what any of them left."""
        before, after = scope.names, []
        scope.depth += 1
        for way in ways:
            scope.names = dict(before)
            if way() is not False:
                after.append(scope.names)
        scope.depth -= 1
        if not after:
            return False
        names = {name: None for one in after for name in one}
        scope.names = {name: either(*[one[name] for one in after if name in one]) for name in names}
        return True

    def _run_if(self, statement, scope):
        known = truth(self.evaluate(statement.test, scope))
        if known is not None:
            return self.run(statement.body if known else statement.orelse, scope)
        return self._branches(
            scope, lambda: self.run(statement.body, scope), lambda: self.run(statement.orelse, scope)
        )

    def _run_try(self, statement, scope):
        ways = [lambda: self.run([*statement.body, *statement.orelse], scope)]
        ways += [lambda body=one.body: self.run(body, scope) for one in statement.handlers]
        goes_on = self._branches(scope, *ways)
        return self.run(statement.finalbody, scope) and goes_on

    _run_trystar = _run_try

    def _run_match(self, statement, scope):
        ways = [lambda body=one.body: self.run(body, scope) for one in statement.cases]
        has_other = isinstance(statement.cases[-1].pattern, ast.MatchAs) and not statement.cases[-1].guard
        return self._branches(scope, *ways, *([] if has_other else [lambda: True]))

    def _run_with(self, statement, scope):
        return self.run(statement.body, scope)

    _run_asyncwith = _run_with

    def _run_while(self, statement, scope):
        return self._branches(scope, lambda: self.run(statement.body, scope) or True, lambda: True)

    def _run_for(self, statement, scope):
        over = self.evaluate(statement.iter, scope)
        if not isinstance(over, Sequence) or over.is_open:
            scope.is_open = True
        for one in over.items if isinstance(over, Sequence) else [Unknown(source(statement.target))]:
            def once(one=one):
                self.bind(statement.target, one, scope)
                return self.run(statement.body, scope) or True
            if isinstance(over, Sequence) and not over.is_open:
                once()
            else:
                self._branches(scope, once, lambda: True)
        return self.run(statement.orelse, scope)

    _run_asyncfor = _run_for


def _changed(owner, name, given, named):
    """The list or dictionary after `append`, `extend`, `update` or `setdefault`."""
    first = given[0] if given else None
    if isinstance(owner, Sequence) and name == "append" and first:
        return Sequence([*owner.items, first], owner.is_open)
    if isinstance(owner, Sequence) and name == "extend":
        more = first if isinstance(first, Sequence) else Sequence([], True)
        return Sequence([*owner.items, *more.items], owner.is_open or more.is_open)
    if name == "update" and not isinstance(owner, (Known, Template, Sequence)):
        more = first if isinstance(first, Mapping) else Mapping({}, first is not None)
        items = {**(owner.items if isinstance(owner, Mapping) else {}), **more.items, **named}
        return Mapping(items, getattr(owner, "is_open", True) or more.is_open)
    if isinstance(owner, Mapping) and name == "setdefault" and isinstance(first, Known) and len(given) > 1:
        return Mapping({first.value: given[1], **owner.items}, owner.is_open)
    return None


def _origin(one):
    return {"from": "code", "expression": getattr(one, "expression", None) or type(one).__name__}
