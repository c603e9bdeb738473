"""A house in memory with one patient's batch in quarantine, certificate issued, made by the simulation's people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from onelot.adapters.keys import make_site_keys
from onelot.adapters.memory import MemoryJournal
from onelot.adapters.recipes import shipped
from onelot.adapters.safe import MemorySafe
from onelot.app.demo import own_cohort
from onelot.app.entropy import from_seed
from onelot.app.house import House, assemble, open_journal
from onelot.app.simulation.case import Stage
from onelot.app.simulation.driver import Driver
from onelot.app.simulation.site import PLANT, Site, set_up
from onelot.app.views import PROJECTIONS
from onelot.twin.clock import SimulatedClock
from onelot.twin.memory import InMemory
from onelot.twin.world import World

PASSWORD = "four words sign me in"
PEOPLE = ("qp.plant", "operator.plant", "qa_reviewer.plant", "it.plant", "prescriber.hospital-north",
          "prescriber.hospital-south")  # fmt: skip


class Reached(Exception):
    pass


def signing(login: str) -> str:
    return from_seed(5)(f"password/{login}", 12).hex()


@dataclass
class Plant:
    """A house with a patient's batch on its way, with its clock and the driver of the simulation."""

    house: House
    number: str
    clock: SimulatedClock
    driver: Driver


def make_house(folder: Path) -> tuple[House, str]:
    """The house, and the number of the batch that waits for its release."""
    made = make_plant(folder, "certificate")
    assert made.house.loop.reader.batch(made.number).state == "quarantine"
    return made.house, made.number


def make_plant(folder: Path, until: str) -> Plant:
    """The plant just after this act of the simulation, e.g. `batch planned`, `start select`."""
    entropy, recipes = from_seed(5), tuple(shipped().values())
    cohort = own_cohort(folder / "cohort", 1, recipes)
    calm = {key: case for key, case in cohort.cases.items() if case.recipe.name == "cd19-per-kg"}
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
    reached: list[str] = []

    def tell(now: datetime, who: str, what: str) -> None:
        if what == until:
            reached.append(who)
            raise Reached

    stage = Stage(site, World(1, {}), InMemory(), dict(list(calm.items())[:1]), clock.now)
    driver = Driver(stage, clock, (), tell)
    try:
        driver.run()
    except Reached:
        therapy = stage.therapy_of(calm[reached[0]])
        assert therapy is not None
        batch = stage.batch_of(therapy)
        assert batch is not None
        return Plant(house, batch.batch, clock, driver)
    raise AssertionError([driver.waiting_for(key) for key in calm])
