"""A simulated house in memory, with a few patients of our own cohort on their way or at their end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from onelot.adapters.keys import make_site_keys
from onelot.adapters.memory import MemoryJournal
from onelot.adapters.recipes import shipped
from onelot.adapters.safe import MemorySafe
from onelot.app import demo
from onelot.app.entropy import from_seed
from onelot.app.house import SIMULATION, assemble, open_journal
from onelot.app.simulation.case import Stage
from onelot.app.simulation.driver import Driver
from onelot.app.simulation.site import PLANT, Site, set_up
from onelot.app.views import PROJECTIONS
from onelot.twin.clock import SimulatedClock
from onelot.twin.memory import InMemory
from onelot.twin.world import World

Populate = Callable[..., Driver]


class Enough(Exception):
    """Raised by a test's `tell` to stop a run where the test wants to look."""


def populated(folder: Path, *patients: str, until: str = "") -> Driver:
    """A house in memory with these patients, run to the end or until an act (`act` or `patient: act`) was done."""
    recipes = tuple(shipped().values())
    cohort = demo.own_cohort(folder, 7, recipes)
    cases = {key: case for key, case in cohort.cases.items() if key in patients}
    entropy = from_seed(7)
    clock = SimulatedClock(cohort.starts_at - demo.STOCK_AHEAD)
    keys, journal = make_site_keys(entropy), MemoryJournal(PROJECTIONS)
    open_journal(
        journal,
        mode=SIMULATION,
        site=PLANT,
        site_keys=keys,
        now=clock.now(),
        administrator="administrator",
        printed_name="Demo Administrator",
    )
    house = assemble(journal=journal, safe=MemorySafe(), site_keys=keys, site=PLANT, clock=clock.now, entropy=entropy)
    site = Site(house, lambda login: entropy(f"password/{login}", 12).hex(), "administrator")
    house.enrol("administrator", site.password_of("administrator"), house.loop.actor("administrator"))
    set_up(site, recipes, clock.now())
    stage = Stage(site, World(7, cohort.faults), InMemory(), cases, clock.now)

    def tell(now: object, patient: str, what: str) -> None:
        if until in (what, f"{patient}: {what}"):
            raise Enough

    driver = Driver(stage, clock, (), tell)
    try:
        driver.run()
        assert not until, f"nobody came to {until}"
    except Enough:
        pass
    return driver


@pytest.fixture
def populate(tmp_path: Path) -> Populate:
    """Gives `populated` with a folder of its own."""

    def give(*patients: str, until: str = "") -> Driver:
        return populated(tmp_path, *patients, until=until)

    return give
