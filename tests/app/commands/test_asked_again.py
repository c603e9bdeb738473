"""Eligibility is asked again: at collection, when a fact is recorded anew, and when a person has decided on a rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from onelot.app.commands import collect, decide, profile, tailor
from onelot.app.simulation.driver import Driver
from onelot.app.simulation.site import person
from onelot.record.errors import Held
from onelot.record.subjects import Therapy
from onelot.record.terms.opened import OpenFact
from tests.app.commands.conftest import Populate

NORTH = "hospital-north"


class Seen:
    def __init__(self, driver: Driver) -> None:
        self.driver, self.site = driver, driver.stage.site
        (self.coi,) = self.site.rows("therapies")

    @property
    def therapy(self) -> Therapy:
        return self.site.house.loop.reader.therapy(self.coi)

    def facts(self) -> dict[str, OpenFact]:
        return self.driver.stage.context().open_facts(self.therapy)

    def give(self, command: Any, role: str = "clinic_coordinator") -> dict[str, Any]:
        return self.site.give(command, role, NORTH).answer

    def collect(self) -> None:
        count = OpenFact("cd3_collected", Decimal("1e9"), "{cells}", self.driver.clock.now(), None, "", "counted")
        scans = {"wristband": self.coi, "bag": self.coi}
        command = collect.RecordCollection(
            self.coi, "D-1", ("D-1-A",), self.driver.clock.now(), (count,), scans, person("collection", NORTH, 2)
        )
        self.give(command, "collection")

    def anew(self, name: str, **changes: Any) -> dict[str, Any]:
        fact = replace(self.facts()[name], **changes)
        return self.give(profile.RecordProfile(self.coi, (fact,)))


@pytest.fixture
def booked(populate: Populate) -> Seen:
    return Seen(populate("p01", until="collection booked"))


def test_a_fact_that_ran_out_before_the_collection_holds_it_until_it_is_measured_again(booked: Seen) -> None:
    valid_until = booked.facts()["lymphocytes_per_ul"].valid_until
    assert valid_until is not None
    booked.driver.clock.advance(valid_until + timedelta(seconds=1))
    with pytest.raises(Held, match="outdated"):
        booked.collect()
    held = booked.therapy.holds[profile.ELIGIBILITY]
    assert {each.fact for each in held} == {"lymphocytes_per_ul"} and not booked.therapy.collections
    with pytest.raises(Held, match="eligibility"):
        booked.collect()
    now = booked.driver.clock.now()
    booked.anew("lymphocytes_per_ul", observed_at=now, valid_until=now + timedelta(days=7))
    assert profile.ELIGIBILITY not in booked.therapy.holds
    booked.collect()
    assert booked.therapy.collections


def test_markers_that_ran_out_hold_the_collection_too(booked: Seen) -> None:
    now = booked.driver.clock.now()
    context = booked.driver.stage.context()
    markers = {name: context.open_fact(each.fact) for name, each in booked.therapy.markers.items()}
    latest = max(each.valid_until for each in markers.values() if each.valid_until)
    for name in ("lymphocytes_per_ul", "wbc_per_nl", "ecog", "weight_kg", "pregnancy", "height_cm"):
        booked.anew(name, observed_at=now, valid_until=latest + timedelta(days=90))
    if booked.therapy.stale:  # the weight was weighed again
        booked.give(tailor.TailorRecipe(booked.coi))
        booked.give(tailor.ApproveTailoring(booked.coi), "prescriber")
    booked.driver.clock.advance(latest + timedelta(seconds=1))
    with pytest.raises(Held, match="outdated"):
        booked.collect()
    assert {each.fact for each in booked.therapy.holds[profile.ELIGIBILITY]} == set(markers)
    late = booked.driver.clock.now()
    fresh = tuple(replace(each, observed_at=late, valid_until=late + timedelta(days=30)) for each in markers.values())
    booked.give(profile.RecordMarkers(booked.coi, fresh), "collection")
    assert profile.ELIGIBILITY not in booked.therapy.holds
    booked.collect()


def test_a_fact_recorded_anew_on_an_eligible_therapy_is_judged(populate: Populate) -> None:
    seen = Seen(populate("p01", until="eligibility"))
    assert seen.therapy.eligible
    answer = seen.anew("ecog", value=Decimal(3))
    assert answer["held"] == ["ecog"] and profile.ELIGIBILITY in seen.therapy.holds
    with pytest.raises(Held, match="eligibility"):
        seen.give(tailor.TailorRecipe(seen.coi))
    seen.anew("ecog", value=Decimal(1))
    assert profile.ELIGIBILITY not in seen.therapy.holds
    seen.give(tailor.TailorRecipe(seen.coi))


def test_a_weight_recorded_anew_makes_exactly_its_parameters_stale(booked: Seen) -> None:
    answer = booked.anew("weight_kg", value=Decimal(70))
    depends = {name for name, each in booked.therapy.tailoring.parameters.items()  # type: ignore[union-attr]
               if "weight_kg" in {given.name for given in each.inputs}}  # fmt: skip
    assert set(answer["stale"]) == depends == booked.therapy.stale and answer["stale_advice"] == []


def test_a_washout_says_until_when_to_wait_and_the_chain_does_not(populate: Populate) -> None:
    seen = Seen(populate("p01", until="eligibility"))
    day = (seen.driver.clock.now() - timedelta(days=10)).date()
    answer = seen.anew("cytotoxic_stopped_at", value=day.isoformat())
    assert answer["held"] == ["cytotoxic_stopped_at"]
    assert answer["wait_until"] == (f"{day + timedelta(days=15)}T00:00:00+00:00")
    last = seen.site.house.journal.read(f"therapy/{seen.coi}")[-1]
    assert last.envelope["type"] == "TherapyHeld"
    assert day.isoformat().encode() not in last.body and answer["wait_until"][:10].encode() not in last.body


def test_recent_bendamustine_is_left_to_a_person_and_their_word_stands_for_that_day_only(populate: Populate) -> None:
    seen = Seen(populate("p01", until="eligibility"))
    day = (seen.driver.clock.now() - timedelta(days=60)).date()
    answer = seen.anew("bendamustine_stopped_at", value=day.isoformat())
    assert answer["held"] == ["bendamustine_stopped_at"] and "wait_until" not in answer
    command = decide.Decide(seen.coi, "rule/bendamustine_washout", "collect now", "progressing; the risk was told")
    seen.give(command, "prescriber")
    assert profile.ELIGIBILITY not in seen.therapy.holds
    seen.give(tailor.TailorRecipe(seen.coi))
    seen.anew("bendamustine_stopped_at", value=(day + timedelta(days=1)).isoformat())
    assert profile.ELIGIBILITY in seen.therapy.holds, "another day was not decided on"
