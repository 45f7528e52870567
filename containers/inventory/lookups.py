"""What names, attributes and items stand for."""
import re

from project import Class, Module
from results import (
    NOTHING, Bound, Candidates, Foreign, Instance, Known, Made, Mapping, Sequence, Super, Template, Unknown,
    either, source,
)
from scope import Scope


class Lookups:
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
