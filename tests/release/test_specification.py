"""Verdicts as tables: value, unit, limits, verdict."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onelot.record import recipe as recipes
from onelot.record.errors import BadInput, Held
from onelot.record.units import convert
from onelot.release import Basis, judge, limit_shown, verdict
from tests.release.support import T0, assumption, quantity


def numeric(low: str | None = None, high: str | None = None, unit: str = "%", basis: str = "") -> recipes.Test:
    return recipes.Test(
        "t", "T", "m", unit, "release", assumption(),
        low=quantity(low, unit, basis) if low else None,
        high=quantity(high, unit, basis) if high else None,
    )  # fmt: skip


def text(equals: str, *, to_date: bool = False) -> recipes.Test:
    return recipes.Test("t", "T", "m", "", "final", assumption(), equals=equals, to_date=to_date)


@pytest.mark.parametrize(
    ("low", "high", "value", "expected"),
    [
        ("80", None, "80", "pass"),
        ("80", None, "79.999", "out_of_specification"),
        (None, "5", "5.0", "pass"),
        (None, "5", "5.0001", "out_of_specification"),
        ("10", "20", "9", "out_of_specification"),
        ("10", "20", "21", "out_of_specification"),
        ("10", "20", "1.5e1", "pass"),
        ("10", "20", "-15", "out_of_specification"),
    ],
)
def test_numbers_against_limits(low: str | None, high: str | None, value: str, expected: str) -> None:
    assert verdict(numeric(low, high), value, "%", {}) == expected


@pytest.mark.parametrize(
    ("equals", "to_date", "value", "expected"),
    [
        ("no growth", False, "No  growth", "pass"),
        ("no growth", False, "growth", "out_of_specification"),
        ("no growth", True, "negative_to_date", "negative_to_date"),
        ("no growth", True, "no growth to date", "negative_to_date"),
        ("negative", False, "", "out_of_specification"),
    ],
)
def test_texts(equals: str, to_date: bool, value: str, expected: str) -> None:
    assert verdict(text(equals, to_date=to_date), value, "", {}) == expected


@pytest.mark.parametrize(
    ("test", "value", "unit", "error"),
    [
        (numeric(), "1", "%", Held),
        (numeric("80"), "81", "mL", Held),
        (numeric("80"), "81", "", Held),
        (numeric("80"), "eighty", "%", BadInput),
        (numeric("80"), "NaN", "%", BadInput),
        (numeric("80"), "Infinity", "%", BadInput),
        (text("no growth"), "negative to date", "", Held),
    ],
)
def test_what_cannot_be_judged_is_refused(test: recipes.Test, value: str, unit: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        verdict(test, value, unit, {})


def test_a_limit_per_kilogram_divides_by_the_weight() -> None:
    test = numeric(None, "5", "[EU]/kg", "body weight")
    weight = {"body weight": Basis(Decimal(50), "kg")}
    assert verdict(test, "250", "[EU]", weight) == "pass"
    assert verdict(test, "251", "[EU]", weight) == "out_of_specification"
    assert verdict(test, "5.1", "[EU]/kg", weight) == "out_of_specification"
    with pytest.raises(Held):
        verdict(test, "250", "[EU]", {})


def test_a_result_in_another_unit_converts_or_is_refused() -> None:
    test = numeric(None, "5", "mg")
    assert verdict(test, "5000", "ug", {}, convert=convert) == "pass"
    assert verdict(test, "5001", "ug", {}, convert=convert) == "out_of_specification"
    with pytest.raises(Held):
        verdict(test, "1", "mL", {}, convert=convert)


@given(st.decimals(min_value=0, max_value=100, places=3), st.decimals(min_value=0, max_value=100, places=3))
def test_a_tighter_limit_never_passes_more(value: Decimal, limit: Decimal) -> None:
    loose = verdict(numeric(f"{limit}"), f"{value}", "%", {})
    tight = verdict(replace(numeric(f"{limit}"), low=quantity(f"{limit + 1}", "%")), f"{value}", "%", {})
    assert not (tight == "pass" and loose != "pass")


def test_the_event_carries_method_and_limit_of_the_specification() -> None:
    event = judge(numeric("80", None, "%", "of CD45+"), "91", "%", {}, sampled_at=T0)
    assert (event.method, event.limit, event.verdict) == ("m", "≥ 80 % of CD45+", "pass")
    assert limit_shown(numeric()) == "none"
