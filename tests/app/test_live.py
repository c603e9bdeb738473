"""The simulation beside the server: the same record at any pace, and people who act in between."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from onelot.adapters.keys import make_site_keys
from onelot.adapters.memory import MemoryJournal
from onelot.adapters.recipes import shipped
from onelot.adapters.safe import MemorySafe
from onelot.app.commands.release import OpenDeviation
from onelot.app.demo import own_cohort, tour_case
from onelot.app.entropy import from_seed
from onelot.app.house import assemble, open_journal
from onelot.app.simulation.case import Stage
from onelot.app.simulation.driver import Driver
from onelot.app.simulation.live import Live
from onelot.app.simulation.pace import Pace
from onelot.app.simulation.site import PLANT, Site, set_up
from onelot.app.views import PROJECTIONS
from onelot.twin.clock import SimulatedClock
from onelot.twin.memory import InMemory
from onelot.twin.world import World

SEED = 5


def signing(login: str) -> str:
    return from_seed(SEED)(f"password/{login}", 12).hex()


def driver_of(folder: Path, *, patients: int = 1) -> Driver:
    entropy, recipes = from_seed(SEED), tuple(shipped().values())
    cohort = own_cohort(folder / "cohort", SEED, recipes)
    cases = [(key, case) for key, case in cohort.cases.items() if case.recipe.name == "cd19-per-kg"][:patients]
    journal, keys, clock = MemoryJournal(PROJECTIONS), make_site_keys(entropy), SimulatedClock(cohort.starts_at)
    open_journal(
        journal, mode="simulation", site=PLANT, site_keys=keys, now=clock.now(), administrator="root",
        printed_name="Root",
    )  # fmt: skip
    house = assemble(
        journal=journal, safe=MemorySafe(), site_keys=keys, site=PLANT, clock=clock.now, entropy=entropy,
        seals=folder / "seals",
    )  # fmt: skip
    house.enrol("root", signing("root"), house.loop.actor("root"))
    site = Site(house, signing, "root")
    set_up(site, recipes, clock.now())
    stage = Stage(site, World(SEED, {}), InMemory(), dict(cases), clock.now)
    return Driver(stage, clock, (), lambda *_: None)


def wait_for(what: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.02)


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    driver = driver_of(tmp_path)
    tour, file = tour_case(tmp_path / "tour", SEED, driver.clock.now(), tuple(shipped().values()))
    found = Live(driver, Pace(driver.clock, "all", paused=True), tour, file)
    found.start()
    yield found
    found.stop()
    assert not found.failed


def heads(driver: Driver) -> dict[str, str]:
    return {name: head.hash.hex() for name, head in driver.stage.site.house.whole.heads().items()}


def test_the_record_is_the_same_at_any_pace(tmp_path: Path) -> None:
    at_once = driver_of(tmp_path / "a")
    at_once.run()
    slow = driver_of(tmp_path / "b")
    # A day in a few milliseconds, but in ticks, paused and stepped on the way.
    beside = Live(slow, Pace(slow.clock, "day"))
    beside.start()
    wait_for(lambda: beside.acts > 3)
    beside.pace.pause()
    beside.pace.step()
    beside.pace.hop(timedelta(hours=5))
    beside.pace.choose("all")
    beside.pace.go_on()
    wait_for(lambda: beside.over)
    beside.stop()
    assert heads(slow) == heads(at_once) and not beside.failed


def test_paused_nothing_happens_and_a_step_is_one_act(live: Live) -> None:
    house, before = live.driver.stage.site.house, heads(live.driver)
    now = house.clock()
    time.sleep(0.3)
    assert heads(live.driver) == before and house.clock() == now
    live.pace.step()
    wait_for(lambda: live.acts == 1)
    time.sleep(0.3)
    assert live.acts == 1 and len(house.whole.rows("therapies")) == 1 and live.lines[0].what == "order"


def test_a_hop_is_as_long_as_it_says(live: Live) -> None:
    now = live.pace.clock.now()
    live.pace.hop(timedelta(days=1))
    wait_for(lambda: live.pace.clock.now() >= now + timedelta(days=1))
    assert live.pace.clock.now() == now + timedelta(days=1) and live.acts


def test_people_act_in_between_and_the_cohort_goes_on(live: Live) -> None:
    house = live.driver.stage.site.house
    live.pace.choose("day")
    live.pace.go_on()
    wait_for(lambda: bool(house.whole.rows("board")))
    number = next(iter(house.whole.rows("board")))
    for n in range(5):
        house.loop.handle(OpenDeviation(number, "minor", f"seen by a visitor {n}", "looked at"),
                          house.loop.actor("operator.plant"))  # fmt: skip
        house.run_effects()
    live.pace.choose("all")
    wait_for(lambda: live.over)
    whole = [entry.envelope for entry in house.whole.read(f"batch/{number}")]
    assert sum(str(each["data"].get("what", "")).startswith("seen by a visitor") for each in whole) == 5
    assert house.loop.reader.batch(number).state in ("administered", "rejected", "terminated")


def test_the_tour_s_patient_moves_only_when_lent(live: Live) -> None:
    stage = live.driver.stage
    assert live.tour is not None
    live.pace.go_on()
    wait_for(lambda: live.over)
    assert stage.therapy_of(live.tour) is None
    live.pace.pause()
    live.lend(lambda: (found := stage.therapy_of(live.tour)) is not None and bool(found.consent))  # type: ignore[arg-type]
    wait_for(lambda: not live.lent)
    therapy = stage.therapy_of(live.tour)
    assert therapy is not None and therapy.consent and not therapy.facts
    time.sleep(0.3)
    again = stage.therapy_of(live.tour)
    assert again is not None and again.seq == therapy.seq
