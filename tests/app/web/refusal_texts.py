"""Every text a refusal or finding of the house can carry, read out of the source: the other side of the catalogue.

A text is a template: its words, and a blank (`BLANK`) for each thing that is filled in when it is said. What is given
as what, rule or remedy is followed through conditions, constants, local names, parameters (to every call) and helpers
that return text. Reads syntax trees only and imports nothing of the house.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path

SOURCE = Path(__file__).parents[3] / "src"
BLANK = "\0"
_MOST = 64
_GIVEN = ("what", "rule", "remedy", "otherwise")
# Called with positions rather than names: where what, rule and remedy stand.
# What the house itself writes on the record in words, where a person could have.
_EVENTS = {
    "BatchHeld",
    "ConditionallyReleased",
    "ExceptionalSupply",
    "Rejected",
    "Released",
    "Returned",
    "BatchTerminated",
    "CollectionAssessed",
    "DeviationOpened",
    "NoticeSent",
    "PhaseHeld",
    "ShipmentReceived",
    "TherapyHeld",
}
_POSITIONS = {"error": {1: "what", 2: "remedy"}, "notice": {1: "what", 2: "remedy"}}


@dataclass
class Module:
    """One module: its tree, its top-level constants and functions."""

    name: str
    tree: ast.Module
    constants: dict[str, ast.expr] = field(default_factory=dict)
    functions: dict[str, list[ast.FunctionDef]] = field(default_factory=lambda: defaultdict(list))
    parents: dict[ast.AST, ast.AST] = field(default_factory=dict)


@cache
def modules() -> dict[str, Module]:
    """Name -> module, of the whole source."""
    found = {}
    for path in sorted((SOURCE / "onelot").rglob("*.py")):
        name = ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")
        module = Module(name, ast.parse(path.read_text()))
        for node in ast.walk(module.tree):
            for child in ast.iter_child_nodes(node):
                module.parents[child] = node
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                module.functions[node.name].append(node)  # type: ignore[arg-type]
        for node in ast.walk(module.tree):
            if isinstance(module.parents.get(node), ast.Module | ast.ClassDef):
                if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                    module.constants[node.targets[0].id] = node.value
                elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
                    module.constants[node.target.id] = node.value
        found[name] = module
    return found


@cache
def _calls() -> dict[str, list[tuple[str, ast.Call]]]:
    """Called name -> (module, call), over the whole source."""
    found = defaultdict(list)
    for module in modules().values():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and not _is_log(node):
                called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
                found[called].append((module.name, node))
    return found


def _is_log(node: ast.Call) -> bool:
    """A line in the server's log is read by IT, and stands on no page."""
    return (
        isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name) and node.func.value.id == "LOG"
    )


def _function_of(module: Module, node: ast.AST) -> ast.FunctionDef | None:
    while node in module.parents:
        node = module.parents[node]
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return node  # type: ignore[return-value]
    return None


def said_in_words(text: str) -> bool:
    """Whether a template has words of its own, and is not only blanks and marks."""
    return bool(re.search(r"[A-Za-z]{2}", text.replace(BLANK, " ")))


def _joined(choices: list[set[str]]) -> set[str]:
    return {"".join(each) for each, _ in zip(product(*map(sorted, choices)), range(_MOST), strict=False)}


