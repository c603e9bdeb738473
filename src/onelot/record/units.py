"""Units by their UCUM codes (https://ucum.org), as they stand in FHIR.

Factors come from the UCUM tables (ucumvert on pint), are rounded to 15 significant digits and applied as decimals, so
`1 [lb_av]` is exactly `0.45359237 kg` and powers of ten stay exact.

Three traps are closed: annotations (`{cells}`) carry no dimension and never make two units different or equal by
themselves; arbitrary units (`[iU]`) convert to nothing but themselves; habits of laboratories (`mEq/L`, `mcg`, `K/uL`)
are refused with the code that was probably meant.
"""

from __future__ import annotations

import math
import re
import warnings
from decimal import Context, Decimal
from functools import lru_cache
from threading import RLock
from typing import Any

from onelot.record.errors import BadInput

_RULE = "UCUM (ucum.org), case-sensitive codes"
_CONTEXT = Context(prec=40)
_DIGITS = 15
# Web handlers convert in threads; the registry changes itself while it parses, so one thread at a time asks it.
_ASKING = RLock()
_ANNOTATION = re.compile(r"\{[^{}]*\}")
# An annotation that follows a unit belongs to it and vanishes; one that stands alone is the unit 1.
_ATTACHED = re.compile(r"(?<=[\w%\]'\"])\{[^{}]*\}")
# Procedure-defined units of UCUM table "arbitrary": commensurable with nothing, not even among themselves.
_ARBITRARY = re.compile(
    r"\[(?:i?IU|iU|EU|arb'U|USP'U|GPL'U|MPL'U|APL'U|beth'U|anti'Xa'U|todd'U|dye'U|smgy'U|bdsk'U|ka'U|knk'U|mclg'U|tb'U|"
    r"CCID_50|TCID_50|EID_50|PFU|FFU|CFU|IR|BAU|AU|PNU|Lf|D'ag'U|FEU|ELU)\]"
)
_HABITS = {
    "mEq": "meq",
    "mEq/L": "meq/L",
    "mEq/mL": "meq/mL",
    "IU": "[iU]",
    "IU/L": "[iU]/L",
    "IU/mL": "[iU]/mL",
    "mIU/mL": "m[iU]/mL",
    "mcg": "ug",
    "mcg/mL": "ug/mL",
    "mcg/L": "ug/L",
    "µg": "ug",
    "µL": "uL",
    "cc": "mL",
    "ML": "mL",
    "KG": "kg",
    "Kg": "kg",
    "kgs": "kg",
    "kilogram": "kg",
    "gm": "g",
    "lb": "[lb_av]",
    "lbs": "[lb_av]",
    "pounds": "[lb_av]",
    "oz": "[oz_av]",
    "in": "[in_i]",
    "inch": "[in_i]",
    "ft": "[ft_i]",
    "°C": "Cel",
    "degC": "Cel",
    "C": "Cel",
    "°F": "[degF]",
    "F": "[degF]",
    "mmHg": "mm[Hg]",
    "sec": "s",
    "hr": "h",
    "hrs": "h",
    "hours": "h",
    "day": "d",
    "days": "d",
    "week": "wk",
    "weeks": "wk",
    "month": "mo",
    "year": "a",
    "years": "a",
    "yr": "a",
    "yrs": "a",
    "percent": "%",
    "cells": "{cells}",
    "cells/uL": "{cells}/uL",
    "cells/kg": "{cells}/kg",
    "vg": "{vg}",
    "vg/kg": "{vg}/kg",
    "EU/mL": "{EU}/mL",
    "EU/kg": "{EU}/kg",
    "K/uL": "10*3/uL",
    "k/uL": "10*3/uL",
    "K/µL": "10*3/uL",
    "x10^9/L": "10*9/L",
    "x10E9/L": "10*9/L",
    "10e9/L": "10*9/L",
    "x10^3/uL": "10*3/uL",
    "x10E3/uL": "10*3/uL",
    "10e3/uL": "10*3/uL",
    "": "1",
}


@lru_cache(maxsize=1)
def _registry() -> Any:
    # Building the registry takes 0.6 s, so it waits for the first question that needs it.
    import ucumvert  # type: ignore[import-untyped,unused-ignore]

    return ucumvert.PintUcumRegistry()


def _unknown(code: str, detail: str = "") -> BadInput:
    meant = _HABITS.get(code)
    return BadInput(
        f"{code!r} is not a UCUM code" + (f": {detail}" if detail else ""),
        rule=_RULE,
        remedy=f"write {meant!r} if that is what was meant"
        if meant
        else "look the unit up at ucum.org and write its code",
    )


