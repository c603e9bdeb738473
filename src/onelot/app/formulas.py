"""The formula engine as rooms are handed it: values in, a number or a yes/no out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from onelot.record.errors import BadInput
from onelot.record.formula import Kind, compile_formula
from onelot.record.terms.opened import Value


def evaluate(formula: str, values: Mapping[str, Value | datetime]) -> Decimal | bool:
    """The formula's value over these names; their kinds follow from their values.

    Raises:
        BadInput: the formula does not fit. Held: a value is missing or the result is not finite.
    """
    names = {name: _kind(value) for name, value in values.items()}
    try:
        return compile_formula(formula, names, "flag").evaluate(values)
    except BadInput as refusal:
        try:
            return compile_formula(formula, names, "number").evaluate(values)
        except BadInput:
            raise refusal from None


def _kind(value: Value | datetime) -> Kind:
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, Decimal | int):
        return "number"
    return "date" if isinstance(value, datetime) else "text"
