"""Typed expressions for recipes: small formulas in CEL (cel.dev), checked against declared names before they run.

    number  a double; literals are written 2.0 or 2e6, never 2      + - * /  < <= == != >= >
    flag    true or false                                           && || !  a ? b : c
    text    "..."                                                   == !=  in ["a", "b"]
    date    a moment with zone                                      <  -  duration("72h")
    a / b: b is a name or a literal, and a name that is 0 holds; no loops, no structures
    math.least(a, b, ...)  math.greatest(a, b, ...)  math.ceil(a)  math.floor(a)  math.round(a)  math.abs(a)

Precision: decimals go in as the nearest double and come out rounded half even to 15 significant digits, which every
decimal of that length survives; the noise of a few products and sums falls off (2e6 * 80.1 is 160200000). Two traps of
doubles stay: a difference of near equals shows their noise (80.1 - 80.0 is 0.0999999999999943), and a comparison with
arithmetic on a side can miss equality by a part in 1e15. So a limit is a name of its own, compared as it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from struct import unpack
from typing import Any, Literal

from onelot.record.errors import BadInput, Held

Kind = Literal["number", "flag", "text", "date"]
Value = Decimal | str | bool | datetime

_RULE = "recipe formulas: typed expressions over declared names"
_LONGEST = 2000
# No quantity of a recipe is larger, no divisor smaller: products and quotients of a formula stay finite.
_LARGEST, _SMALLEST = Decimal("1e30"), Decimal("1e-30")


@lru_cache(maxsize=1)
def _cel() -> tuple[Any, Any, dict[str, Any]]:
    from cel_expr_python import cel
    from cel_expr_python.ext import ext_math

    types = {"number": cel.Type.DOUBLE, "flag": cel.Type.BOOL, "text": cel.Type.STRING, "date": cel.Type.TIMESTAMP}
    return cel, ext_math.ExtMath(), types


@dataclass(frozen=True)
class Formula:
    """A checked expression.

    uses: the declared names it reads, sorted; result: what it gives; literals: the numbers written in it; divisors:
    the names it divides by.
    """

    text: str
    result: Literal["number", "flag"]
    uses: tuple[str, ...]
    kinds: Mapping[str, Kind]
    literals: tuple[float, ...]
    divisors: frozenset[str]
    _program: Any

    def evaluate(self, values: Mapping[str, Value]) -> Decimal | bool:
        """The value of the formula.

        Args:
            values: at least the names in `uses`; numbers as Decimal (or int), dates with zone. Others are ignored.

        Returns:
            A Decimal of at most 15 significant digits, or a bool.

        Raises:
            Held: a name has no value, or the result is no finite number (division by zero, overflow).
            BadInput: a value is not of the declared kind.
        """
        data = {name: self._given(name, values) for name in self.uses}
        found = self._program.eval(data=data)
        _, _, types = _cel()
        if found.type() != types[self.result]:
            raise self._no_value(str(found.value()))
        value = found.value()
        if self.result == "flag":
            return bool(value)
        if not math.isfinite(value):
            raise self._no_value(f"the result is {value}, not a finite number")
        return Decimal(format(value, ".15g")) + 0

    def _given(self, name: str, values: Mapping[str, Value]) -> Any:
        if name not in values:
            raise Held(
                f"{name} has no value",
                rule=f"{_RULE}: {self.text}",
                remedy=f"record {name}; a formula is never run without all it uses",
                place=name,
            )
        value, kind = values[name], self.kinds[name]
        if not _fits(kind, value):
            raise BadInput(
                f"what was given as {name} is no {kind}" + (" with zone" if kind == "date" else ""),
                rule=f"{_RULE}: {self.text}",
                remedy=f"give {name} as a {kind}",
                place=name,
            )
        if isinstance(value, Decimal | int) and not isinstance(value, bool):
            if name in self.divisors and abs(value) < _SMALLEST:
                raise self._no_value(f"{name} is 0 and stands below a division")
            return float(value)
        return value

    def _no_value(self, why: str) -> Held:
        return Held(
            f"the formula {self.text!r} gives no value: {why[:200]}",
            rule=f"{_RULE}; anything but the declared result is a stop",
            remedy="look at the values it uses (" + ", ".join(self.uses) + "); one of them is wrong",
        )


def _fits(kind: Kind, value: Value) -> bool:
    match kind:
        case "number":
            if isinstance(value, bool) or not isinstance(value, Decimal | int):
                return False
            return Decimal(value).is_finite() and abs(value) <= _LARGEST
        case "flag":
            return isinstance(value, bool)
        case "text":
            return isinstance(value, str)
    return isinstance(value, datetime) and value.tzinfo is not None


def compile_formula(text: str, names: Mapping[str, Kind], result: Literal["number", "flag"]) -> Formula:
    """A formula, checked before it runs. Compiled once per text, names and result.

    Args:
        text: the expression.
        names: every name it may read, with its kind; dots are allowed ("sample.viability").
        result: what it must give.

    Raises:
        BadInput: syntax, a name that is not declared, kinds that do not fit, too long or too deep, wrong result.
    """
    return _compile(text, tuple(sorted(names.items())), result)


@lru_cache(maxsize=4096)
def _compile(text: str, names: tuple[tuple[str, Kind], ...], result: Literal["number", "flag"]) -> Formula:
    cel, math_extension, types = _cel()
    if not text.strip() or len(text) > _LONGEST:
        raise _refused(text, f"a formula has 1 to {_LONGEST} characters, this one {len(text)}")
    kinds = dict(names)
    try:
        environment = cel.NewEnv(
            variables={name: types[kind] for name, kind in kinds.items()}, extensions=[math_extension]
        )
        program = environment.compile(text)
    except (RuntimeError, ValueError, TypeError, UnicodeError) as cause:
        raise _refused(text, _first_line(str(cause))) from cause
    if program.return_type() != types[result]:
        raise _refused(text, f"it gives {program.return_type().name().lower()}, wanted is a {result}")
    tree = _read(program.serialize())
    if tree.refused:
        raise _refused(text, tree.refused)
    uses = tuple(sorted(tree.names & kinds.keys()))
    return Formula(text, result, uses, kinds, tuple(tree.literals), frozenset(tree.divisors), program)


def _refused(text: str, why: str) -> BadInput:
    shown = text if len(text) <= 80 else text[:77] + "..."
    return BadInput(
        f"the formula {shown!r} is refused: {why}",
        rule=_RULE,
        remedy="mend the formula: declare every name it uses, write numbers with a point (2.0), mind the kinds",
    )


def _first_line(message: str) -> str:
    line = message.split("\n", maxsplit=1)[0]
    return line.replace("INVALID_ARGUMENT: ", "").replace("ERROR: <input>:", "at ")


@dataclass
class _Tree:
    """What stands in a serialised cel.expr.CheckedExpr (cel.dev, syntax.proto and checked.proto)."""

    names: set[str] = field(default_factory=set)
    literals: list[float] = field(default_factory=list)
    divisors: set[str] = field(default_factory=set)
    refused: str = ""

    def walk(self, expression: bytes) -> None:
        """Take in one Expr.

        Expr{3: const, 4: ident{1: name}, 5: select{1: operand}, 6: call{1: target, 2: function, 3: args}, 7: list}
        """
        for number, body in _fields(expression):
            match number:
                case 3:
                    self.literals.extend(unpack("<d", double)[0] for which, double in _fields(body) if which == 5)
                case 4:
                    self.names.update(name.decode() for which, name in _fields(body) if which == 1)
                case 5 | 7:
                    for which, inner in _fields(body):
                        if which == 1:
                            self.walk(inner)
                case 6:
                    self._call(body)
                case 8 | 9:
                    self.refused = "loops (all, exists, map, filter) and structures have no place in a recipe"

    def _call(self, body: bytes) -> None:
        parts = list(_fields(body))
        arguments = [inner for which, inner in parts if which == 3]
        if (2, b"_/_") in parts:
            self._divisor(arguments[-1])
        for which, inner in parts:
            if which in (1, 3):
                self.walk(inner)

    def _divisor(self, expression: bytes) -> None:
        # math.least(x / 0.0, cap) is the cap and x / 0.0 >= y is true: infinity must not hide inside a formula.
        below = _Tree()
        below.walk(expression)
        plain = {number for number, _ in _fields(expression)} & {4, 5, 6, 7, 8, 9} <= {4}
        if not plain or any(abs(each) < _SMALLEST for each in below.literals):
            self.refused = "division is by a name or by a number that is not zero; put a product on the other side"
        self.divisors |= below.names


def _read(checked: bytes) -> _Tree:
    """The tree of a checked expression: Any{2: value}, CheckedExpr{4: expr}."""
    tree = _Tree()
    for number, value in _fields(checked):
        if number == 2:
            for inner, expression in _fields(value):
                if inner == 4:
                    tree.walk(expression)
    return tree


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and content of each field with content (protobuf wire types 1 and 2); plain integers are passed over."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        match key & 7:
            case 0:
                _, at = _varint(message, at)
                continue
            case 2:
                length, at = _varint(message, at)
            case 1:
                length = 8
            case _:
                length = 4
        yield key >> 3, message[at : at + length]
        at += length


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
