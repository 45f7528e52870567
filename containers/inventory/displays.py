"""Lists, sets, dictionaries and comprehensions of them."""
import ast

from results import Known, Mapping, Sequence, Unknown, source, truth
from scope import Scope


class Displays:
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
