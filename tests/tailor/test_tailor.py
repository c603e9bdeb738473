"""Tailoring is pure, never clips, and names what it lacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onelot.adapters.recipes import shipped
from onelot.record.errors import BadInput, Held, OnelotError, Refused
from onelot.record.recipe import Quantity, Source
from onelot.record.terms.opened import OpenFact, OpenParameter
from onelot.tailor import facts_used, tailor

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
PER_KG, FLAT, CD34 = (shipped()[name] for name in ("cd19-per-kg", "cd19-flat", "cd34-edited"))
KIT, STOCK = shipped()["aav9-weight-band"], shipped()["aav9-stock"]


def fact(name: str, value: str, unit: str, until: datetime | None = None) -> OpenFact:
    return OpenFact(name, Decimal(value), unit, NOW, until, "0" * 64, f"Bundle.entry[3].resource ({name})")


def body(weight: str = "80", height: str = "180", unit: str = "kg") -> dict[str, OpenFact]:
    return {"weight_kg": fact("weight_kg", weight, unit), "height_cm": fact("height_cm", height, "cm")}


def values(found: tuple[OpenParameter, ...]) -> dict[str, Decimal]:
    return {each.name: each.value for each in found}


@pytest.mark.parametrize(
    ("weight", "dose"),
    [("30", "60000000"), ("80", "160000000"), ("80.1", "160200000"), ("100", "200000000"), ("118.4", "200000000")],
)
def test_the_dose_per_kg_has_its_cap(weight: str, dose: str) -> None:
    found = tailor(PER_KG, body(weight), NOW)
    assert values(found)["dose"] == Decimal(dose)
    assert values(found)["dose_low"] == Decimal(dose) * Decimal("0.8")
    # The tolerance never reaches above the greatest dose of the label.
    assert values(found)["dose_high"] == min(Decimal(dose) * Decimal("1.2"), Decimal("2e8"))


def test_the_flat_dose_does_not_depend_on_weight() -> None:
    light, heavy = tailor(FLAT, body("50"), NOW), tailor(FLAT, body("110"), NOW)
    assert values(light)["dose"] == values(heavy)["dose"] == Decimal("3e8")
    assert next(each.inputs for each in light if each.name == "dose") == ()


def test_cd34_doses_follow_the_weight() -> None:
    found = values(tailor(CD34, body("60"), NOW))
    assert (found["dose"], found["cd34_to_collect"], found["rescue_to_keep"]) == (
        Decimal("180e6"),
        Decimal("1200e6"),
        Decimal("120e6"),
    )


def test_stock_needs_no_patient() -> None:
    assert values(tailor(STOCK, {}, NOW))["plasmid_mg"] == 100


def test_pounds_become_kilograms() -> None:
    pounds = tailor(PER_KG, body("176.3698", unit="[lb_av]"), NOW)
    assert values(pounds)["dose"] == pytest.approx(Decimal("160000000"), rel=Decimal("1e-6"))


def test_every_parameter_says_why() -> None:
    for each in tailor(PER_KG, body(), NOW):
        assert each.rule == f"recipe cd19-per-kg/1 parameter {each.name}"
        assert each.formula and each.basis and each.unit and each.rule_source
    found = {each.name: each for each in tailor(PER_KG, body(), NOW)}
    assert found["cells_to_harvest"].inputs == ("weight_kg",)  # through the dose
    assert found["body_surface_m2"].inputs == ("height_cm", "weight_kg")
    assert "recovery assumption: " in found["cells_to_harvest"].rule_source
    assert found["body_surface_m2"].rule_source.startswith("unverified: ")


@pytest.mark.parametrize("weight", ["29.9", "0.4", "0", "-80"])
def test_outside_the_range_is_refused_and_never_clipped(weight: str) -> None:
    with pytest.raises(Refused) as refusal:
        tailor(PER_KG, body(weight), NOW)
    assert not isinstance(refusal.value, Held)
    assert refusal.value.place == "dose"
    assert "below its approved range" in refusal.value.what
    assert "weight_kg" in refusal.value.remedy


def test_a_range_in_another_unit_is_the_same_range() -> None:
    source = Source("cited", "a test")
    first = PER_KG.parameters[0]
    million = replace(first, high=Quantity(Decimal(200), "10*6", first.basis, source))
    recipe = replace(PER_KG, parameters=(million, *PER_KG.parameters[1:]))
    assert values(tailor(recipe, body("118"), NOW))["dose"] == Decimal("2e8")
    tight = replace(first, high=Quantity(Decimal(199), "10*6", first.basis, source))
    with pytest.raises(Refused, match="above its approved range"):
        tailor(replace(PER_KG, parameters=(tight, *PER_KG.parameters[1:])), body("118"), NOW)


def test_missing_and_outdated_facts_are_all_named() -> None:
    old = {"weight_kg": fact("weight_kg", "80", "kg", NOW - timedelta(seconds=1))}
    with pytest.raises(Held) as refusal:
        tailor(PER_KG, old, NOW)
    assert refusal.value.what == "height_cm is missing; weight_kg is outdated"
    assert "29463-7" not in str(refusal.value.place) and "8302-2" in str(refusal.value.place)


def test_a_fact_valid_until_now_still_counts() -> None:
    assert tailor(PER_KG, {**body(), "weight_kg": fact("weight_kg", "80", "kg", NOW)}, NOW)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (replace(body()["weight_kg"], value="eighty"), BadInput),
        (replace(body()["weight_kg"], value=True), BadInput),
        (fact("weight_kg", "80", "cm"), BadInput),
        (fact("weight_kg", "80", "lbs"), BadInput),
        (fact("weight_kg", "NaN", "kg"), BadInput),
        (fact("weight_kg", "Infinity", "[lb_av]"), BadInput),
    ],
)
def test_a_fact_of_another_kind_or_unit_is_refused(given: OpenFact, error: type[OnelotError]) -> None:
    with pytest.raises(error):
        tailor(PER_KG, {**body(), "weight_kg": given}, NOW)


def test_no_health_value_stands_in_a_refusal() -> None:
    for weight in ("1.7311", "991.7311"):
        for recipe in (PER_KG, CD34, KIT):
            with pytest.raises(OnelotError) as refusal:
                tailor(recipe, body(weight), NOW)
            assert "7311" not in str(refusal.value)


def test_a_parameter_may_not_read_one_set_later() -> None:
    turned = replace(PER_KG, parameters=tuple(reversed(PER_KG.parameters)))
    with pytest.raises(BadInput, match="no earlier parameter"):
        tailor(turned, body(), NOW)
    with pytest.raises(BadInput, match="no such parameter"):
        facts_used(PER_KG, "nothing")


weights = st.decimals(min_value=30, max_value=160, places=2)


@given(weights, weights)
def test_more_weight_is_never_less_dose(first: Decimal, second: Decimal) -> None:
    light, heavy = sorted((first, second))
    low, high = (values(tailor(PER_KG, body(str(each)), NOW)) for each in (light, heavy))
    assert all(low[name] <= high[name] for name in low)
    assert high["dose"] <= Decimal("2e8")
    assert low["dose"] == min(Decimal("2e6") * light, Decimal("2e8"))


@given(st.decimals(min_value=-10, max_value=1000, places=1), st.decimals(min_value=1, max_value=300, places=1))
def test_any_weight_gives_values_in_range_or_a_refusal(weight: Decimal, height: Decimal) -> None:
    for recipe in (PER_KG, FLAT, CD34):
        try:
            found = tailor(recipe, body(str(weight), str(height)), NOW)
        except OnelotError as refusal:
            assert refusal.rule and refusal.remedy
            continue
        for parameter in recipe.parameters:
            assert parameter.low is not None and parameter.high is not None
            assert parameter.low.value <= values(found)[parameter.name] <= parameter.high.value


@given(weights)
def test_the_same_facts_give_the_same_parameters(weight: Decimal) -> None:
    facts: Mapping[str, OpenFact] = body(str(weight))
    more = {**facts, "ecog": fact("ecog", "1", "1")}
    assert tailor(PER_KG, facts, NOW) == tailor(PER_KG, more, NOW)