class Reader:
    """Reads what an expression can say. parts, words: what is filled into a blank of another text."""

    def __init__(self) -> None:
        self.parts: dict[str, str] = {}
        self.words: dict[str, str] = {}

    def texts(self, module: Module, node: ast.expr, depth: int = 5) -> set[str]:
        """The templates this expression can be."""
        if depth < 0:
            return {BLANK}
        if isinstance(node, ast.Constant):
            return {node.value} if isinstance(node.value, str) else {BLANK}
        if isinstance(node, ast.JoinedStr):
            return _joined([self._part(module, each, depth) for each in node.values])
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return _joined([self.texts(module, node.left, depth), self.texts(module, node.right, depth)])
        if isinstance(node, ast.IfExp):
            return self.texts(module, node.body, depth) | self.texts(module, node.orelse, depth)
        if isinstance(node, ast.BoolOp):
            return set().union(*(self.texts(module, each, depth) for each in node.values))
        if isinstance(node, ast.Name):
            return self._name(module, node, depth - 1)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
            given = module.constants.get(node.attr)
            return self.texts(module, given, depth - 1) if given is not None else {BLANK}
        if isinstance(node, ast.Subscript):
            return self._one_of(module, node.value, depth - 1)
        if isinstance(node, ast.Call):
            return self._call(module, node, depth - 1)
        return {BLANK}

    def _part(self, module: Module, node: ast.expr, depth: int) -> set[str]:
        if isinstance(node, ast.Constant):
            return {str(node.value)}
        assert isinstance(node, ast.FormattedValue)
        if isinstance(node.value, ast.IfExp) and node.conversion == -1:
            return self.texts(module, node.value, depth)
        if isinstance(node.value, ast.Name) and node.conversion == -1:
            found = self.texts(module, node.value, depth)
            constant = node.value.id in module.constants
            optional = "" in found  # ` (and 3 more)`, or nothing
            if BLANK not in found and (constant or optional):
                return found
            self._fill_in(module, found)
        return {BLANK}

    def _fill_in(self, module: Module, found: set[str]) -> None:
        """Keep what is filled into a blank where it is words; a single word is looked up among the names."""
        for each in found:
            if not each.startswith((" ", "<")) and said_in_words(each):
                (self.parts if " " in each.strip() else self.words).setdefault(each, module.name)

    def _name(self, module: Module, node: ast.Name, depth: int) -> set[str]:
        function: ast.FunctionDef | None = _function_of(module, node)
        while function is not None:
            found = self._local(module, function, node.id, depth)
            if found:
                return found
            function = _function_of(module, function)
        if node.id in module.constants:
            return self.texts(module, module.constants[node.id], depth)
        for each in ast.walk(module.tree):
            if isinstance(each, ast.ImportFrom) and each.module in modules():
                for alias in each.names:
                    other = modules()[each.module]
                    if (alias.asname or alias.name) == node.id and alias.name in other.constants:
                        return self.texts(other, other.constants[alias.name], depth)
        return {BLANK}

    def _local(self, module: Module, function: ast.FunctionDef, name: str, depth: int) -> set[str]:
        found: set[str] = set()
        for each in ast.walk(function):
            if isinstance(each, ast.Assign | ast.AnnAssign | ast.NamedExpr) and each.value is not None:
                targets = each.targets if isinstance(each, ast.Assign) else [each.target]
                for target in targets:
                    if isinstance(target, ast.Name) and target.id == name:
                        found |= self.texts(module, each.value, depth)
                    elif isinstance(target, ast.Tuple) and any(getattr(one, "id", "") == name for one in target.elts):
                        place = [getattr(one, "id", "") for one in target.elts].index(name)
                        found |= self._at(module, each.value, place, depth)
            elif isinstance(each, ast.AugAssign) and isinstance(each.target, ast.Name) and each.target.id == name:
                found |= _joined([found or {BLANK}, self.texts(module, each.value, depth)])
            elif isinstance(each, ast.For | ast.comprehension):
                if isinstance(each.target, ast.Name) and each.target.id == name:
                    found |= self._one_of(module, each.iter, depth)
                elif isinstance(each.target, ast.Tuple) and any(
                    getattr(one, "id", "") == name for one in each.target.elts
                ):
                    place = [getattr(one, "id", "") for one in each.target.elts].index(name)
                    rows = self._rows(module, each.iter)
                    for row in rows:
                        found |= self._at(module, row, place, depth)
                    if not rows:
                        found.add(BLANK)
        every = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        if name in [each.arg for each in every]:
            found |= self._given(module, function, name, depth)
        return found

    def _given(self, module: Module, function: ast.FunctionDef, name: str, depth: int) -> set[str]:
        """What every call gives for this parameter."""
        arguments = function.args
        positional = [each.arg for each in (*arguments.posonlyargs, *arguments.args)]
        found: set[str] = set()
        default = dict(zip(reversed(positional), reversed(arguments.defaults), strict=False))
        default |= {a.arg: d for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d is not None}
        if name in default:
            found |= self.texts(module, default[name], depth)
        method = bool(positional) and positional[0] in ("self", "cls")
        called = function.name
        if called == "__init__" and isinstance(owner := module.parents.get(function), ast.ClassDef):
            called = owner.name
        for where, call in _calls().get(called, ()):
            if called.startswith("_") and where != module.name:
                continue
            keyword = next((each.value for each in call.keywords if each.arg == name), None)
            place = positional.index(name) - method if name in positional else -1
            if keyword is None and 0 <= place < len(call.args):
                keyword = call.args[place]
            if keyword is not None:
                found |= self.texts(modules()[where], keyword, depth)
        return found or {BLANK}

    def _rows(self, module: Module, node: ast.expr) -> list[ast.expr]:
        if isinstance(node, ast.Name) and node.id in module.constants:
            node = module.constants[node.id]
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            return list(node.elts)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "items":
            inner = node.func.value
            if isinstance(inner, ast.Name) and inner.id in module.constants:
                inner = module.constants[inner.id]
            if isinstance(inner, ast.Dict):
                return [ast.Tuple([key, value]) for key, value in zip(inner.keys, inner.values, strict=True) if key]
        return []

    def _at(self, module: Module, node: ast.expr, place: int, depth: int) -> set[str]:
        if isinstance(node, ast.Tuple) and place < len(node.elts):
            return self.texts(module, node.elts[place], depth)
        if isinstance(node, ast.IfExp):
            return self._at(module, node.body, place, depth) | self._at(module, node.orelse, place, depth)
        if isinstance(node, ast.Subscript):
            base = node.value
            if isinstance(base, ast.Name) and base.id in module.constants:
                base = module.constants[base.id]
            if isinstance(base, ast.Dict):
                return set().union(*(self._at(module, each, place, depth) for each in base.values))
        if isinstance(node, ast.Call):
            found: set[str] = set()
            for function in self._functions(module, node):
                for each in ast.walk(function):
                    if isinstance(each, ast.Return) and each.value is not None:
                        found |= self._at(module, each.value, place, depth - 1) if depth > 0 else {BLANK}
            return found or {BLANK}
        return {BLANK}

    def _functions(self, module: Module, node: ast.Call) -> list[ast.FunctionDef]:
        called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        return module.functions.get(called, [])

    def _one_of(self, module: Module, node: ast.expr, depth: int) -> set[str]:
        if isinstance(node, ast.Name) and node.id in module.constants:
            node = module.constants[node.id]
        if isinstance(node, ast.Dict):
            return set().union(*(self.texts(module, each, depth) for each in node.values)) or {BLANK}
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            return set().union(*(self.texts(module, each, depth) for each in node.elts)) or {BLANK}
        return {BLANK}

    def _call(self, module: Module, node: ast.Call, depth: int) -> set[str]:
        if isinstance(node.func, ast.Attribute):
            if node.func.attr == "get":
                found = self._one_of(module, node.func.value, depth)
                return found | (self.texts(module, node.args[1], depth) if len(node.args) > 1 else set())
            if node.func.attr == "join" and node.args:
                given = node.args[0]
                inner = given.elt if isinstance(given, ast.GeneratorExp | ast.ListComp) else None
                said = self.texts(module, inner, depth) if inner is not None else self._local_list(module, given, depth)
                self._fill_in(module, said)
                return {BLANK}
        found = set()
        for function in self._functions(module, node):
            for each in ast.walk(function):
                if isinstance(each, ast.Return) and each.value is not None:
                    found |= self.texts(module, each.value, depth)
        return found or {BLANK}

    def _local_list(self, module: Module, node: ast.expr, depth: int) -> set[str]:
        """What is put into a local list: in its making, by append, by +=."""
        if isinstance(node, ast.Tuple | ast.List):
            return set().union(*(self.texts(module, each, depth) for each in node.elts))
        if not isinstance(node, ast.Name):
            return set()
        function, found = _function_of(module, node), set()
        for each in ast.walk(function) if function else ():
            if isinstance(each, ast.Assign) and getattr(each.targets[0], "id", "") == node.id:
                if isinstance(each.value, ast.ListComp):
                    found |= self.texts(module, each.value.elt, depth)
                elif isinstance(each.value, ast.List):
                    found |= self._local_list(module, each.value, depth)
            elif isinstance(each, ast.AugAssign) and getattr(each.target, "id", "") == node.id:
                found |= self._local_list(module, each.value, depth)
            elif (
                isinstance(each, ast.Call)
                and isinstance(each.func, ast.Attribute)
                and each.func.attr == "append"
                and getattr(each.func.value, "id", "") == node.id
            ):
                found |= self.texts(module, each.args[0], depth)
        return found


