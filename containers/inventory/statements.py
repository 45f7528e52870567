"""Runs statements for what they give to names and fields: each way that a condition leaves open."""
import ast

from results import Known, Mapping, Sequence, Super, Template, Unknown, either, source, truth
from scope import MOST_DEPTH


class Statements:
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
            declared = [name for one in reversed(self.project.order(cls)) for name in one.declared()]
            named = {**dict(zip(declared, positional)), **named}
            for name in ["name", "path", "schema", *declared]:
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
