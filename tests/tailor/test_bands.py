"""The banded dose against the printed table, read from the file of facts by the test itself."""

from __future__ import annotations

import csv
import os
from dataclasses import replace
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onelot.adapters.recipes import shipped
from onelot.record.errors import Held
from onelot.record.terms.opened import OpenFact, OpenParameter
from onelot.tailor import tailor

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
KIT = shipped()["aav9-weight-band"]
SHARED = Path(os.environ.get("ONELOT_SHARED", Path(__file__).resolve().parents[2].parent / "shared"))


def given_weight(weight: Decimal | str, recipe: object = KIT) -> dict[str, OpenParameter]:
    fact = OpenFact("weight_kg", Decimal(weight), "kg", NOW, None, "0" * 64, "Observation")
    return {each.name: each for each in tailor(recipe, {"weight_kg": fact}, NOW)}  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def printed() -> list[dict[str, Decimal]]:
    path = SHARED / "data" / "process" / "zolgensma_weight_bands.csv"
    if not path.is_file():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{path} is missing")
        pytest.skip(f"{path} is not here")
    with path.open() as lines:
        rows = csv.DictReader(line for line in lines if not line.startswith("#"))
        return [{key: Decimal(value) for key, value in row.items()} for row in rows]


@pytest.mark.shared
def test_every_printed_row_is_reproduced_at_both_of_its_ends(printed: list[dict[str, Decimal]]) -> None:
    assert len(printed) == 37
    for row in printed:
        for weight in (row["kg_from"], row["kg_to"]):
            found = given_weight(weight)
            assert found["dose_ml"].value == row["dose_mL"]
            assert found["vials"].value == row["vials"]


@pytest.mark.shared
def test_the_volume_is_5_5_ml_per_kg_of_the_upper_limit(printed: list[dict[str, Decimal]]) -> None:
    for row in printed:
        by_formula = (Decimal("5.5") * row["kg_to"]).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
        assert given_weight(row["kg_to"])["dose_ml"].value == by_formula


@pytest.mark.shared
def test_the_recipe_has_the_printed_rows_and_no_others(printed: list[dict[str, Decimal]]) -> None:
    assert KIT.bands is not None
    ours = [(row.low, row.high, row.gives["dose_ml"], row.gives["vials"]) for row in KIT.bands.rows]
    assert ours == [(row["kg_from"], row["kg_to"], row["dose_mL"], row["vials"]) for row in printed]


def test_the_vials_of_a_kit_hold_the_dose() -> None:
    assert KIT.bands is not None
    for row in KIT.bands.rows:
        found = given_weight(row.high)
        large, small = found["vials_large"].value, found["vials_small"].value
        assert large + small == found["vials"].value and min(large, small) >= 0
        held = Decimal("8.3") * large + Decimal("5.5") * small
        assert found["dose_ml"].value <= held
        # One large vial less would be too little.
        assert held - Decimal("2.8") < found["dose_ml"].value or large == 0
        assert found["dose_vg"].value == found["dose_ml"].value * Decimal("2.0e13")


@pytest.mark.parametrize(
    ("weight", "dose"),
    [("8.54", "46.8"), ("8.55", "49.5"), ("8.5", "46.8"), ("8.6", "49.5"), ("2.55", "16.5"), ("21.04", "115.5")],
)
def test_between_two_bands_the_weight_is_rounded_half_up_to_0_1(weight: str, dose: str) -> None:
    found = given_weight(weight)["dose_ml"]
    assert found.value == Decimal(dose)
    printed = Decimal(weight) == Decimal(weight).quantize(Decimal("0.1"))
    assert ("between bands: assumption" in found.rule_source) is not printed


@pytest.mark.parametrize(
    ("weight", "side"), [("2.54", "below"), ("0", "below"), ("-3", "below"), ("21.05", "above"), ("80", "above")]
)
def test_outside_the_bands_nobody_guesses_a_dose(weight: str, side: str) -> None:
    with pytest.raises(Held, match=f"{side} every band") as refusal:
        given_weight(weight)
    assert refusal.value.place == "weight_kg"


def test_without_a_rule_between_bands_is_held() -> None:
    assert KIT.bands is not None
    strict = replace(KIT, bands=replace(KIT.bands, between="hold"))
    assert given_weight("8.5", strict)["dose_ml"].value == Decimal("46.8")
    with pytest.raises(Held, match="between two printed bands"):
        given_weight("8.54", strict)


@pytest.mark.parametrize(("weight", "marked"), [("18.0", False), ("18.04", False), ("18.1", True), ("21.0", True)])
def test_vial_counts_above_18_kg_are_shown_as_unverified(weight: str, marked: bool) -> None:
    found = given_weight(weight)
    assert ("unverified above 18.0 kg" in found["vials"].rule_source) is marked
    assert "unverified" not in found["dose_ml"].rule_source


@given(
    st.decimals(min_value="2.55", max_value="21.04", places=3),
    st.decimals(min_value="2.55", max_value="21.04", places=3),
)
def test_a_heavier_child_never_gets_less(first: Decimal, second: Decimal) -> None:
    light, heavy = (given_weight(each) for each in sorted((first, second)))
    for name in ("dose_ml", "dose_vg", "vials"):
        assert light[name].value <= heavy[name].value
