"""Keys that are gone stay gone everywhere, nobody replaces a colleague's key, and nobody books at a foreign site."""

from __future__ import annotations

from decimal import Decimal

import pytest

from onelot.adapters.safe import MemorySafe
from onelot.adapters.vault import Identity, Vault
from onelot.app.commands import make, masters, order, plan
from onelot.app.entropy import from_system
from onelot.app.simulation.site import PLANT
from onelot.record.errors import Erased, NotAllowed
from tests.app.commands.conftest import Populate

NORTH, SOUTH = "hospital-north", "hospital-south"


def test_another_process_forgets_an_erased_key() -> None:
    safe, key = MemorySafe(), from_system("", 32)
    here, there = Vault(safe, key, from_system), Vault(safe, key, from_system)
    here.admit("p-1", Identity("Ann", "2000-01-01", ("id|1",)))
    sealed, payload = there.seal("p-1", Decimal(70), "weight")
    assert there.open(sealed, payload) == 70
    here.erase_health("p-1")
    with pytest.raises(Erased):
        there.open(sealed, payload)
    with pytest.raises(Erased):
        there.seal("p-1", Decimal(71), "again")


def test_nobody_replaces_a_colleagues_key(populate: Populate) -> None:
    site = populate("p01", until="order").stage.site
    house = site.house
    operator, victim = site.actor("operator", PLANT), site.actor("qp", PLANT).id.removeprefix("person/")
    with pytest.raises(NotAllowed):
        house.enrol(victim, "mine now", operator)
    house.people_keys.open(victim, site.password_of(victim))


def test_a_site_keeps_its_key(populate: Populate) -> None:
    house = populate("p01", until="order").stage.site.house
    before = house.journal.rows("sites")[PLANT]
    with pytest.raises(NotAllowed, match="registered already"):
        house.loop.handle(masters.RegisterSite(PLANT, "Plant", "manufacturing"), house.loop.actor("administrator"))
    assert house.journal.rows("sites")[PLANT] == before


def test_unknown_and_foreign_look_alike(populate: Populate) -> None:
    site = populate("p01", until="order").stage.site
    (coi,) = site.rows("therapies")
    said = []
    for number in (coi, "0" * 13):
        with pytest.raises(NotAllowed) as refused:
            site.give(order.AddAlias(number, "x", "1"), "clinic_coordinator", SOUTH)
        said.append(str(refused.value).replace(number, "N"))
    assert said[0] == said[1]


def test_nobody_plans_at_a_foreign_site(populate: Populate) -> None:
    driver = populate("p01", until="collection booked")
    site = driver.stage.site
    (coi,) = site.rows("therapies")
    for command in (
        plan.PlanBatch("B-1", "elsewhere", coi=coi),
        plan.BookSlots(coi, "collection", "apheresis", "elsewhere", driver.clock.now(), 6),
    ):
        with pytest.raises(NotAllowed, match="no site"):
            site.give(command, "planner", PLANT)


def test_the_last_administrator_stays(populate: Populate) -> None:
    house = populate("p01", until="order").stage.site.house
    administrator = house.loop.actor("administrator")
    with pytest.raises(NotAllowed, match="last user administrator"):
        house.loop.handle(masters.RemovePerson("administrator", "bye"), administrator)
    house.loop.handle(masters.RegisterPerson("second", "Second", ("user_administrator",), ("*",)), administrator)
    house.loop.handle(masters.RemovePerson("administrator", "bye"), administrator)


def test_a_phase_runs_on_equipment_of_the_batchs_site(populate: Populate) -> None:
    site = populate("p01", until="batch planned").stage.site
    (number,) = site.rows("board")
    with pytest.raises(NotAllowed, match="no equipment"):
        site.give(make.StartPhase(number, "select", f"apheresis-1@{NORTH}"), "operator", PLANT)