def _sites(module: Module) -> list[ast.expr]:
    found = [
        each.value
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef)
        for each in node.body
        if isinstance(each, ast.AnnAssign) and getattr(each.target, "id", "") == "meaning" and each.value
    ]
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Call):
            continue
        named = {each.arg: each.value for each in node.keywords if each.arg in _GIVEN}
        called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if called == "Act" and len(node.args) > 1:
            found.append(node.args[1])
        elif called == "Verdict":
            found += [each for each in node.args if isinstance(each, ast.JoinedStr)]
        elif called in _EVENTS:
            found += [*node.args, *(each.value for each in node.keywords)]
        elif called in _POSITIONS and len(node.args) == 3:
            found += [node.args[place] for place in _POSITIONS[called]]
        elif "remedy" in named or "rule" in named or called in ("Proof", "Finding", "Blocked"):
            found += [*named.values(), *node.args]
    return found


@cache
def refusal_texts() -> dict[str, dict[str, None]]:
    """Module -> the templates of what its refusals and findings can say, and of what is filled into them."""
    reader, found = Reader(), {}
    for module in modules().values():
        said: dict[str, None] = {}
        for node in _sites(module):
            for text in sorted(reader.texts(module, node)):
                if said_in_words(text):
                    said[text] = None
        found[module.name] = said
    for text, name in reader.parts.items():
        found[name].setdefault(text)
    return found
