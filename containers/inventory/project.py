"""Modules, classes and functions of a project as written, and what a name means in each of them."""
import ast
import re

DECLARES = re.compile(r"^(dataclasses\.)?dataclass$|^(attrs?\.)?(s|attrs|define|frozen|mutable|dataclass)$")


class Function:
    def __init__(self, module, node, owner=None):
        self.module, self.node, self.owner = module, node, owner
        marks = {name_of(mark) for mark in node.decorator_list}
        self.is_property = bool(marks & {"property", "cached_property", "functools.cached_property", "classproperty"})
        self.is_static = "staticmethod" in marks


class Class:
    def __init__(self, module, node):
        self.module, self.node, self.name = module, node, node.name
        self.values, self.methods = {}, {}
        for statement in flat(node.body):
            if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
                if not any(name_of(mark).endswith((".setter", ".deleter")) for mark in statement.decorator_list):
                    self.methods[statement.name] = Function(module, statement, self)
            else:
                assigned(statement, self.values)

        self.moved = set(moved(node))

    def declared(self):
        """Fields that a decorator makes parameters of, in their order."""
        if not any(DECLARES.search(name_of(mark)) for mark in self.node.decorator_list):
            return []
        fields = [one for one in self.node.body if isinstance(one, (ast.Assign, ast.AnnAssign))]
        named = [(one.target if isinstance(one, ast.AnnAssign) else one.targets[0], one) for one in fields]
        return [to.id for to, one in named if isinstance(to, ast.Name) and _is_field(one)]


class Module:
    def __init__(self, path, tree):
        self.path, self.name = path, path[:-3].replace("/", ".")
        self.is_package = self.name.endswith("__init__")
        if self.is_package:
            self.name = self.name[: -len(".__init__")] if "." in self.name else ""
        self.values, self.classes, self.functions, self.imports, self.stars = {}, {}, {}, {}, []
        for statement in flat(tree.body):
            if isinstance(statement, ast.ClassDef):
                self.classes[statement.name] = Class(self, statement)
            elif isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
                self.functions[statement.name] = Function(self, statement)
            else:
                assigned(statement, self.values)
        for node in ast.walk(tree):
            self._imported(node)

    def _imported(self, node):
        if isinstance(node, ast.Import):
            for name in node.names:
                self.imports[name.asname or name.name.split(".")[0]] = (
                    name.name if name.asname else name.name.split(".")[0],
                    None,
                )
        elif isinstance(node, ast.ImportFrom):
            origin = self._origin(node)
            for name in node.names:
                if name.name == "*":
                    self.stars.append(origin)
                else:
                    self.imports[name.asname or name.name] = (origin, name.name)

    def _origin(self, node):
        if not node.level:
            return node.module or ""
        here = self.name.split(".") if self.name else []
        up = node.level - (1 if self.is_package else 0)
        return ".".join(here[: len(here) - up if up else None] + ([node.module] if node.module else []))


class Project:
    def __init__(self, trees):
        self.modules = {}
        for path, tree in trees.items():
            try:
                module = Module(path, tree)
            except RecursionError:
                continue
            self.modules[module.name] = module
        self.classes = [one for module in self.modules.values() for one in module.classes.values()]
        self._orders = {}

    def module(self, name):
        """The project's module of that import name, wherever its package lies; `None` for those of others."""
        if name in self.modules:
            return self.modules[name]
        found = [one for key, one in self.modules.items() if name and key.endswith("." + name)]
        return found[0] if len(found) == 1 else None

    def resolve(self, module, name, seen=frozenset()):
        """A class, a function, a module, `(module, nodes)` for a value, or the dotted name of something foreign."""
        if (module.name, name) in seen:
            return None
        seen = seen | {(module.name, name)}
        for group in (module.classes, module.functions):
            if name in group:
                return group[name]
        if name in module.values:
            return module, module.values[name]
        if name in module.imports:
            return self._import(*module.imports[name], seen)
        for origin in module.stars:
            other = self.module(origin)
            found = other and self.resolve(other, name, seen)
            if found:
                return found
        return None

    def _import(self, origin, name, seen):
        other = self.module(origin)
        if name is None:
            return other or origin
        if other and (found := self.resolve(other, name, seen)):
            return found
        return self.module(f"{origin}.{name}") or f"{origin}.{name}"

    def bases(self, one):
        """Its bases, in order: classes of the project, and dotted names of others'."""
        found = []
        for base in one.node.bases:
            base = base.value if isinstance(base, ast.Subscript) else base
            found.append(self.dotted(one.module, base) or name_of(base))
        return found

    def dotted(self, module, node):
        """What `a` or `a.b.c` names."""
        if isinstance(node, ast.Name):
            return self.resolve(module, node.id)
        if not isinstance(node, ast.Attribute):
            return None
        owner = self.dotted(module, node.value)
        if isinstance(owner, Module):
            return self.resolve(owner, node.attr) or self.module(f"{owner.name}.{node.attr}")
        return f"{owner}.{node.attr}" if isinstance(owner, str) else None

    def order(self, one):
        """A class and its bases within the project in the order in which attributes are looked up."""
        if one not in self._orders:
            self._orders[one] = [one]  # A class that inherits from itself ends here.
            parents = [base for base in self.bases(one) if isinstance(base, Class)]
            self._orders[one] = [one] + _merge([*map(self.order, parents), parents])
        return self._orders[one]

    def foreign(self, one):
        """Dotted names of all bases that are not the project's own."""
        return [base for each in self.order(one) for base in self.bases(each) if isinstance(base, str)]

    def is_a(self, one, other):
        return other in self.order(one)


def _merge(lists):
    """C3; where a project's hierarchy has no such order, each class once as it comes."""
    found, lists = [], [list(one) for one in lists if one]
    while lists:
        heads = [one[0] for one in lists]
        head = next((h for h in heads if not any(h in one[1:] for one in lists)), heads[0])
        found.append(head)
        lists = [rest for one in lists if (rest := [each for each in one if each is not head])]
    return found


def flat(body):
    """Statements with those that only stand under a condition."""
    for statement in body:
        if isinstance(statement, (ast.If, ast.Try, ast.With)):
            yield from flat(statement.body)
            yield from flat(getattr(statement, "orelse", []))
            for handler in getattr(statement, "handlers", []):
                yield from flat(handler.body)
        else:
            yield statement


def assigned(statement, values):
    """Adds what an assignment gives to names."""
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    if not isinstance(statement, (ast.Assign, ast.AnnAssign)) or statement.value is None:
        return
    for target in targets:
        if isinstance(target, ast.Name):
            values.setdefault(target.id, []).append(statement.value)


def _is_field(statement):
    return isinstance(statement, ast.AnnAssign) or name_of(statement.value).split(".")[-1] in ("ib", "attrib", "field")


def name_of(node):
    """`a.b.c` for a name written so, or for what is called by it; empty for anything else."""
    parts = []
    node = node.func if isinstance(node, ast.Call) else node
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def moved(cls):
    """Attributes of `self` that methods other than `__init__` set: they may change during a run."""
    for function in cls.body:
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)) and function.name != "__init__":
            for node in ast.walk(function):
                if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                    if isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
                        yield node.attr
