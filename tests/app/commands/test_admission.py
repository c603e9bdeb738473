"""Nothing reaches a handler that is malformed, verified by nobody, or asked for by somebody who has left."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from onelot.app.commands import Command, collect, lots, masters, order
from onelot.app.simulation.driver import Driver
from onelot.app.simulation.site import PLANT, person
from onelot.record.errors import BadInput, Conflict, NotAllowed
from tests.app.commands.conftest import Populate

NORTH, SOUTH = "hospital-north", "hospital-south"


def _events(driver: Driver) -> int:
    return sum(head.seq for head in driver.stage.site.house.journal.heads().values())


@pytest.fixture
def scheduled(populate: Populate) -> Driver:
    return populate("p01", until="collection booked")


def _lot(driver: Driver) -> lots.ReceiveLot:
    expires = driver.clock.now() + timedelta(days=100)
    return lots.ReceiveLot("L-1", "medium", "S-1", "0" * 64, Decimal(1), "mL", expires)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", Decimal("NaN")),
        ("amount", Decimal("Infinity")),
        ("amount", Decimal(-1)),
        ("expires_at", datetime(2030, 1, 1)),
        ("expires_at", datetime.fromisoformat("9000-01-01T00:00:00+00:00")),
        ("supplier_lot", "x" * 1_000_000),
        ("supplier_lot", "a\x00b"),
        ("lot", "a/b"),
        ("lot", "a b"),
    ],
)
def test_a_malformed_field_is_refused_and_nothing_is_written(scheduled: Driver, field: str, value: object) -> None:
    command: Command = replace(_lot(scheduled), **{field: value})  # type: ignore[arg-type]
    before = _events(scheduled)
    with pytest.raises(BadInput):
        scheduled.stage.site.give(command, "operator", PLANT)
    assert _events(scheduled) == before
    scheduled.stage.site.give(_lot(scheduled), "operator", PLANT)
    assert _events(scheduled) == before + 1


@pytest.mark.parametrize(
    "verifier",
    [
        "",
        "Somebody",
        "person/nobody",
        person("collection", NORTH),
        person("collection", SOUTH, 2),
        person("bedside_nurse", NORTH),
    ],
)
def test_a_second_person_is_another_fit_person_of_the_site(scheduled: Driver, verifier: str) -> None:
    site = scheduled.stage.site
    (coi,) = site.rows("therapies")
    scans = {"wristband": coi, "bag": coi}
    command = collect.RecordCollection(coi, "D-1", ("D-1-A",), scheduled.clock.now(), (), scans, verifier)
    before = _events(scheduled)
    with pytest.raises(NotAllowed, match="second person|cannot verify"):
        site.give(command, "collection", NORTH)
    assert _events(scheduled) == before


def test_a_session_ends_with_the_person(scheduled: Driver) -> None:
    site = scheduled.stage.site
    (coi,) = site.rows("therapies")
    session = site.actor("clinic_coordinator", NORTH)
    loop, administrator = site.house.loop, site.house.loop.actor("administrator")
    loop.handle(masters.RemovePerson(session.id.removeprefix("person/"), "left"), administrator)
    with pytest.raises(NotAllowed, match="may not act"):
        loop.handle(order.AddAlias(coi, "hospital", "1"), session)


def test_time_only_goes_on(scheduled: Driver) -> None:
    site = scheduled.stage.site
    (coi,) = site.rows("therapies")
    loop, actor = site.house.loop, site.actor("clinic_coordinator", NORTH)
    loop.clock = lambda: scheduled.clock.now() - timedelta(days=400)
    with pytest.raises(Conflict, match="clock"):
        loop.handle(order.AddAlias(coi, "hospital", "1"), actor)
