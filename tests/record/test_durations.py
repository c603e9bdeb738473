"""One reader of durations: exact, and refused in any unit that is not one of time."""

from __future__ import annotations

import ast
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import onelot
from onelot.record.durations import span
from onelot.record.errors import BadInput
from onelot.record.recipe import Quantity, Source

# UCUM's own factors but for the month and the year, which the house counts as 30 and 365 days.
DAYS = {"s": Fraction(1, 86400), "min": Fraction(1, 1440), "h": Fraction(1, 24), "d": 1, "wk": 7, "mo": 30, "a": 365}


def quantity(value: str, unit: str) -> Quantity:
    return Quantity(Decimal(value), unit, "", Source("assumption", "made up"))


@given(st.decimals(min_value=0, max_value=10**5, places=3), st.sampled_from(sorted(DAYS)))
def test_a_span_is_exact(value: Decimal, unit: str) -> None:
    found = span(quantity(str(value), unit))
    wanted = Fraction(str(value)) * DAYS[unit] * 86400 * 10**6
    assert found // timedelta(microseconds=1) == int(wanted)


@pytest.mark.parametrize("unit", ["kg", "", "days", "M", "ms", "1", "{d}"])
def test_what_is_no_time_is_refused(unit: str) -> None:
    with pytest.raises(BadInput, match="no length of time"):
        span(quantity("3", unit))


def test_nan_is_no_length_of_time() -> None:
    with pytest.raises(BadInput):
        span(quantity("NaN", "d"))


def test_there_is_no_second_reader() -> None:
    found = []
    for path in Path(onelot.__file__).parent.rglob("*.py"):
        found += [
            path.name
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Dict)
            and {each.value for each in node.keys if isinstance(each, ast.Constant)} >= {"h", "d", "wk"}
        ]
    assert found == ["durations.py"]
