"""Houses in memory in the states that pages are looked at in, and where in them each page of the screens stands."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path

import httpx

from onelot.adapters.recipes import shipped
from onelot.adapters.safe import MemorySafe
from onelot.app.api.application import create_app
from onelot.app.api.courier import make_link
from onelot.app.commands.lots import ReceiveLot
from onelot.app.commands.masters import RegisterPerson
from onelot.app.commands.release import OpenDeviation, RejectBatch
from onelot.app.commands.stops import RefuseCollectionScan
from onelot.app.demo import tour_case
from onelot.app.house import House
from onelot.app.sign_in import SignIn
from onelot.app.simulation.driver import Driver
from onelot.app.simulation.live import Live
from onelot.app.simulation.networks import simulated_networks
from onelot.app.simulation.pace import Pace
from onelot.app.simulation.site import PLANT
from onelot.record.errors import Mismatch
from onelot.record.identity import make_identifier
from onelot.record.subjects import Batch, Therapy
from onelot.twin.clock import SimulatedClock
from tests.app.commands.conftest import populated
from tests.app.web.hospital import Hospital, reach
from tests.app.web.plant import PASSWORD, make_plant, signing
from tests.app.web.test_screens import QUICK
from tests.app.web.test_screens import Page as Form
from tests.browser.conftest import serving

LONG_NAME = "Dr. med. Maximiliane-Friederike Freifrau von Hohenstein-Waldburg zu Oberndorf 3"
LONG_LOT = "LOT-ACTIVATION-REAGENT-CD3-CD28-COLLOIDAL-2026-11-22-SUPPLIER-BATCH-0000000000000017-REPACKED"
SENTENCE = (
    "The temperature of incubator 7 was above its alert limit for eleven minutes while the door seal was exchanged "
    "by the maintenance contractor; the culture stood in it during that time"
)


@dataclass
class Prepared:
    """A house that is served. url: its address; end: stops the server; login: of a role at the site of the case."""

    house: House
    desk: SignIn
    hospital: str
    therapy: Therapy | None = None
    batch: Batch | None = None
    live: Live | None = None
    more: dict[str, str] = field(default_factory=dict)

    @cached_property
    def _served(self) -> tuple[str, Callable[[], None]]:
        return serving(create_app(self.house, self.desk, live=self.live))

    @property
    def url(self) -> str:
        return self._served[0]

    def end(self) -> None:
        if "_served" in self.__dict__:
            self._served[1]()
        if self.live is not None:
            self.live.stop()

    def login(self, role: str) -> str:
        """Somebody with this role: at the plant, or at the hospital of the case."""
        people = self.house.journal.rows("people")
        named = (f"{role}.{PLANT}", f"{role}.{self.hospital}", role, *people)
        return next(each for each in named if each in people and (each == role or role in people[each]["roles"]))

    def at(self, address: str) -> str:
        """An address with its blanks filled in from this house."""
        found = {"coi": self.therapy.coi if self.therapy else "", "number": self.batch.batch if self.batch else ""}
        return address.format(**found, **self.more)


def _desk(house: House) -> SignIn:
    desk = SignIn(MemorySafe(), lambda: datetime.now(UTC), QUICK)
    for login in house.journal.rows("people"):
        desk.set_password(login, PASSWORD)
    return desk


def _of(place: Hospital) -> Prepared:
    therapy = place.stage.therapy_of(place.case)
    batch = place.stage.batch_of(therapy) if therapy else None
    return Prepared(place.house, _desk(place.house), place.case.hospital, therapy, batch)


def fresh(folder: Path) -> Prepared:
    """Nothing at all: no order, no therapy, no batch."""
    return _of(reach(folder, None))


def tailored(folder: Path) -> Prepared:
    """Computed, not signed: decisions are open."""
    return _of(reach(folder, lambda act: act == "tailor"))


def booked(folder: Path) -> Prepared:
    """The collection is booked."""
    return _of(reach(folder, lambda act: act == "collection booked"))


def mixed(folder: Path) -> Prepared:
    """Somebody else's bag was scanned at a collection: the therapy has a deviation, and a batch is planned."""
    place = reach(folder, lambda act: act == "batch planned")
    found = _of(place)
    assert found.therapy is not None
    stop = RefuseCollectionScan(found.therapy.coi, "bag", make_identifier(12345678901))
    with suppress(Mismatch):
        place.house.loop.handle(stop, place.house.loop.actor(found.login("collection")))
    found = _of(place)
    assert found.therapy is not None
    found.more["first"] = next(iter(found.therapy.deviations))
    return found


def making(folder: Path) -> Prepared:
    """In process, at a step that charges a material."""
    return _of(reach(folder, lambda act: act == "start activate"))


def growing(folder: Path) -> Prepared:
    """In process, in culture, with readings of several days."""
    seen: list[str] = []

    def until(act: str) -> bool:
        seen.append(act)
        return act == "measure car_fraction" and seen.count(act) == 2

    return _of(reach(folder, until))


def road(folder: Path) -> Prepared:
    """On the road, with the courier's link."""
    found = _of(reach(folder, lambda act: act == "picked up"))
    assert found.batch is not None and found.batch.dispatched is not None
    planner = found.house.loop.actor(found.login("planner"))
    found.more["link"] = make_link(found.house, planner, found.batch, found.batch.dispatched.shipment)
    return found


