"""A correction that breaks an eligibility rule blocks the next step; a good one clears it; an unknown fact is none."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from onelot.app.commands import plan, profile, tailor
from onelot.app.simulation.site import PLANT
from onelot.record.errors import BadInput, Held
from tests.app.commands.conftest import Populate

NORTH = "hospital-north"
FACT = "lymphocytes_per_ul"


def test_an_unknown_fact_cannot_be_corrected(populate: Populate) -> None:
    driver = populate("p01", until="tailor")
    site = driver.stage.site
    (coi,) = site.rows("therapies")
    facts = driver.stage.context().open_facts(site.house.loop.reader.therapy(coi))
    strange = replace(next(iter(facts.values())), name="shoe_size")
    with pytest.raises(BadInput, match="no fact"):
        site.give(profile.CorrectFact(coi, strange, "why"), "prescriber", NORTH)


def test_a_correction_puts_eligibility_in_question(populate: Populate) -> None:
    driver = populate("p01", until="collection booked")
    site = driver.stage.site
    (coi,) = site.rows("therapies")
    reader = site.house.loop.reader
    fact = driver.stage.context().open_facts(reader.therapy(coi))[FACT]
    low = replace(fact, value=Decimal(0))
    site.give(profile.CorrectFact(coi, low, "misread"), "prescriber", NORTH)
    assert profile.ELIGIBILITY in reader.therapy(coi).holds
    with pytest.raises(Held, match="eligibility"):
        site.give(plan.PlanBatch("B-1", PLANT, coi=coi), "planner", PLANT)
    with pytest.raises(Held, match="eligibility"):
        site.give(tailor.TailorRecipe(coi), "clinic_coordinator", NORTH)
    site.give(profile.CorrectFact(coi, fact, "the first was right"), "prescriber", NORTH)
    assert profile.ELIGIBILITY not in reader.therapy(coi).holds
    site.give(tailor.TailorRecipe(coi), "clinic_coordinator", NORTH)
