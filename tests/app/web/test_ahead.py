"""The thread below now, the curves, and whose batch it is on the board; durations read from the recipe's own file."""

from __future__ import annotations

import json
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

from onelot.app.commands.order import AddAlias
from onelot.app.web.ahead import ahead, present
from onelot.app.web.curves import curves
from tests.app.web.hospital import reach
from tests.app.web.plant import PASSWORD
from tests.app.web.test_screens import SIGN_IN, Browser

UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1)}


def units() -> list[dict[str, Any]]:
    found = json.loads(files("onelot").joinpath("data", "recipes", "cd19-per-kg.json").read_text())["procedure"]
    assert isinstance(found, list)
    return found


def phases(of: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
    return [
        phase
        for unit in (of or units())
        for operation in unit["operations"]
        for phase in operation["phases"]
    ]  # fmt: skip


def took(quantity: dict[str, Any]) -> timedelta:
    return float(quantity["value"]) * UNITS[quantity["unit"]]


def test_phases_to_come_follow_one_another_by_the_recipe_s_durations(tmp_path: Path) -> None:
    place = reach(tmp_path, lambda act: act == "batch planned")
    recipe = place.house.loop.reader.recipe(place.batch.recipe)  # type: ignore[arg-type]
    now = place.clock.now()
    begins = next(slot.starts_at for slot in place.therapy.slots if slot.purpose.startswith("manufacture"))
    assert begins > now
    wanted, early, late = [], begins, begins
    for phase in phases():
        wanted.append((phase["title"], early, late, 2 if phase.get("second_person") else 1))
        early += took(phase["duration"])
        late += took(phase["duration"])
        if phase.get("repeat"):
            again = int(phase["repeat"]["at_most"]["value"]) - 1
            late += again * max(took(phase["repeat"]["every"]), took(phase["duration"]))
    found = ahead(recipe, place.batch, place.therapy, now)
    assert [(each.what, each.earliest, each.latest, each.people) for each in found if not each.key] == wanted
    assert [each.key for each in found if each.key] == ["results", "decision", "final_results", "given"]
    results = next(each for each in found if each.key == "results")
    assert results.earliest == early + timedelta(days=7) and results.latest == late + timedelta(days=7)


def test_in_culture_the_thread_says_the_day_and_the_page_draws_the_readings(tmp_path: Path) -> None:
    seen: list[str] = []
    place = reach(tmp_path, lambda act: (seen.append(act), act == "measure car_fraction" and seen.count(act) == 2)[1])
    batch, now = place.batch, place.clock.now()
    recipe = place.house.loop.reader.recipe(batch.recipe)  # type: ignore[arg-type]
    at = present(recipe, batch, now)
    assert at is not None and at.phase is not None and at.phase.name == "grow" and not at.held
    culture = next(
        names for unit in units() if "grow" in (names := {phase["name"] for phase in phases([unit])})
    )  # the phases of the unit procedure that grow belongs to: its first began day 0
    began = min(run.started_at for run in batch.runs if run.phase in culture)
    assert at.day == (now - began).days
    drawn = {each.name: each for each in curves(batch.measured, {})}
    values = [each.measured.value for each in batch.measured if each.measured.name == "viable_cells"]
    assert drawn["viable_cells"].count == len(values) == 2 and drawn["viable_cells"].unit == "cells"
    assert float(drawn["viable_cells"].last) == float(f"{values[-1]:.2e}")
    page = place.browser("prescriber").page(f"/screen/batches/{batch.batch}")
    assert "<polyline" in page.text and "2 readings" in page.text and 'id="now"' in page.text
    assert "earliest" in page.text and "latest" in page.text and "{cells}" not in page.text


def test_a_batch_at_its_end_has_nothing_to_come(tmp_path: Path) -> None:
    place = reach(tmp_path, lambda act: act == "outcome")
    recipe = place.house.loop.reader.recipe(place.batch.recipe)  # type: ignore[arg-type]
    assert ahead(recipe, place.batch, place.therapy, place.clock.now()) == ()
    assert present(recipe, place.batch, place.clock.now()) is None


def test_the_board_names_the_alias_to_whom_sees_the_patient_and_what_comes_next(tmp_path: Path) -> None:
    place = reach(tmp_path, lambda act: act == "picked up")
    coordinator = place.house.loop.actor(f"clinic_coordinator.{place.case.hospital}")
    place.house.loop.handle(AddAlias(place.therapy.coi, "TRIAL-9", "SUBJ-0042"), coordinator)
    doctor = place.browser("prescriber").page("/screen/board").text
    assert "TRIAL-9:SUBJ-0042" in doctor and "Receive at the hospital" in doctor and "hold limit" in doctor
    SIGN_IN.set_password("qp.plant", PASSWORD)
    quality = Browser(place.house)
    quality.sign_in("qp.plant")
    seen = quality.page("/screen/board").text
    assert "SUBJ-0042" not in seen and place.batch.batch in seen
    place.clock.advance(place.clock.now() + timedelta(days=30))
    late = quality.page("/screen/board").text
    assert "hold limit of the shipper is past" in late and 'class="tag stopped"' in late
