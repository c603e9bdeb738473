"""Bookings follow the signed network in force: which site, which plant, which days; each cites what it was held to."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from onelot.app.commands import masters, plan
from onelot.app.networks import in_force
from onelot.app.simulation import site as sites
from onelot.app.simulation.case import Stage
from onelot.app.simulation.networks import SimulatedNetwork, simulated_networks
from onelot.app.simulation.site import PLANT, Site
from onelot.record.errors import BadInput, Held, NotAllowed, Refused
from onelot.record.subjects import Therapy
from tests.app.commands.conftest import Populate
from tests.record.cohort import stage_of

NORTH = "hospital-north"
CELLS = "network/cells"


def document(**changes: Any) -> dict[str, Any]:
    cells = next(each for each in simulated_networks() if each.name == CELLS)
    return {**cells.document(date(2026, 7, 9)), **changes}


def register(site: Site, version: str, found: Any, name: str = CELLS, by: str = "process_engineer") -> None:
    text = found if isinstance(found, str) else json.dumps(found)
    site.give(masters.RegisterDocument(name, "network", "another", version, text), by, PLANT)


def approve(site: Site, version: str, effective: datetime, name: str = CELLS) -> None:
    site.give(masters.ApproveDocument(name, version, effective), "qa_reviewer", PLANT)


def book(site: Site, coi: str, purpose: str, at: str, now: datetime, hours: int = 6, **more: Any) -> dict[str, Any]:
    kind = {"collection": "apheresis", "manufacture": "suite", "bedside": "bedside"}[purpose]
    return site.give(plan.BookSlots(coi, purpose, kind, at, now, hours, **more), "planner", PLANT).answer


def only_therapy(site: Site) -> Therapy:
    (coi,) = site.rows("therapies")
    return site.house.loop.reader.therapy(coi)


def without(found: dict[str, Any], where: str) -> dict[str, Any]:
    """The network without what a hospital needs to be served."""
    found = deepcopy(found)
    for lane in found["lanes_in"]:
        lane["served"] = lane["site"] != where
    return found


def test_a_booking_cites_the_signed_version_it_was_held_to(populate: Populate) -> None:
    driver = populate("p01", until="batch planned")
    site, therapy = driver.stage.site, only_therapy(driver.stage.site)
    journal = site.house.journal
    approval = journal.read(f"document/{CELLS}/1")[1]
    assert approval.envelope["type"] == "DocumentApproved" and approval.signed is not None
    assert [slot.network for slot in therapy.slots] == [approval.cite, approval.cite]
    assert [slot.site for slot in therapy.slots] == [NORTH, PLANT]
    (number,) = site.rows("board")
    (planned, *_) = journal.read(f"batch/{number}")
    assert planned.envelope["data"]["network"] == {
        "stream": f"document/{CELLS}/1", "seq": 2, "hash": approval.hash.hex()
    }  # fmt: skip


def test_a_site_that_nobody_serves_is_refused(populate: Populate) -> None:
    driver = populate("p01", until="sign the tailoring")
    site, now = driver.stage.site, driver.clock.now()
    register(site, "2", without(document(), NORTH))
    approve(site, "2", now)
    coi = only_therapy(site).coi
    with pytest.raises(Refused, match="no plant makes for hospital-north") as refusal:
        book(site, coi, "collection", NORTH, now)
    assert refusal.value.rule == f"signed network {CELLS}/2: lanes_in" and refusal.value.remedy
    with pytest.raises(Refused, match="treated at hospital-north"):
        book(site, coi, "collection", "hospital-south", now)


def test_a_newer_version_affects_new_bookings_only(populate: Populate) -> None:
    driver = populate("p01", until="collection booked")
    site, now = driver.stage.site, driver.clock.now()
    therapy = only_therapy(site)
    register(site, "2", without(document(), NORTH))
    tomorrow = now + timedelta(days=1)
    approve(site, "2", tomorrow)
    assert in_force(site.house.loop.reader, "cd19-per-kg", now).name == f"{CELLS}/1"  # type: ignore[union-attr]
    driver.clock.advance(tomorrow)
    assert in_force(site.house.loop.reader, "cd19-per-kg", tomorrow).name == f"{CELLS}/2"  # type: ignore[union-attr]
    # The booked collection stands, and moves under the version it was made by; the next booking is held to the new.
    move = plan.MoveSlot(therapy.coi, "collection", tomorrow + timedelta(days=1), 6, "the unit is out of order")
    site.give(move, "planner", PLANT)
    (slot,) = only_therapy(site).slots
    assert slot.network is not None and slot.network.stream == f"document/{CELLS}/1"
    with pytest.raises(Refused, match="does not make for hospital-north"):
        book(site, therapy.coi, "manufacture", PLANT, tomorrow, 24)


def test_times_no_lane_can_meet_are_refused(populate: Populate) -> None:
    driver = populate("p01", until="collection booked")
    site, now = driver.stage.site, driver.clock.now()
    coi, collected = only_therapy(site).coi, only_therapy(site).slots[0].starts_at.date()
    # Asked for too early, the window is the first that the lane allows.
    answer = book(site, coi, "manufacture", PLANT, now, 24)
    assert answer["starts_at"].date() == collected + timedelta(days=1) and answer["days"] == 25
    with pytest.raises(Refused, match="would wait") as refusal:
        book(site, coi, "manufacture", PLANT, now + timedelta(days=30), 24)
    assert refusal.value.rule.endswith("storage_days_max")
    with pytest.raises(Refused, match="longer than the 15 days"):
        book(site, coi, "manufacture", PLANT, now, 16 * 24)
    with pytest.raises(Refused, match="at the earliest"):
        book(site, coi, "bedside", NORTH, now, not_after=now + timedelta(days=10))
    assert book(site, coi, "bedside", NORTH, now)["starts_at"].date() >= collected + timedelta(days=24)
    register(site, "2", document(limit_days=30, storage_days_max=100))
    approve(site, "2", driver.clock.now())
    with pytest.raises(Refused, match="the limit is 30 days") as refusal:
        book(site, coi, "manufacture", PLANT, now + timedelta(days=20), 24)
    assert refusal.value.rule == f"signed network {CELLS}/2: limit_days"
    with pytest.raises(Refused, match="no class"):
        book(site, coi, "manufacture", PLANT, now, 24, urgency="urgent")


def test_a_plant_the_network_does_not_know_is_refused(populate: Populate) -> None:
    driver = populate("p01", until="collection booked")
    site, now = driver.stage.site, driver.clock.now()
    found = json.loads(json.dumps(document()).replace('"plant": "plant"', '"plant": "other"'))
    found["plants"][0]["id"] = "other"
    register(site, "2", found)
    approve(site, "2", now)
    with pytest.raises(Refused, match="plant is no plant of this network"):
        book(site, only_therapy(site).coi, "manufacture", PLANT, now, 24)
    with pytest.raises(Refused, match="plant is no plant of this network"):
        site.give(plan.PlanBatch("B-1", PLANT, coi=only_therapy(site).coi), "planner", PLANT)


def test_a_batch_waits_until_a_moved_collection_and_its_slot_meet_again(populate: Populate) -> None:
    driver = populate("p01", until="collection booked")
    site, now = driver.stage.site, driver.clock.now()
    coi = only_therapy(site).coi
    book(site, coi, "manufacture", PLANT, now, 24)
    site.give(plan.MoveSlot(coi, "collection", now + timedelta(days=9), 6, "the patient has a fever"), "planner", PLANT)
    with pytest.raises(Refused, match="at the earliest"):
        site.give(plan.PlanBatch("B-1", PLANT, coi=coi), "planner", PLANT)
    site.give(plan.MoveSlot(coi, "manufacture-1", now, 24, "follows the collection"), "planner", PLANT)
    site.give(plan.PlanBatch("B-1", PLANT, coi=coi), "planner", PLANT)


def test_a_withdrawn_network_holds_until_another_is_signed(populate: Populate) -> None:
    driver = populate("p01", until="sign the tailoring")
    site, now = driver.stage.site, driver.clock.now()
    coi = only_therapy(site).coi
    site.give(masters.WithdrawDocument(CELLS, "1", "the lane is closed"), "qa_reviewer", PLANT)
    with pytest.raises(Held, match="withdrawn"):
        book(site, coi, "collection", NORTH, now)
    register(site, "2", document())
    with pytest.raises(Held, match="withdrawn"):
        book(site, coi, "collection", NORTH, now)
    approve(site, "2", now)
    assert book(site, coi, "collection", NORTH, now)["network"] == f"{CELLS}/2"


def test_without_a_network_nothing_is_asked(populate: Populate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sites, "simulated_networks", lambda: ())
    driver = populate("p01", until="batch planned")
    site = driver.stage.site
    assert [slot.network for slot in only_therapy(site).slots] == [None, None]
    assert in_force(site.house.loop.reader, "cd19-per-kg", driver.clock.now()) is None
    # One for another recipe changes nothing, nor does one that is not approved.
    register(site, "1", document(recipes=["cd34-edited"]))
    approve(site, "1", driver.clock.now())
    register(site, "2", without(document(), NORTH))
    assert "network" not in book(site, only_therapy(site).coi, "collection", NORTH, driver.clock.now())


@pytest.mark.parametrize(
    ("found", "place"),
    [
        ({"kind": "onelot.network/1"}, "$.limit_days"),
        (document(plants=[]), "$.plants"),
        (without(without(document(), NORTH), "x") | {"lanes_out": []}, "$.lanes_in[0]"),
        ("{", "line 1, column 2"),
        ("[]", "$"),
    ],
)
def test_a_network_that_is_not_valid_is_not_registered(populate: Populate, found: Any, place: str) -> None:
    site = populate("p01", until="order").stage.site
    with pytest.raises(BadInput) as refusal:
        register(site, "2", found)
    assert refusal.value.place == place
    assert f"{CELLS}/2" not in site.rows("documents")


def test_nobody_signs_a_network_of_their_own(populate: Populate) -> None:
    driver = populate("p01", until="order")
    site = driver.stage.site
    administrator = site.house.loop.actor("administrator")
    roles = masters.RegisterPerson("both", "Both Roles", ("process_engineer", "qa_reviewer"), (PLANT,))
    site.house.loop.handle(roles, administrator)
    site.house.enrol("both", site.password_of("both"), administrator)
    actor, password = site.house.loop.actor("both"), site.password_of("both")
    command = masters.RegisterDocument(CELLS, "network", "mine", "2", json.dumps(document()))
    site.house.loop.handle(command, actor)
    with pytest.raises(NotAllowed, match="second person"):
        site.house.loop.handle(masters.ApproveDocument(CELLS, "2", driver.clock.now()), actor, password)


@dataclass(frozen=True)
class Narrow(SimulatedNetwork):
    """A simulated network with so many lines, and no hurry."""

    lines: int = 1

    def document(self, starts_on: date) -> dict[str, Any]:
        found = super().document(starts_on)
        plants = [{**plant, "lines": self.lines} for plant in found["plants"]]
        return {**found, "plants": plants, "limit_days": 365, "storage_days_max": 300}


def narrow(lines: int) -> list[SimulatedNetwork]:
    return [Narrow(**vars(each), lines=lines) for each in simulated_networks()]


def test_a_plant_never_holds_more_than_its_lines(populate: Populate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sites, "simulated_networks", lambda: narrow(2))
    driver = populate("p01", "p02", "p05", "p10", "p12", until="")
    site, reader = driver.stage.site, driver.stage.site.house.loop.reader
    starts = [
        slot.starts_at.date()
        for coi in site.rows("therapies")
        for slot in reader.therapy(coi).slots
        if slot.purpose.startswith("manufacture")
    ]
    held = Counter(start + timedelta(days=n) for start in starts for n in range(15))
    assert len(starts) == 5 and max(held.values()) == 2


def test_two_who_ask_at_once_do_not_take_the_same_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sites, "simulated_networks", lambda: narrow(1))

    def both_booked(stage: Stage) -> bool:
        therapies = [stage.therapy_of(case) for case in stage.cases.values()]
        return all(each is not None and len(each.slots) == 1 for each in therapies)

    stage = stage_of(("p01", "p14"), until=both_booked).demo.driver.stage
    cois = list(stage.site.rows("therapies"))
    assert len(cois) == 2 and both_booked(stage)
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda coi: book(stage.site, coi, "manufacture", PLANT, stage.now, 300), cois))
    first, second = sorted(each["starts_at"].date() for each in found)
    assert second - first >= timedelta(days=15)
