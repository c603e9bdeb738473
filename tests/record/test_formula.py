"""The expression language of recipes: a conformance suite, hostile input, and a second engine beside it."""

from __future__ import annotations

import contextlib
import math
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import cel as second_engine
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onelot.adapters.recipes import shipped
from onelot.record.errors import BadInput, Held
from onelot.record.formula import Kind, compile_formula

NAMES: dict[str, Kind] = {
    "weight_kg": "number",
    "dose": "number",
    "alive": "flag",
    "indication": "text",
    "now": "date",
    "stopped_at": "date",
    "sample.viability": "number",
}
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
VALUES: dict[str, Any] = {
    "weight_kg": Decimal("80.1"),
    "dose": Decimal("1.6e8"),
    "alive": True,
    "indication": "large B-cell lymphoma",
    "now": NOW,
    "stopped_at": NOW - timedelta(hours=72),
    "sample.viability": Decimal("91.5"),
}

# Worked by hand; the flag says whether the second engine knows the function too.
CONFORMANCE: list[tuple[str, Any, bool]] = [
    ("2e6 * weight_kg", Decimal(160200000), True),
    ("weight_kg * 5.5", Decimal("440.55"), True),
    ("weight_kg + 0.2", Decimal("80.3"), True),
    ("weight_kg - 80.0", Decimal("0.0999999999999943"), True),  # the noise of doubles, as documented
    ("weight_kg - 40.0", Decimal("40.1"), True),
    ("dose / weight_kg", Decimal("1997503.12109863"), True),
    ("1.0 / 3.0", Decimal("0.333333333333333"), True),
    ("-weight_kg", Decimal("-80.1"), True),
    ("weight_kg * (1.0 - 0.2)", Decimal("64.08"), True),
    ("alive ? dose : 0.0", Decimal(160000000), True),
    ("!alive ? dose : 0.0", Decimal(0), True),
    ("math.least(2e6 * weight_kg, 1e8)", Decimal(100000000), False),
    ("math.least(2e6 * weight_kg, 2e8)", Decimal(160200000), False),
    ("math.greatest(weight_kg, 100.0, 3.0)", Decimal(100), False),
    ("math.ceil(weight_kg / 5.5)", Decimal(15), False),
    ("math.floor(weight_kg)", Decimal(80), False),
    ("math.round(weight_kg * 10.0)", Decimal(801), False),
    ("math.abs(0.0 - weight_kg)", Decimal("80.1"), False),
    ("math.sqrt(weight_kg * weight_kg)", Decimal("80.1"), False),
    ("sample.viability", Decimal("91.5"), False),
    ("weight_kg > 80.0", True, True),
    ("weight_kg >= 80.1 && alive", True, True),
    ("weight_kg < 80.0 || !alive", False, True),
    ('indication == "large B-cell lymphoma"', True, True),
    ('indication in ["sickle cell disease", "beta thalassaemia"]', False, True),
    ('now - stopped_at >= duration("72h")', True, True),
    ("double((now - stopped_at).getHours()) >= 73.0", False, False),
    ("stopped_at < now", True, True),
    ('alive == (indication != "none")', True, True),
]


@pytest.mark.parametrize(("text", "expected", "_"), CONFORMANCE)
def test_conformance(text: str, expected: Any, _: bool) -> None:
    wanted = "flag" if isinstance(expected, bool) else "number"
    assert compile_formula(text, NAMES, wanted).evaluate(VALUES) == expected


@pytest.mark.parametrize(("text", "expected"), [(text, want) for text, want, shared in CONFORMANCE if shared])
def test_the_second_engine_agrees(text: str, expected: Any) -> None:
    plain = {name: float(value) if isinstance(value, Decimal) else value for name, value in VALUES.items()}
    found = second_engine.evaluate(text, plain)
    if isinstance(expected, bool):
        assert found is expected
    else:
        assert math.isclose(found, float(expected), rel_tol=1e-14)


REFUSED = [
    ("2 * weight_kg", "number", "overload"),
    ('weight_kg + "a"', "number", "overload"),
    ("weight_kg > 1", "flag", "overload"),
    ("wieght_kg", "number", "undeclared"),
    ("weight_kg", "flag", "wanted is a flag"),
    ("alive", "number", "wanted is a number"),
    ("((", "number", "Syntax"),
    ("", "number", "characters"),
    ("   ", "flag", "characters"),
    ("1.0 + " * 400 + "1.0", "number", "characters"),
    ("1.0 + " * 100 + "1.0", "number", "recursion"),
    ("[" * 300, "flag", "recursion"),
    ("math.least()", "number", ""),
    ("dose / (weight_kg - 1.0)", "number", "division"),
    ("dose / math.abs(weight_kg)", "number", "division"),
    ("dose / 0.0", "number", "division"),
    ("dose / -0.0", "number", "division"),
    ("dose / 1e-200", "number", "division"),
    ("math.least(dose / (weight_kg * 0.0), 2e8)", "number", "division"),
    ("alive || dose / (weight_kg - 1.0) > 2.0", "flag", "division"),
    ("[dose / (weight_kg - 1.0)][0]", "number", "division"),
    ("[1.0, 2.0].all(each, each > 0.0)", "flag", "loops"),
    ("[weight_kg].map(each, each * 2.0)[0]", "number", "loops"),
    ('{"a": weight_kg}.a', "number", ""),
    ("null", "flag", "wanted is a flag"),
    ("dyn(weight_kg)", "number", "wanted is a number"),
    ("__import__('os').system('true')", "flag", "undeclared"),
    ("'\ud800' == indication", "flag", ""),
]


