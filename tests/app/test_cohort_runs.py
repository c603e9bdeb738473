"""The whole way in memory: the committed cohort ends as the committed table says, and everything verifies."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from onelot.adapters.keys import make_site_keys
from onelot.adapters.memory import MemoryJournal
from onelot.adapters.recipes import shipped
from onelot.adapters.safe import MemorySafe
from onelot.app.context import SYSTEM
from onelot.app.demo import STOCK_AHEAD, Cohort, own_cohort
from onelot.app.entropy import from_seed
from onelot.app.export import export_batch
from onelot.app.house import SIMULATION, House, assemble, open_journal
from onelot.app.simulation.case import Stage
from onelot.app.simulation.driver import Driver
from onelot.app.simulation.report import Report, report
from onelot.app.simulation.site import PLANT, Site, set_up
from onelot.app.views import PROJECTIONS
from onelot.app.why import why
from onelot.record.errors import NotAllowed
from onelot.record.evidence import verify
from onelot.record.subjects import fold_therapy
from onelot.twin.clock import SimulatedClock
from onelot.twin.invariants import House as Seen
from onelot.twin.invariants import violations
from onelot.twin.memory import InMemory
from onelot.twin.world import World

SEED = 7


@dataclass
class Run:
    house: House
    cohort: Cohort
    report: Report
    folder: Path
    memory: InMemory


def run(folder: Path, seed: int, only: tuple[str, ...] = ()) -> Run:
    recipes, entropy = tuple(shipped().values()), from_seed(seed)
    cohort = own_cohort(folder, seed, recipes)
    cases = {key: case for key, case in cohort.cases.items() if not only or key in only}
    clock = SimulatedClock(cohort.starts_at - STOCK_AHEAD)
    journal, keys = MemoryJournal(PROJECTIONS), make_site_keys(entropy)
    open_journal(
        journal, mode=SIMULATION, site=PLANT, site_keys=keys, now=clock.now(), administrator="a", printed_name="A"
    )
    house = assemble(journal=journal, safe=MemorySafe(), site_keys=keys, site=PLANT, clock=clock.now, entropy=entropy)
    house.enrol("a", "a simulated password", house.loop.actor("a"))
    site = Site(house, lambda login: f"password of {login}", "a")
    set_up(site, recipes, clock.now())
    memory = InMemory()
    stage = Stage(site, World(seed, cohort.faults), memory, cases, clock.now)
    stock = tuple(
        r for r in recipes if r.kind == "stock" and any(c.recipe.stock_recipe == r.identifier for c in cases.values())
    )
    driver = Driver(stage, clock, stock, lambda now, who, what: None)
    driver.run()
    return Run(house, cohort, report(house, driver, cases, cohort.expected, recipes), folder, memory)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run(tmp_path_factory.mktemp("cohort"), SEED)


def test_every_patient_ends_as_the_table_says(whole: Run) -> None:
    wrong = [(row.patient, row.end, row.disposition) for row in whole.report.rows if row.as_expected is not True]
    assert not wrong
    assert len(whole.report.rows) == 25
    assert whole.report.chains_verified


def test_nothing_that_must_never_be_has_been(whole: Run) -> None:
    rows = whole.house.journal.rows("equipment")
    recipes = {recipe.identifier: recipe for recipe in shipped().values()}
    seen = Seen.of_journal(
        whole.house.journal,
        resources=[f"equipment/{name}" for name in rows],
        commands=whole.memory.all(),
        recipes=recipes,
    )
    assert list(violations(seen)) == []


def test_every_batch_verifies_offline(whole: Run) -> None:
    house = whole.house
    for batch in house.journal.rows("board"):
        data = export_batch(house.journal, house.site_keys, batch, house.clock(), None)
        found = verify(data, house.site_keys.public)
        assert found.verified, (batch, found.problems[:3])
        assert not verify(data, house.site_keys.public, expect_root="0" * 64).verified


def test_views_kept_are_views_rebuilt(whole: Run) -> None:
    journal = whole.house.journal
    before = {view.name: journal.rows(view.name) for view in PROJECTIONS}
    journal.rebuild()
    assert {view.name: journal.rows(view.name) for view in PROJECTIONS} == before


def follow(value: Any, pointer: str) -> Any:
    for part in pointer.split("/")[1:]:
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


def test_why_reaches_the_byte(whole: Run) -> None:
    house = whole.house
    row = next(row for row in whole.report.rows if row.patient == "p01")
    found = why(house, row.batch, "dose", SYSTEM)
    (given,) = [each for each in found["inputs"] if each["fact"] == "weight_kg"]
    path = whole.folder / "p01.json"
    assert hashlib.sha256(path.read_bytes()).hexdigest() == given["source_sha256"]
    assert str(follow(orjson.loads(path.read_bytes()), given["place"])) == given["value"]
    assert found["signed"]
    assert not found["stale"]


def test_a_corrected_weight_left_exactly_its_dependents_stale(whole: Run) -> None:
    house = whole.house
    row = next(row for row in whole.report.rows if row.patient == "p08")
    entries = house.journal.read(f"therapy/{row.coi}")
    types = [entry.envelope["type"] for entry in entries]
    at = types.index("FactCorrected")
    assert types[at + 1 : at + 4] == ["RecipeTailored", "DrugsWeighed", "TailoringApproved"]
    then = fold_therapy(entries[: at + 1])
    assert then.tailoring is not None
    depends = {
        name for name, each in then.tailoring.parameters.items() if "weight_kg" in {given.name for given in each.inputs}
    }
    assert then.stale == depends
    assert "cells_to_seed" not in depends
    assert then.advice and not then.stale_advice, "no drug is weighed by the weight"


def test_no_identity_stands_in_any_chain(whole: Run) -> None:
    bodies = b"".join(
        entry.body for stream in whole.house.journal.heads() for entry in whole.house.journal.read(stream)
    )
    for case in whole.cohort.cases.values():
        assert case.identity.name.encode() not in bodies
        assert case.identity.birth_date.encode() not in bodies
        for identifier in case.identity.identifiers:
            number = identifier.split("|")[-1]
            assert len(number) < 6 or number.encode() not in bodies, identifier


def test_the_same_seed_gives_the_same_record(tmp_path: Path) -> None:
    some = ("p01", "p05", "p22")
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, second = run(tmp_path / "a", 3, some), run(tmp_path / "b", 3, some)
    heads = [{name: head.hash for name, head in each.house.journal.heads().items()} for each in (first, second)]
    assert heads[0] == heads[1]


def test_erasing_health_leaves_every_chain_valid(tmp_path: Path) -> None:
    one = run(tmp_path, 11, ("p01",))
    house = one.house
    (row,) = one.report.rows
    patient = house.loop.reader.therapy(row.coi).patient
    with pytest.raises(NotAllowed, match="traceability"):
        house.vault.destroy_traceability(patient, house.clock(), None)
    house.vault.erase_health(patient)
    house.journal.erase_payloads(patient)
    assert why(house, row.batch, "dose", SYSTEM)["value"] == "erased"
    data = export_batch(house.journal, house.site_keys, row.batch, house.clock(), None)
    assert verify(data, house.site_keys.public).verified
    assert house.vault.identify(patient).name
