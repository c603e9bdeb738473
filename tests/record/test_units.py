"""Units by UCUM code: the factors are written here by hand from UCUM's definitions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onelot.record.errors import BadInput
from onelot.record.units import check_code, convert, same_dimension

EXACT = [
    ("1", "[lb_av]", "kg", "0.45359237"),
    ("1", "[oz_av]", "g", "28.349523125"),
    ("70", "[in_i]", "cm", "177.8"),
    ("5", "10*3/uL", "/uL", "5000"),
    ("5", "10*3/uL", "10*9/L", "5"),
    ("4.2", "10*9/L", "{cells}/uL", "4200"),
    ("37", "Cel", "K", "310.15"),
    ("98.6", "[degF]", "Cel", "37"),
    ("-196", "Cel", "K", "77.15"),
    ("100", "mg/dL", "g/L", "1"),
    ("1", "a", "d", "365.25"),
    ("3", "wk", "h", "504"),
    ("72", "h", "d", "3"),
    ("50", "%", "1", "0.5"),
    ("12.50", "kg", "g", "12500"),
    ("1", "[iU]/mL", "m[IU]/mL", "1000"),
    ("2", "{cells}/kg", "1/kg", "2"),
    ("1", "{copies}/{cells}", "1", "1"),
    ("2e13", "{vg}/mL", "/uL", "20000000000"),
    ("0", "kg", "g", "0"),
    ("1E+3", "kg", "g", "1000000"),
]


@pytest.mark.parametrize(("value", "have", "want", "expected"), EXACT)
def test_conversions_are_exact_decimals(value: str, have: str, want: str, expected: str) -> None:
    assert convert(Decimal(value), have, want) == Decimal(expected)


def test_an_inexact_factor_keeps_15_digits() -> None:
    assert convert(Decimal(80), "kg", "[lb_av]") == Decimal("176.369809747902")


@pytest.mark.parametrize(
    ("habit", "meant"),
    [
        ("mEq/L", "meq/L"),
        ("mcg", "ug"),
        ("K/uL", "10*3/uL"),
        ("IU", "[iU]"),
        ("lbs", "[lb_av]"),
        ("ft", "[ft_i]"),  # UCUM reads a femtotonne
        ("x10E3/uL", "10*3/uL"),
        ("°C", "Cel"),
        ("cells/uL", "{cells}/uL"),
        ("", "1"),
    ],
)
def test_a_habit_is_refused_with_the_code_that_was_meant(habit: str, meant: str) -> None:
    with pytest.raises(BadInput) as refusal:
        convert(Decimal(1), habit, meant)
    assert repr(meant) in refusal.value.remedy
    assert check_code(meant) == meant


@pytest.mark.parametrize(
    ("have", "want"),
    [
        ("kg", "cm"),
        ("[iU]", "1"),
        ("[EU]", "[iU]"),
        ("Np", "1"),
        ("mol", "g"),
        ("pH", "1"),
        ("mL", "g"),
        ("/kg", "/mL"),
    ],
)
def test_what_does_not_convert_is_refused(have: str, want: str) -> None:
    with pytest.raises(BadInput):
        convert(Decimal(1), have, want)


@pytest.mark.parametrize("code", ["kilo", "kg)", "1/", "µg", "kg kg", "x" * 200, "{", "__import__('os')", "\n"])
def test_no_code_is_refused(code: str) -> None:
    with pytest.raises(BadInput):
        check_code(code)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "sNaN"])
def test_a_value_that_is_no_number_is_refused(value: str) -> None:
    with pytest.raises(BadInput):
        convert(Decimal(value), "kg", "g")


def test_dimensions() -> None:
    assert same_dimension("10*3/uL", "{cells}/L")
    assert same_dimension("[iU]", "m[IU]")
    assert same_dimension("kg", "kg")
    assert not same_dimension("{EU}/kg", "{EU}/mL")
    assert not same_dimension("[iU]", "{copies}")
    with pytest.raises(BadInput):
        same_dimension("kg", "kgs")


numbers = st.decimals(min_value="-1e12", max_value="1e12", allow_nan=False, allow_infinity=False, places=6)
PAIRS = [("kg", "[lb_av]"), ("Cel", "[degF]"), ("10*3/uL", "/uL"), ("d", "h"), ("%", "1"), ("cm", "[in_i]"), ("a", "d")]


@given(numbers, st.sampled_from(PAIRS))
def test_there_and_back_is_where_we_were(value: Decimal, pair: tuple[str, str]) -> None:
    have, want = pair
    back = convert(convert(value, have, want), want, have)
    assert abs(back - value) <= max(abs(value), Decimal(500)) * Decimal("1e-11")


@given(numbers, numbers, st.sampled_from(PAIRS))
def test_order_is_kept(first: Decimal, second: Decimal, pair: tuple[str, str]) -> None:
    low, high = sorted((first, second))
    assert convert(low, *pair) <= convert(high, *pair)


@given(numbers)
def test_the_same_unit_leaves_the_value_alone(value: Decimal) -> None:
    assert str(convert(value, "{cells}", "{cells}")) == str(value)


def test_threads_agree() -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda row: convert(Decimal(row[0]), row[1], row[2]), EXACT * 20))
    assert found == [Decimal(row[3]) for row in EXACT * 20]
