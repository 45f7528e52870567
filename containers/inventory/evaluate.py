"""Reads expressions and function bodies for what they can come to. Nothing is executed: unknown conditions take both ways."""
import ast
import re

from calls import Calls, Scope
from project import Class, Module
from results import (
    MOST_CANDIDATES, MOST_TEXT, NOTHING, Bound, Candidates, Foreign, Instance, Known, Made, Mapping, Sequence, Super,
    Template, Unknown, either, source, truth,
)

MOST_STEPS = 40_000
MOST_STEPS_IN_ALL = 400_000


class TooLong(Exception):
    """More steps than one question may take."""


class Evaluator(Calls):
    def __init__(self, project):
        self.project, self.steps, self.active = project, 0, []
        self.heard, self.gaps, self.total, self.known = None, set(), 0, {}
        self.follows = False  # Whether a method of something unknown is the one that the project has of that name.

    def ask(self, question, *given):
        """Answers a question within the limits; `Unknown` beyond them."""
        self.total += self.steps
        self.steps, self.active = 0 if self.total < MOST_STEPS_IN_ALL else MOST_STEPS, []
        try:
            return question(*given)
        except (TooLong, RecursionError):
            return Unknown("more than can be followed")
        except Exception as error:  # A gap of ours is told of, and hides nothing else.
            self.gaps.add(f"{type(error).__name__}: {error}"[:200])
            return Unknown("not understood")

    def evaluate(self, node, scope):
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise TooLong
        read = getattr(self, "_" + type(node).__name__.lower(), None)
        return read(node, scope) if read else Unknown(source(node))

    def _constant(self, node, scope):
        value = node.value
        return Known(value if isinstance(value, (str, int, float, bool, type(None))) else str(value)[:200])

    def _joinedstr(self, node, scope):
        return self.concat([self.evaluate(one, scope) for one in node.values])

    def _formattedvalue(self, node, scope):
        return self.evaluate(node.value, scope)

    def _binop(self, node, scope):
        left, right = self.evaluate(node.left, scope), self.evaluate(node.right, scope)
        if isinstance(node.op, ast.Add):
            return self.add(left, right, node)
        if isinstance(node.op, ast.Div):  # pathlib
            return self.concat([left, Known("/"), right])
        if isinstance(node.op, ast.BitOr) and isinstance(left, Mapping) and isinstance(right, Mapping):
            return Mapping({**left.items, **right.items}, left.is_open or right.is_open)
        if isinstance(node.op, ast.Mod) and isinstance(left, Known) and isinstance(left.value, str):
            given = iter(right.items if isinstance(right, Sequence) else [right])
            parts = re.split(r"(%[sdr])", left.value)
            return self.concat([next(given, NOTHING) if re.match("%[sdr]", one) else Known(one) for one in parts])
        return Unknown(source(node))

    def add(self, left, right, node):
        if isinstance(left, Sequence) and isinstance(right, Sequence):
            return Sequence(left.items + right.items, left.is_open or right.is_open)
        if isinstance(left, Sequence) or isinstance(right, Sequence):
            return Sequence((left if isinstance(left, Sequence) else right).items, True)
        texts = [one for one in (left, right) if isinstance(one, (Template, Candidates)) or _is_text(one)]
        return self.concat([left, right]) if texts else Unknown(source(node))

    def concat(self, parts):
        """Texts one after the other, with a named gap for each that is not known."""
        found = [("", {})]
        for part in parts:
            options = part.items if isinstance(part, Candidates) else [part]
            options = [one for one in options if not (isinstance(one, Known) and one.value is None)] or options
            found = [
                (text + more, {**gaps, **new})
                for text, gaps in found
                for more, new in map(self._piece, options)
                if len(text) + len(more) <= MOST_TEXT
            ][:MOST_CANDIDATES]
        results = [Template(text, gaps) if gaps else Known(text) for text, gaps in found]
        return either(*results) if results else Unknown("a text too long")

    def _piece(self, part):
        if isinstance(part, Known):
            return str(part.value), {}
        if isinstance(part, Template):
            return part.text, part.variables
        expression = getattr(part, "expression", None) or type(part).__name__
        words = re.findall(r"[A-Za-z_]\w*", re.sub(r"\(.*", "", expression))
        name = re.sub(r"^_+", "", words[-1]) if words else ""
        return "{%s}" % (name or "value"), {name or "value": {"from": "code", "expression": expression}}

    def _boolop(self, node, scope):
        found = []
        for index, one in enumerate(node.values):
            value = self.evaluate(one, scope)
            known, is_last = truth(value), index == len(node.values) - 1
            if known is None or known == isinstance(node.op, ast.Or) or is_last:
                found.append(value)
            if known is not None and known == isinstance(node.op, ast.Or):
                break
        return either(*found)

    def _ifexp(self, node, scope):
        known = truth(self.evaluate(node.test, scope))
        ways = [node.body, node.orelse] if known is None else [node.body if known else node.orelse]
        return either(*[self.evaluate(one, scope) for one in ways])

    def _unaryop(self, node, scope):
        value = self.evaluate(node.operand, scope)
        if isinstance(node.op, ast.Not) and truth(value) is not None:
            return Known(not truth(value))
        if isinstance(node.op, ast.USub) and isinstance(value, Known) and isinstance(value.value, (int, float)):
            return Known(-value.value)
        return Unknown(source(node))

    def _compare(self, node, scope):
        left, right = self.evaluate(node.left, scope), self.evaluate(node.comparators[0], scope)
        compare = COMPARES.get(type(node.ops[0]))
        if len(node.ops) > 1 or compare is None or not isinstance(left, Known):
            return Unknown(source(node))
        if isinstance(right, Known) and not isinstance(node.ops[0], (ast.In, ast.NotIn)):
            return Known(compare(left.value, right.value))
        if isinstance(right, Sequence) and not right.is_open and all(isinstance(one, Known) for one in right.items):
            return Known(compare(left.value, [one.value for one in right.items]))
        return Unknown(source(node))

    def _name(self, node, scope):
        if node.id in scope.names:
            return scope.names[node.id]
        if scope.owner and node.id in scope.owner.values and not scope.me:
            return self._values(scope.owner.values[node.id], Scope(scope.module, None, scope.owner))
        return self.named(scope.module, node.id)

    def named(self, module, name):
        return self._found(self.project.resolve(module, name), name)

    def _found(self, found, name):
        if isinstance(found, tuple):
            module, nodes = found
            if id(nodes) not in self.known:
                self.known[id(nodes)] = self._values(nodes, Scope(module))
            return self.known[id(nodes)]
        return found or Unknown(name) if not isinstance(found, str) else Foreign(found)

    def _values(self, nodes, scope):
        key = ("values", id(nodes))
        if key in self.active:
            return NOTHING
        self.active.append(key)
        try:
            return either(*[self.evaluate(one, scope) for one in nodes])
        finally:
            self.active.pop()

    def _attribute(self, node, scope):
        return self.member(self.evaluate(node.value, scope), node.attr, node)

    def member(self, owner, name, node):
        if isinstance(owner, Candidates):
            return either(*[self.member(one, name, node) for one in owner.items])
        if isinstance(owner, Super):
            return self._or_foreign(self.find(owner.me, name, owner.owner)[0], "super", name)
        if isinstance(owner, Instance):
            return owner if name == "__class__" else self._or_foreign(self.find(owner, name)[0], "self", name)
        if isinstance(owner, Class):
            found = Known(owner.name) if name == "__name__" else self.find(Instance(owner), name)[0]
            return self._or_foreign(found, owner.name, name)
        if isinstance(owner, Module):
            return self.named(owner, name)
        if isinstance(owner, Foreign):
            return Foreign(f"{owner.name}.{name}")
        return Bound(name, owner) if isinstance(owner, (Known, Template, Mapping, Sequence)) else Unknown(source(node))

    @staticmethod
    def _or_foreign(found, owner, name):
        return Unknown(f"{owner}.{name}") if found is NOTHING else found

    def find(self, me, name, after=None):
        """What an attribute comes to, and the module and node that say so; `NOTHING` if the project does not."""
        order = self.project.order(me.cls)
        if after:
            order = order[order.index(after) + 1 :] if after in order else []
        fields = {} if after else self.fields(me)
        for one in order:
            function = one.methods.get(name)
            if function and not function.is_property:
                return Bound(function, me), one.module, function.node
            if function:
                value = self.call(function, me, {})
                if value is not NOTHING:
                    return value, one.module, function.node
            elif name in one.values and (name not in fields or isinstance(fields[name][0], Unknown)):
                nodes = one.values[name]
                value = self._values(nodes, Scope(one.module, None, one))
                is_moved = not isinstance(value, (Class, Instance)) and any(name in each.moved for each in order)
                return either(value, Unknown(f"self.{name}")) if is_moved else value, one.module, nodes[0]
        return fields.get(name, (NOTHING, me.cls.module, me.cls.node))

    def _subscript(self, node, scope):
        return self.item(self.evaluate(node.value, scope), self.evaluate(node.slice, scope), node)

    def item(self, owner, key, node, default=None):
        if isinstance(owner, Candidates):
            return either(*[self.item(one, key, node, default) for one in owner.items])
        if isinstance(key, Candidates):
            return either(*[self.item(owner, one, node, default) for one in key.items])
        if isinstance(owner, Mapping):
            return self._mapped(owner, key, node, default)
        if isinstance(owner, Sequence) and isinstance(key, Known) and isinstance(key.value, int):
            inside = not owner.is_open and -len(owner.items) <= key.value < len(owner.items)
            return owner.items[key.value] if inside else Unknown(source(node))
        if isinstance(key, Known) and isinstance(key.value, str) and isinstance(owner, (Unknown, Foreign, Template, Made)):
            return self._gap(owner, key.value, node, default)
        return Unknown(source(node))

    def _mapped(self, owner, key, node, default):
        if isinstance(key, Known) and key.value in owner.items:
            return owner.items[key.value]
        if isinstance(key, Known):
            return Unknown(source(node)) if owner.is_open or default is None else default
        found = [*owner.items.values(), *([default] if default else [])]
        return either(*found) if found else Unknown(source(node))

    @staticmethod
    def _gap(owner, key, node, default):
        """`{key}` for what is looked up in the configuration, in a parent's context, or in something else."""
        expression = getattr(owner, "expression", None) or getattr(owner, "name", None) or getattr(owner, "text", "")
        where = expression.split("[")[0].split("(")[0].lower()
        origin = next((one for one in ("config", "context", "record") if one in where), "code")
        known = {"default": default.value} if isinstance(default, Known) and default.value is not None else {}
        name = re.sub(r"\W+", "_", key).strip("_") or "value"
        return Template("{%s}" % name, {name: {"from": origin, "key": key, "expression": source(node), **known}})

    def _dict(self, node, scope):
        items, is_open = {}, False
        for key, value in zip(node.keys, node.values):
            found = self.evaluate(value, scope)
            name = self.evaluate(key, scope) if key else found
            if key is None and isinstance(name, Mapping):
                items.update(name.items)
            elif isinstance(name, Known):
                items[name.value] = found
            is_open |= not isinstance(name, (Known, Mapping)) or getattr(name, "is_open", False)
        return Mapping(items, is_open)

    def _list(self, node, scope):
        items, is_open = [], False
        for one in node.elts:
            value = self.evaluate(one.value if isinstance(one, ast.Starred) else one, scope)
            if not isinstance(one, ast.Starred):
                items.append(value)
                continue
            items += value.items if isinstance(value, Sequence) else []
            is_open |= not isinstance(value, Sequence) or value.is_open
        return Sequence(items, is_open)

    _tuple = _set = _list

    def _listcomp(self, node, scope):
        items, is_open = [], False
        for names in self.rounds(node.generators, scope):
            is_open |= names is None
            if names is not None:
                items.append(self.evaluate(node.elt, self.inner(scope, names)))
        return Sequence(items, is_open)

    _generatorexp = _setcomp = _listcomp

    def _dictcomp(self, node, scope):
        items, is_open = {}, False
        for names in self.rounds(node.generators, scope):
            inner = self.inner(scope, names or scope.names)
            key = self.evaluate(node.key, inner)
            is_open |= names is None or not isinstance(key, Known)
            if isinstance(key, Known):
                items[key.value] = self.evaluate(node.value, inner)
        return Mapping(items, is_open)

    def rounds(self, generators, scope):
        """The names of each round of a comprehension; `None` where there may be others."""
        first, *rest = generators
        over = self.evaluate(first.iter, scope)
        if not isinstance(over, Sequence):
            yield None
            over = Sequence([Unknown(source(first.target))])
        for one in over.items:
            names = dict(scope.names)
            self.bind(first.target, one, self.inner(scope, names))
            tests = [truth(self.evaluate(test, self.inner(scope, names))) for test in first.ifs]
            if False not in tests:
                yield from self.rounds(rest, self.inner(scope, names)) if rest else [names]
        if over.is_open:
            yield None

    @staticmethod
    def inner(scope, names):
        made = Scope(scope.module, scope.me, scope.owner, names)
        made.depth = scope.depth
        return made

    def _namedexpr(self, node, scope):
        value = self.evaluate(node.value, scope)
        self.bind(node.target, value, scope)
        return value

    def _await(self, node, scope):
        return self.evaluate(node.value, scope)

    def _lambda(self, node, scope):
        return Unknown(source(node))


def _is_text(one):
    return isinstance(one, Known) and isinstance(one.value, str)


COMPARES = {
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
    ast.Is: lambda a, b: a is b if b is None else a == b,
    ast.IsNot: lambda a, b: a is not b if b is None else a != b,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
}
