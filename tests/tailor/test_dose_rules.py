"""Dose rules against a plain reading of their own files: chosen by product, indication, jurisdiction, date, weight."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onelot
from onelot.adapters.recipes import load, shipped_dose_rules
from onelot.record.errors import BadInput, Held, Refused
from onelot.record.terms.opened import OpenFact, OpenParameter
from onelot.tailor.dose_rules import DoseRules, document_name, read_dose_rules, within_rules, write_dose_rules

FOLDER = Path(onelot.__file__).parent / "data" / "dose_rules"
FILES = {each["product"]: each for each in (json.loads(path.read_bytes()) for path in FOLDER.glob("*.json"))}
NOW = datetime(2026, 9, 7, tzinfo=UTC)


def fact(name: str, value: Any, unit: str = "") -> OpenFact:
    return OpenFact(name, value, unit, NOW, None, "ab" * 32, f"/{name}")


def dose(value: Decimal) -> OpenParameter:
    return OpenParameter("dose", value, "{cells}", "per infusion", "f", "r", "s", ("weight_kg",))


def judged(rules: DoseRules, jurisdiction: str, facts: dict[str, OpenFact], value: Decimal) -> str:
    """`ok`, `below`, `above` or `held`."""
    recipe = replace(load("cd19-per-kg"), product=rules.product, jurisdiction=jurisdiction)
    try:
        (found,) = within_rules(rules, recipe, facts, (dose(value),), NOW)
    except Refused as refusal:
        if isinstance(refusal, Held):
            return "held"
        assert str(value) not in refusal.what, "the value stands in no refusal"
        return "below" if "below" in refusal.what else "above"
    assert set(found.inputs) >= {"indication", "weight_kg"} and "within dose rule" in found.rule_source
    return "ok"


def expected(file: dict[str, Any], where: str, indication: str, subtype: str, weight: Fraction, value: Fraction) -> str:
    """The same by plain fractions, from the file itself."""
    fitting = []
    for rule in file["rules"]:
        above, up_to = rule.get("weight_above"), rule.get("weight_up_to")
        if (
            rule["jurisdiction"] == where
            and indication in rule["indications"]
            and rule.get("subtype", subtype) == subtype
            and (above is None or weight > Fraction(above["value"]))
            and (up_to is None or weight <= Fraction(up_to["value"]))
        ):
            fitting.append(rule)
    if len(fitting) != 1:
        return "held"

    def limit(name: str) -> Fraction | None:
        found = fitting[0].get(name)
        return Fraction(found["value"]) * (weight if found["unit"].endswith("/kg") else 1) if found else None

    low, highs = limit("low"), [each for each in (limit("high"), limit("cap")) if each is not None]
    if low is not None and value < low:
        return "below"
    return "above" if highs and value > min(highs) else "ok"


PLACES = ("US", "EU", "none: demonstration recipe, informed by published labels")
INDICATIONS = sorted({each for file in FILES.values() for rule in file["rules"] for each in rule["indications"]})
SUBTYPES = ["", "pre-symptomatic late infantile", "pre-symptomatic early juvenile", "early symptomatic early juvenile"]


@settings(max_examples=600, deadline=None)
@given(
    st.sampled_from(sorted(FILES)), st.sampled_from(PLACES), st.sampled_from([*INDICATIONS, "another"]),
    st.sampled_from(SUBTYPES), st.integers(20, 1800), st.integers(1, 60), st.integers(4, 9),
)  # fmt: skip
def test_every_shipped_rule_says_what_its_file_says(
    product: str, where: str, indication: str, subtype: str, tenths: int, digits: int, power: int
) -> None:
    rules = next(each for each in shipped_dose_rules() if each.product == product)
    weight, value = Decimal(tenths) / 10, Decimal(digits) * Decimal(10) ** (power - 1)
    facts = {
        "weight_kg": fact("weight_kg", weight, "kg"),
        "indication": fact("indication", indication),
        "disease_subtype": fact("disease_subtype", subtype),
    }
    wanted = expected(FILES[product], where, indication, subtype, Fraction(tenths, 10), Fraction(value))
    assert judged(rules, where, facts, value) == wanted


@pytest.mark.parametrize("kg", ["50.1", "67.0", "99.9", "100", "118.4"])
def test_a_dose_at_its_cap_is_not_above_it(kg: str) -> None:
    """Formulas count in doubles: a last digit is no overdose."""
    rules = next(each for each in shipped_dose_rules() if each.product == "axicabtagene ciloleucel")
    facts = {
        "weight_kg": fact("weight_kg", Decimal(kg), "kg"),
        "indication": fact("indication", "large B-cell lymphoma"),
    }
    exact = min(float(kg) * 2e6, 2e8)
    assert judged(rules, "US", facts, Decimal(repr(exact * (1 + 1e-15)))) == "ok"
    assert judged(rules, "US", facts, Decimal(repr(exact * 1.000001))) == "above"


def test_nothing_is_guessed_from_a_missing_fact() -> None:
    rules = next(each for each in shipped_dose_rules() if each.product == "atidarsagene autotemcel")
    facts = {
        "weight_kg": fact("weight_kg", Decimal(9), "kg"),
        "indication": fact("indication", "metachromatic leukodystrophy"),
    }
    assert judged(rules, "US", facts, Decimal(100_000_000)) == "held", "the subtype decides the least dose"
    without = {"indication": facts["indication"], "disease_subtype": fact("disease_subtype", SUBTYPES[1])}
    assert judged(rules, "US", without, Decimal(100_000_000)) == "held"


def test_outside_its_dates_a_rule_does_not_apply() -> None:
    rules = next(each for each in shipped_dose_rules() if each.product == "idecabtagene vicleucel")
    facts = {"weight_kg": fact("weight_kg", Decimal(70), "kg"), "indication": fact("indication", "multiple myeloma")}
    assert judged(rules, "EU", facts, Decimal(270_000_000)) == "ok"
    assert judged(rules, "US", facts, Decimal(270_000_000)) == "below"
    over = replace(rules, rules=tuple(replace(each, effective_to=NOW.date().replace(day=6)) for each in rules.rules))
    assert judged(over, "EU", facts, Decimal(270_000_000)) == "held"
    twice = replace(rules, rules=(*rules.rules, replace(rules.rules[1], name="again")))
    assert judged(twice, "EU", facts, Decimal(270_000_000)) == "held", "two rules at once are none"


def test_every_limit_has_unit_basis_and_source_and_says_that_nobody_verified_it() -> None:
    for rules in shipped_dose_rules():
        assert read_dose_rules(write_dose_rules(rules)) == rules
        assert document_name(rules.product).startswith("dose-rules/")
        for rule in rules.rules:
            for each in (rule.low, rule.high, rule.cap, rule.weight_above, rule.weight_up_to):
                assert each is None or (each.unit and each.basis and each.source.text)
            assert not rule.verified and rule.source.kind == "cited"


@pytest.mark.parametrize(
    "change",
    [{"rules": []}, {"rules": [{}]}, {"schema": "x"}, {"more": 1}],
)
def test_what_is_no_rule_is_refused_with_its_place(change: dict[str, Any]) -> None:
    with pytest.raises(BadInput) as caught:
        read_dose_rules({**FILES["tisagenlecleucel"], **change})
    assert caught.value.place


def test_a_rule_without_a_limit_or_that_ends_before_it_begins_is_refused() -> None:
    (rule, *_) = FILES["axicabtagene ciloleucel"]["rules"]
    bare = {name: each for name, each in rule.items() if name not in ("low", "high", "cap")}
    for broken in (bare, {**rule, "effective_to": "1999-01-01"}):
        with pytest.raises(BadInput):
            read_dose_rules({**FILES["axicabtagene ciloleucel"], "rules": [broken]})
