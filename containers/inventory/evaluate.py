"""Reads expressions and function bodies for what they can come to. Nothing is executed: unknown conditions take both ways."""
import ast
import re

from calls import Calls
from displays import Displays
from lookups import Lookups
from results import (
    MOST_CANDIDATES, MOST_TEXT, NOTHING, Candidates, Known, Mapping, Sequence, Template, Unknown, either, source,
    truth,
)
from statements import Statements

MOST_STEPS = 40_000
MOST_STEPS_IN_ALL = 400_000


class TooLong(Exception):
    """More steps than one question may take."""


class Evaluator(Calls, Statements, Lookups, Displays):
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