def arrived(folder: Path) -> Prepared:
    """At the hospital, not cleared for conditioning."""
    return _of(reach(folder, lambda act: act == "received"))


def bedside(folder: Path) -> Prepared:
    """Released, conditioned and compared: waits to be given."""
    return _of(reach(folder, lambda act: act == "compared at the bedside"))


def given(folder: Path) -> Prepared:
    """At its end: given, the outcome on record."""
    return _of(reach(folder, lambda act: act == "outcome"))


def designed(folder: Path) -> Prepared:
    """Guides are designed and nobody has chosen."""
    driver = populated(folder, "p25", until="guides designed")
    case, house = driver.stage.cases["p25"], driver.stage.site.house
    return Prepared(house, _desk(house), case.hospital, driver.stage.therapy_of(case), None)


def gathered(folder: Path) -> Prepared:
    """A batch of one: a guide is chosen, some documents of its evidence file are there and some are not."""
    driver = populated(folder, "p25", until="document editability")
    case, house = driver.stage.cases["p25"], driver.stage.site.house
    therapy = driver.stage.therapy_of(case)
    return Prepared(house, _desk(house), case.hospital, therapy, driver.stage.batch_of(therapy) if therapy else None)


def waiting(folder: Path) -> Prepared:
    """In quarantine with its certificate; twelve deviations, one of them closed on the page; long names; a study of the
    network; a simulation beside it that is paused; somebody who signs in for the first time."""
    plant = make_plant(folder, "certificate")
    house, number = plant.house, plant.number
    house.loop.handle(
        RegisterPerson("long", LONG_NAME, ("qa_reviewer", "qp", "auditor", "supervisor"), (PLANT,)),
        house.loop.actor("root"),
    )
    house.loop.handle(RegisterPerson("new", "Newcomer", ("operator",), (PLANT,)), house.loop.actor("root"))
    house.enrol("long", signing("long"), house.loop.actor("root"))
    due = house.clock() + timedelta(days=400)
    lot = ReceiveLot(LONG_LOT, "activation-reagent", LONG_LOT, "ab" * 32, Decimal("12.5"), "mL", due)
    house.loop.handle(lot, house.loop.actor("operator.plant"))
    for at in range(12):
        severity = ("minor", "major", "critical")[at % 3]
        command = OpenDeviation(number, severity, SENTENCE, "recipe cd19-per-kg/1, phase expand, environment")
        house.loop.handle(command, house.loop.actor("qa_reviewer.plant"))
    found = Prepared(house, _desk(house), "", None, None)
    found.batch = house.loop.reader.batch(number)
    found.therapy = house.loop.reader.therapy(found.batch.therapies[0])
    found.hospital = found.therapy.site
    found.live = _beside(plant.driver, plant.clock, folder)
    found.more["temporary"] = found.desk.set_temporary("new", "person/root")[0]
    deviation = next(iter(found.batch.deviations))
    found.more |= {"second": list(found.batch.deviations)[2], "lot": LONG_LOT, "seen": _close(found, deviation)}
    return found


def _beside(driver: Driver, clock: SimulatedClock, folder: Path) -> Live:
    tour, file = tour_case(folder / "tour", 5, clock.now(), tuple(shipped().values()))
    driver.tell = lambda *_: None
    live = Live(driver, Pace(clock, "all", paused=True), tour, file, lambda login: PASSWORD)
    live.start()
    return live


def _close(found: Prepared, deviation: str) -> str:
    """Close a deviation on its page, as a person does; the digest of what its signer saw."""
    path = found.at(f"/screen/batches/{{number}}/deviations/{deviation}")
    with httpx.Client(base_url=found.url, follow_redirects=True, timeout=60) as browser:
        csrf = _fields(browser.get("/screen/sign-in").text)["csrf"]
        browser.post("/screen/sign-in", data={"login": "long", "password": PASSWORD, "csrf": csrf})
        fields = _fields(browser.get(path).text)
        sent = {name: fields[name] for name in ("csrf", "once", "seen")}
        told = {"cause": "a worn seal", "impact": "none on the culture", "password": signing("long")}
        done = browser.post(path, data={**sent, **told}, follow_redirects=False)
    assert done.status_code == 303, done.text
    return str(fields["seen"])


def _fields(text: str) -> dict[str, str]:
    return Form(text).fields


def trouble(folder: Path) -> Prepared:
    """A batch that was rejected."""
    plant = make_plant(folder, "certificate")
    house = plant.house
    batch = house.loop.reader.batch(plant.number)
    house.loop.handle(RejectBatch(plant.number, SENTENCE), house.loop.actor("qp.plant"), signing("qp.plant"))
    therapy = house.loop.reader.therapy(batch.therapies[0])
    return Prepared(house, _desk(house), therapy.site, therapy, house.loop.reader.batch(plant.number))


def overdue(folder: Path) -> Prepared:
    """On the road for longer than its hold limit, with everything behind its time."""
    place = reach(folder, lambda act: act == "picked up")
    place.clock.advance(place.clock.now() + timedelta(days=30))
    return _of(place)


def question() -> bytes:
    """A question about the network, as its page takes it."""
    found = next(each.question for each in simulated_networks() if each.name == "network/cells")
    return json.dumps({**found, "minimise": "both", "front_points": 4}).encode()
