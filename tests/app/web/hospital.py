"""A house in memory with one patient, made by the simulation's people up to an act; and a browser for its pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from onelot.adapters.keys import make_site_keys
from onelot.adapters.memory import MemoryJournal
from onelot.adapters.recipes import shipped
from onelot.adapters.safe import MemorySafe
from onelot.app.demo import own_cohort
from onelot.app.entropy import from_seed
from onelot.app.house import House, assemble, open_journal
from onelot.app.simulation.case import Case, Stage
from onelot.app.simulation.driver import Driver
from onelot.app.simulation.site import PLANT, Site, set_up
from onelot.app.views import PROJECTIONS
from onelot.record.subjects import Batch, Therapy
from onelot.twin.clock import SimulatedClock
from onelot.twin.memory import InMemory
from onelot.twin.world import World
from tests.app.web.plant import PASSWORD, Reached, signing
from tests.app.web.test_screens import SIGN_IN, Browser, Page


@dataclass
class Hospital:
    """The house, its clock, the case, and who plays it."""

    house: House
    clock: SimulatedClock
    case: Case
    stage: Stage
    folder: Path

    @property
    def therapy(self) -> Therapy:
        found = self.stage.therapy_of(self.case)
        assert found is not None
        return found

    @property
    def batch(self) -> Batch:
        found = self.stage.batch_of(self.therapy)
        assert found is not None
        return found

    @property
    def other(self) -> str:
        return "hospital-south" if self.case.hospital == "hospital-north" else "hospital-north"

    def browser(self, role: str, site: str = "", looks: Path | None = None) -> Browser:
        login = f"{role}.{site or self.case.hospital}"
        SIGN_IN.set_password(login, PASSWORD)
        browser = Browser(self.house, looks)
        assert browser.sign_in(login).status_code == 303
        return browser

    def password(self, role: str, site: str = "") -> str:
        return signing(f"{role}.{site or self.case.hospital}")


def reach(folder: Path, until: Callable[[str], bool] | None) -> Hospital:
    """The house with its case as it stands after the first act that `until` says; None: before the order."""
    entropy, recipes = from_seed(5), tuple(shipped().values())
    cohort = own_cohort(folder / "cohort", 1, recipes)
    calm = {key: case for key, case in cohort.cases.items() if case.recipe.name == "cd19-per-kg"}
    key, case = next(iter(calm.items()))
    journal, keys, clock = MemoryJournal(PROJECTIONS), make_site_keys(entropy), SimulatedClock(cohort.starts_at)
    open_journal(
        journal, mode="simulation", site=PLANT, site_keys=keys, now=clock.now(), administrator="root",
        printed_name="Root",
    )  # fmt: skip
    house = assemble(
        journal=journal, safe=MemorySafe(), site_keys=keys, site=PLANT, clock=clock.now, entropy=entropy,
        seals=folder / "seals", looks=folder / "looks.jsonl",
    )  # fmt: skip
    house.enrol("root", signing("root"), house.loop.actor("root"))
    site = Site(house, signing, "root")
    set_up(site, recipes, clock.now())

    def tell(now: datetime, who: str, what: str) -> None:
        if until is not None and until(what):
            raise Reached

    stage = Stage(site, World(1, {}), InMemory(), {key: case}, clock.now)
    if until is None:
        clock.advance(max(clock.now(), case.starts_at + timedelta(hours=1)))
    else:
        try:
            Driver(stage, clock, (), tell).run()
        except Reached:
            return Hospital(house, clock, case, stage, folder)
        raise AssertionError("the act never came")
    return Hospital(house, clock, case, stage, folder)


def send(browser: Browser, path: str, page: Page, files: Any = None, **fields: Any) -> Any:
    """Send a form of this page with these fields, under its own name."""
    carried = {name: page.fields[name] for name in ("csrf", "once", "seen") if name in page.fields}
    # The head's form to sign out carries a token too; the page's own stand after it.
    return browser.send("POST", path, data={**carried, **fields}, files=files)
