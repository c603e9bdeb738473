"""Formulas of recipes with their constants bound: what each may read, and what it says of real cases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from onelot.adapters.recipes import shipped
from onelot.record.errors import BadInput, Held
from onelot.record.recipe_formulas import (
    adequate_formula,
    dose_hit_formula,
    parameter_formula,
    repeat_formula,
    rule_formula,
)

PER_KG, CD34, KIT, STOCK = (shipped()[n] for n in ("cd19-per-kg", "cd34-edited", "aav9-weight-band", "aav9-stock"))
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


def rule(name: str, **values: Any) -> bool:
    found = next(each for each in PER_KG.eligibility if each.name == name)
    return rule_formula(PER_KG, found).flag(values)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("alive", {"alive": True}, {"alive": False}),
        ("adult", {"age_a": Decimal(18)}, {"age_a": Decimal("17.9")}),
        ("lymphocytes", {"lymphocytes_per_ul": Decimal(301)}, {"lymphocytes_per_ul": Decimal(300)}),
        ("leukocytes", {"wbc_per_nl": Decimal(20)}, {"wbc_per_nl": Decimal("20.1")}),
        ("performance", {"ecog": Decimal(1)}, {"ecog": Decimal(2)}),
        ("not_pregnant", {"pregnancy": False}, {"pregnancy": True}),
        ("indication", {"indication": "large B-cell lymphoma"}, {"indication": "spinal muscular atrophy"}),
    ],
)
def test_eligibility(name: str, good: dict[str, Any], bad: dict[str, Any]) -> None:
    assert rule(name, **good) is True
    assert rule(name, **bad) is False


def test_a_culture_is_done_when_the_dose_is_in_it() -> None:
    grow = next(each for each in PER_KG.phases if each.name == "grow")
    assert grow.repeat is not None
    done = repeat_formula(PER_KG, grow.repeat)
    assert done.uses == ("car_fraction", "cells_to_harvest", "viable_cells")
    need = {"cells_to_harvest": Decimal("2.5e8"), "car_fraction": Decimal(25)}
    assert done.flag({**need, "viable_cells": Decimal("1e9")})
    assert not done.flag({**need, "viable_cells": Decimal("0.999e9")})
    with pytest.raises(Held):
        done.flag({"viable_cells": Decimal("1e12")})


def test_collections_are_enough_for_dose_and_rescue() -> None:
    enough = adequate_formula(CD34)
    need = {"cd34_to_collect": Decimal("1.2e9"), "rescue_to_keep": Decimal("1.2e8")}
    assert enough.flag({**need, "cd34_collected": Decimal("1.2e9"), "cd34_rescue": Decimal("1.2e8")})
    assert not enough.flag({**need, "cd34_collected": Decimal("1.2e9"), "cd34_rescue": Decimal("1.1e8")})
    assert not enough.flag({**need, "cd34_collected": Decimal("1.1e9"), "cd34_rescue": Decimal("9e9")})
    assert adequate_formula(PER_KG).flag({"cd3_collected": Decimal("6e8")})
    with pytest.raises(BadInput):
        adequate_formula(KIT)


def test_dose_hits() -> None:
    dose = {"dose_low": Decimal("1.28e8"), "dose_high": Decimal("1.92e8")}
    hit = dose_hit_formula(PER_KG)
    assert [hit.flag({**dose, "dose_given": Decimal(v)}) for v in ("1.27e8", "1.28e8", "1.92e8", "1.93e8")] == [
        False,
        True,
        True,
        False,
    ]
    exact = dose_hit_formula(KIT)
    assert exact.flag({"dose_ml": Decimal("46.8"), "dose_given": Decimal("46.80")})
    assert not exact.flag({"dose_ml": Decimal("46.8"), "dose_given": Decimal("46.7")})
    with pytest.raises(BadInput):
        dose_hit_formula(STOCK)


def test_a_value_never_overrules_a_constant() -> None:
    dose = parameter_formula(PER_KG, PER_KG.parameters[0])
    assert dose.number({"weight_kg": Decimal(80), "dose_cap": Decimal("9e9"), "dose_per_kg": Decimal(1)}) == 160000000
    with pytest.raises(BadInput):
        dose.flag({"weight_kg": Decimal(80)})


def test_a_parameter_may_not_read_a_date() -> None:
    since = replace(PER_KG.parameters[0], formula="double((now - steroid_stopped_at).getHours())", constants={})
    with pytest.raises(BadInput, match="undeclared"):
        parameter_formula(PER_KG, since)
