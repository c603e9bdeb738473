"""A few patients of our own cohort taken to their end in memory, and the exports of their batches."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from onelot.adapters.keys import make_site_keys
from onelot.adapters.memory import MemoryJournal
from onelot.adapters.recipes import shipped
from onelot.adapters.safe import MemorySafe
from onelot.app.demo import ADMINISTRATOR, STOCK_AHEAD, Demo, own_cohort
from onelot.app.entropy import from_seed
from onelot.app.export import export_batch
from onelot.app.house import SIMULATION, House, assemble, open_journal
from onelot.app.simulation.case import Stage
from onelot.app.simulation.driver import Driver
from onelot.app.simulation.site import PLANT, Site, set_up
from onelot.app.views import PROJECTIONS
from onelot.twin.clock import SimulatedClock
from onelot.twin.memory import InMemory
from onelot.twin.world import World

SEED = 7


@dataclass(frozen=True)
class Driven:
    """A house whose patients have come to their end."""

    demo: Demo
    key: str
    batches: tuple[str, ...]

    @property
    def house(self) -> House:
        return self.demo.house

    def export(self, batch: str) -> bytes:
        house = self.house
        return export_batch(house.journal, house.site_keys, batch, house.clock(), None)


def house_in_memory(now: SimulatedClock, seed: int = SEED) -> tuple[House, Site]:
    """An opened simulation house with its first administrator's key; nothing else is known yet."""
    entropy = from_seed(seed)
    journal = MemoryJournal(PROJECTIONS)
    keys = make_site_keys(entropy)
    open_journal(
        journal,
        mode=SIMULATION,
        site=PLANT,
        site_keys=keys,
        now=now.now(),
        administrator=ADMINISTRATOR,
        printed_name="Demo Administrator",
    )
    house = assemble(journal=journal, safe=MemorySafe(), site_keys=keys, site=PLANT, clock=now.now, entropy=entropy)
    return house, Site(house, lambda login: entropy(f"password/{login}", 12).hex(), ADMINISTRATOR)


class Enough(Exception):
    """Told by the driver's listener that the patients have come as far as wanted."""


def stage_of(patients: tuple[str, ...], seed: int = SEED, until: Callable[[Stage], bool] | None = None) -> Driven:
    """Set a house up for these patients and take them to their end, or until `until` says after an act."""
    recipes = tuple(shipped().values())
    folder = TemporaryDirectory()  # until the end: a genome is read on the way
    found = own_cohort(Path(folder.name), seed, recipes)
    found = replace(found, cases={key: found.cases[key] for key in patients})
    wanted = {case.recipe.identifier for case in found.cases.values()}
    wanted |= {case.recipe.stock_recipe for case in found.cases.values()}
    recipes = tuple(recipe for recipe in recipes if recipe.identifier in wanted)
    starts_at = found.starts_at - STOCK_AHEAD
    clock = SimulatedClock(starts_at)
    house, site = house_in_memory(clock, seed)
    set_up(site, recipes, starts_at)
    stage = Stage(site, World(seed, found.faults), InMemory(), found.cases, clock.now)
    stock = tuple(recipe for recipe in recipes if recipe.kind == "stock")

    def tell(*_: object) -> None:
        if until is not None and until(stage):
            raise Enough

    demo = Demo(house, Driver(stage, clock, stock, tell), found, recipes)
    with folder, suppress(Enough):
        demo.run()
    batches = tuple(
        batch.batch
        for case in found.cases.values()
        if (therapy := stage.therapy_of(case)) and (batch := stage.batch_of(therapy))
    )
    return Driven(demo, house.site_keys.public, batches)


def drive(patients: tuple[str, ...], seed: int = SEED) -> Driven:
    """Take these patients of our own cohort from order to their end."""
    return stage_of(patients, seed)


# A dose per kg, a wrong bag scanned at the bedside, and a kit made of stock.
PATIENTS = ("p01", "p07", "p20")


@cache
def driven() -> Driven:
    """Two CAR-T patients and one who gets a vector made for stock; once per process."""
    return drive(PATIENTS)