@pytest.mark.parametrize(("text", "result", "why"), REFUSED)
def test_refused_before_it_runs(text: str, result: Any, why: str) -> None:
    with pytest.raises(BadInput) as refusal:
        compile_formula(text, NAMES, result)
    assert why.lower() in refusal.value.what.lower()
    assert len(refusal.value.what) < 400


def test_a_missing_value_is_held_even_behind_a_short_circuit() -> None:
    formula = compile_formula("alive || weight_kg > 1.0", NAMES, "flag")
    assert formula.uses == ("alive", "weight_kg")
    with pytest.raises(Held, match="weight_kg has no value"):
        formula.evaluate({"alive": True})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("weight_kg", True),
        ("weight_kg", "80"),
        ("weight_kg", 80.0),
        ("weight_kg", None),
        ("weight_kg", Decimal("NaN")),
        ("weight_kg", Decimal("sNaN")),
        ("weight_kg", Decimal("Infinity")),
        ("weight_kg", Decimal("1e31")),
        ("alive", 1),
        ("alive", "true"),
        ("indication", Decimal(1)),
        ("now", datetime(2026, 3, 4)),
        ("now", "2026-03-04"),
    ],
)
def test_a_value_of_another_kind_is_refused(name: str, value: Any) -> None:
    text = {
        "weight_kg": "weight_kg > 0.0",
        "alive": "alive",
        "indication": 'indication == "a"',
        "now": "now > stopped_at",
    }[name]
    with pytest.raises(BadInput) as refusal:
        compile_formula(text, NAMES, "flag").evaluate({**VALUES, name: value})
    assert name in refusal.value.what
    assert "80" not in refusal.value.what  # no health value in a refusal


def test_zero_below_a_division_is_held_and_never_infinity() -> None:
    for text in ("math.least(dose / weight_kg, 2e8)", "0.0 - dose / weight_kg"):
        with pytest.raises(Held):
            compile_formula(text, NAMES, "number").evaluate({**VALUES, "weight_kg": Decimal(0)})
    with pytest.raises(Held):
        compile_formula("dose / weight_kg >= 2e6", NAMES, "flag").evaluate({**VALUES, "weight_kg": Decimal("1e-40")})


def test_an_error_at_run_time_is_held() -> None:
    with pytest.raises(Held):
        compile_formula("double(indication) > 1.0", NAMES, "flag").evaluate(VALUES)
    with pytest.raises(Held):
        compile_formula("math.sqrt(0.0 - weight_kg)", NAMES, "number").evaluate(VALUES)


def test_literals_and_divisors_are_known() -> None:
    formula = compile_formula("math.least(2e6 * weight_kg / dose, 7.0)", NAMES, "number")
    assert sorted(formula.literals) == [7.0, 2e6]
    assert formula.divisors == {"dose"}
    assert formula.uses == ("dose", "weight_kg")


def test_a_formula_is_compiled_once() -> None:
    assert compile_formula("weight_kg", NAMES, "number") is compile_formula("weight_kg", dict(NAMES), "number")


def test_threads_agree() -> None:
    def ask(number: int) -> Any:
        formula = compile_formula(f"weight_kg * {number}.0 + dose", NAMES, "number")
        return formula.evaluate({"weight_kg": Decimal(2), "dose": Decimal(number)})

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(400))) == [3 * number for number in range(400)]


short = st.decimals(min_value="-1e9", max_value="1e9", allow_nan=False, allow_infinity=False, places=5)


@given(short)
def test_a_decimal_survives_the_double(value: Decimal) -> None:
    assert compile_formula("weight_kg", NAMES, "number").evaluate({"weight_kg": value}) == value


@given(short, short)
def test_the_second_engine_agrees_on_any_number(first: Decimal, second: Decimal) -> None:
    text = "weight_kg * 2.5 + dose > 1e6 ? weight_kg - dose : weight_kg * dose"
    found = compile_formula(text, NAMES, "number").evaluate({"weight_kg": first, "dose": second})
    other = second_engine.evaluate(text, {"weight_kg": float(first), "dose": float(second)})
    assert isinstance(found, Decimal)
    assert math.isclose(float(found), other, rel_tol=1e-14)


@given(st.text(max_size=60))
def test_any_text_is_a_formula_or_a_refusal(text: str) -> None:
    with contextlib.suppress(BadInput, Held):
        assert isinstance(compile_formula(text, NAMES, "number").evaluate(VALUES), Decimal)


def test_rules_of_the_shipped_recipes_agree_in_both_engines() -> None:
    """Every eligibility rule without functions, on values that pass and on values that do not."""
    seen = 0
    for recipe in shipped().values():
        for rule in recipe.eligibility:
            if ".get" in rule.formula:
                continue
            kinds: dict[str, Kind] = {need.name: need.kind for need in recipe.facts}
            kinds |= dict.fromkeys(rule.constants, "number")
            formula = compile_formula(rule.formula, kinds, "flag")
            for number, flag, text in ((0, True, "x"), (1, False, "spinal muscular atrophy"), (400, True, "y")):
                values: dict[str, Any] = {name: each.value for name, each in rule.constants.items()}
                for name in rule.uses:
                    values[name] = {"number": Decimal(number), "flag": flag, "text": text}[kinds[name]]
                plain = {name: float(v) if isinstance(v, Decimal) else v for name, v in values.items()}
                assert formula.evaluate(values) is second_engine.evaluate(rule.formula, plain)
                seen += 1
    assert seen > 40