@lru_cache(maxsize=4096)
def _unit(code: str) -> Any:
    if code in _HABITS or len(code) > 80 or not code.isascii():
        raise _unknown(code)
    plain = _ANNOTATION.sub("1", _ATTACHED.sub("", code))
    plain = plain[2:] if plain.startswith("1/1") else plain
    try:
        found = _registry().from_ucum(plain)
        return found.units if hasattr(found, "units") else _registry().Unit("")
    except Exception as cause:  # the parser and pint raise many types, none of which means anything to a reader
        raise _unknown(code, str(cause).split("\n", maxsplit=1)[0][:120]) from cause


def check_code(code: str) -> str:
    """The code itself, when it is a UCUM code.

    Raises:
        BadInput: it is not; the remedy names the code that was probably meant.
    """
    if code != "1":
        with _ASKING:
            _unit(code)
    return code


def _arbitrary(code: str) -> list[str]:
    return sorted("[iU]" if each == "[IU]" else each for each in _ARBITRARY.findall(code))


def same_dimension(first: str, second: str) -> bool:
    """Whether values in these two UCUM codes can be converted into one another.

    Raises:
        BadInput: one of them is not a UCUM code.
    """
    if first == second:
        return bool(check_code(first))
    with _ASKING:
        a, b = _unit(first), _unit(second)
    return bool(a.dimensionality == b.dimensionality) and _arbitrary(first) == _arbitrary(second)


def _short(number: float) -> Decimal:
    """A factor without the noise of binary arithmetic: 15 significant digits."""
    return Decimal(format(number, f".{_DIGITS}g"))


@lru_cache(maxsize=4096)
def _line(from_ucum: str, to_ucum: str) -> tuple[Decimal, Decimal, Decimal]:
    """value * numerator / denominator + offset; one of numerator and denominator is 1."""
    if not same_dimension(from_ucum, to_ucum):
        raise BadInput(
            f"{from_ucum} cannot be converted to {to_ucum}",
            rule="only units of one dimension convert; arbitrary units do not; mole and mass need the substance",
            remedy=f"give the value in {to_ucum}, or in a unit of the same dimension",
        )
    quantity, target = _registry().Quantity, _unit(to_ucum)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            at = [float(quantity(number, _unit(from_ucum)).to(target).magnitude) for number in (0.0, 1e6, 2e6)]
    except Exception as cause:  # pint: logarithms of zero and the like
        raise _no_line(from_ucum, to_ucum) from cause
    # Over one step and over two the slope must be the same, or the scale is no line.
    slope, offset = (at[1] - at[0]) / 1e6, at[0]
    if not math.isfinite(slope) or abs(at[2] - at[0] - 2e6 * slope) > 1e-9 * abs(at[2] - at[0]):
        raise _no_line(from_ucum, to_ucum)
    if offset:
        return _short(slope), Decimal(1), _short(offset)
    forward, back = _short(slope), _short(1 / slope)
    if len(back.normalize().as_tuple().digits) < len(forward.normalize().as_tuple().digits):
        return Decimal(1), back, Decimal(0)
    return forward, Decimal(1), Decimal(0)


def _no_line(from_ucum: str, to_ucum: str) -> BadInput:
    return BadInput(
        f"{from_ucum} cannot be converted to {to_ucum}: not a linear scale",
        rule=_RULE,
        remedy=f"give the value in {to_ucum}",
    )


def convert(value: Decimal, from_ucum: str, to_ucum: str) -> Decimal:
    """A value in another unit.

    Args:
        value: finite decimal.
        from_ucum: UCUM code of value.
        to_ucum: UCUM code of the result.

    Returns:
        The converted decimal; exact where the factor or its inverse is a decimal of at most 15 digits, else 15 digits.

    Raises:
        BadInput: a code that is not UCUM, different dimensions, an arbitrary unit, or a value that is not finite.
    """
    if not value.is_finite():
        raise BadInput("the value is not a finite number", rule=_RULE, remedy="give the measured number")
    if from_ucum == to_ucum:
        check_code(from_ucum)
        return value
    with _ASKING:
        numerator, denominator, offset = _line(from_ucum, to_ucum)
    scaled = _CONTEXT.multiply(value, numerator)
    if denominator != 1:
        scaled = _CONTEXT.divide(scaled, denominator)
        if len(scaled.as_tuple().digits) > 30:
            scaled = Context(prec=_DIGITS).plus(scaled)
    if offset:
        scaled = Context(prec=_DIGITS - 3).add(scaled, offset)
    whole = scaled == scaled.to_integral_value()
    return _CONTEXT.quantize(scaled, Decimal(1)) if whole and scaled.adjusted() < 30 else _CONTEXT.normalize(scaled)
