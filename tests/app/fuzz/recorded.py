"""A house that was recorded while simulated people worked, and can be put back to each moment of it.

A command is asked for in the very state in which somebody gave it, so that hostile values meet the code behind the
checks; afterwards the house is put back, so that no request depends on the one before it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from pydantic import TypeAdapter

from onelot.adapters.keys import make_site_keys
from onelot.adapters.memory import MemoryJournal
from onelot.adapters.recipes import shipped
from onelot.adapters.safe import MemorySafe
from onelot.app.api.application import create_app
from onelot.app.api.courier import make_link
from onelot.app.commands import Command
from onelot.app.context import Actor
from onelot.app.demo import own_cohort, tour_case
from onelot.app.entropy import from_seed
from onelot.app.house import House, assemble, open_journal
from onelot.app.sign_in import SignIn
from onelot.app.sign_in.settings import Badge, Oidc, Settings
from onelot.app.simulation.case import Stage
from onelot.app.simulation.driver import Driver
from onelot.app.simulation.live import Live
from onelot.app.simulation.pace import Pace
from onelot.app.simulation.site import PLANT, Site, set_up
from onelot.app.views import PROJECTIONS
from onelot.twin.clock import SimulatedClock
from onelot.twin.memory import InMemory
from onelot.twin.world import World
from tests.app.fuzz.values import Known
from tests.app.web.plant import PASSWORD, signing

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
# A fuzz asks more often than any person: what holds that back has tests of its own.
PATIENT = Settings(
    requests_per_minute=10**6,
    address_requests_per_minute=10**7,
    # A long fuzz is longer than the pause after which a person signs in again.
    idle_minutes=240,
    lasts_hours=24,
    failures_per_minute=1000,
    badge=Badge(sites={PLANT: ("operator", "qc")}),
    address="http://localhost:9",
    oidc=Oidc(issuer="http://localhost:9", client_id="onelot"),
)
# One patient's own cells; and a product for one patient's own variant, whose guide two people choose.
PATIENTS = ("p01", "p25")


@dataclass(frozen=True, repr=False)
class Moment:
    """Just before somebody gave a command: the state of the house, who it was, and what they gave, as JSON.

    cookies: what their browser carries beside the session.
    """

    command: str
    login: str
    given: Any
    state: dict[str, Any]
    cookies: tuple[tuple[str, str], ...] = ()

    def __repr__(self) -> str:
        return f"before {self.command} of {self.login}"


@dataclass(repr=False)
class Recorded:
    """The house, its application, everybody's session, and its moments by command, in the order of time."""

    house: House
    app: Any
    sign_in: SignIn
    clock: SimulatedClock
    safe: MemorySafe
    desk_safe: MemorySafe
    cohort: Path
    live: Live
    everybody: dict[str, dict[str, Any]] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    moments: dict[str, list[Moment]] = field(default_factory=lambda: defaultdict(list))
    end: dict[str, Any] = field(default_factory=dict)
    _here: dict[str, Any] = field(default_factory=dict)
    _signed_in: dict[tuple[str, str], bytes] = field(default_factory=dict)

    @property
    def journal(self) -> MemoryJournal:
        found = self.house.whole
        assert isinstance(found, MemoryJournal)
        return found

    @property
    def people(self) -> set[str]:
        """What patients are called, and their numbers elsewhere: whoever has no need of them is not told."""
        told = [moment.given["identity"] for moment in self.moments["OrderTherapy"]]
        return {each["name"] for each in told} | {name.split("|")[1] for each in told for name in each["identifiers"]}

    def state(self) -> dict[str, Any]:
        """A copy of all that changes."""
        journal, claims = self.journal, self.journal._claims
        return {
            "streams": {name: tuple(entries) for name, entries in journal._streams.items()},
            "log": tuple(journal._log),
            "known": dict(claims.known),
            "held": {name: frozenset(each) for name, each in claims.held.items()},
            "available": dict(claims.available),
            "names": dict(claims.names),
            "payloads": dict(journal._payloads),
            "effects": dict(journal._effects),
            "done": frozenset(journal._done),
            "rows": {name: dict(rows) for name, rows in journal._rows.items()},
            "seals": tuple(journal._seals),
            "sight": {name: frozenset(sites) for name, sites in journal._sight.items()},
            "safe": dict(self.safe._held),
            "now": self.clock.now(),
            "ordered": dict(self.live.driver.stage.ordered),
        }

    def changed(self) -> bool:
        """Whether anything is other than it was at the moment the house was put to."""
        journal, here = self.journal, self._here
        return (
            len(journal._log) != len(here["log"])
            or journal._done != here["done"]
            or len(journal._payloads) != len(here["payloads"])
            or self.safe._held != here["safe"]
            or self.clock.now() != here["now"]
        )

    def here(self) -> dict[str, Any]:
        """A copy of all that changes, with who is signed in how."""
        return {**self.state(), "desk": dict(self.desk_safe._held)}

    def put(self, state: dict[str, Any]) -> None:
        """Put the house to a state, unless it stands there."""
        self.desk_safe._held = dict(state.get("desk", self._signed_in))
        self.sign_in.limits._held.clear()
        self.live._until = None
        if self._here is state and not self.changed():
            return
        journal, claims = self.journal, self.journal._claims
        before, after = journal._streams, state["streams"]
        journal._streams = {name: list(entries) for name, entries in after.items()}
        journal._log = list(state["log"])
        claims.known = dict(state["known"])
        claims.held = defaultdict(set, {name: set(each) for name, each in state["held"].items()})
        claims.available.clear()
        claims.available.update(state["available"])
        claims.names = dict(state["names"])
        journal._payloads, journal._effects = dict(state["payloads"]), dict(state["effects"])
        journal._done = set(state["done"])
        journal._rows = {name: dict(rows) for name, rows in state["rows"].items()}
        journal._seals = list(state["seals"])
        journal._sight = {name: set(sites) for name, sites in state["sight"].items()}
        self.safe._held = dict(state["safe"])
        self.clock._now = state["now"]
        self.live.driver.stage.ordered = dict(state["ordered"])

        def there(stream: str, seq: int) -> bool:
            """Whether what was read up to here is what stands there now; two ways on may be of one length."""
            old, new = before.get(stream, ()), after.get(stream, ())
            return seq == 0 or (len(old) >= seq <= len(new) and old[seq - 1] is new[seq - 1])

        reader = self.house.loop.reader
        for stream, (seq, _) in list(reader._folds.items()):
            if not there(stream, seq):
                del reader._folds[stream]
                reader._last.pop(stream, None)
        for kept in (reader._recipes, reader._networks):
            for stream, seq in list(kept):
                if not there(stream, seq):
                    del kept[stream, seq]  # type: ignore[attr-defined]
        self._here = state

    def end_rows(self, view: str) -> dict[str, Any]:
        """The rows of a view as they are in the end."""
        return {key: json.loads(row) for key, row in self.end["rows"][view].items()}

    def logins(self, role: str) -> list[str]:
        """Who has this role in the end, by name."""
        return [login for login, row in self.everybody.items() if role in row["roles"]]


def record(folder: Path, patients: tuple[str, ...] = PATIENTS, each: int = 2) -> Recorded:
    """The house after a whole run of these patients, with at most `each` moments of every command."""
    entropy, recipes = from_seed(5), tuple(shipped().values())
    cohort = own_cohort(folder / "cohort", 4, recipes).only(patients)
    safe, keys, clock = MemorySafe(), make_site_keys(entropy), SimulatedClock(cohort.starts_at)
    journal = MemoryJournal(PROJECTIONS)
    open_journal(
        journal, mode="simulation", site=PLANT, site_keys=keys, now=clock.now(), administrator="root",
        printed_name="Root",
    )  # fmt: skip
    house = assemble(
        journal=journal, safe=safe, site_keys=keys, site=PLANT, clock=clock.now, entropy=entropy,
        seals=folder / "seals",
    )  # fmt: skip
    own = MemorySafe()
    desk = SignIn(own, lambda: datetime.now(UTC), QUICK, settings=PATIENT, key=keys.vault, actor_of=house.loop.actor)
    stage = Stage(Site(house, signing, "root"), World(1, cohort.faults), InMemory(), cohort.cases, clock.now)
    driver = Driver(stage, clock, (), _silent)
    tour, file = tour_case(folder / "tour", 5, clock.now(), recipes)
    # It stands beside the server and never starts: its pages open, and what they ask for stays asked for.
    live = Live(driver, Pace(clock, "all", paused=True), tour, file, lambda login: PASSWORD)
    found = Recorded(house, create_app(house, desk, live=live), desk, clock, safe, own, folder / "cohort", live)
    _watch(found, each)
    house.enrol("root", signing("root"), house.loop.actor("root"))
    set_up(stage.site, recipes, clock.now())
    driver.run()
    del house.loop.handle  # type: ignore[method-assign]
    found.everybody = house.whole.rows("people")
    for login in found.everybody:
        desk.set_password(login, PASSWORD)
        found.sessions[login] = desk.open(login, PASSWORD)
    found._signed_in = dict(own._held)
    # Nothing waits in the fuzz: days pass at once.
    live.pace.hop = lambda by: clock.advance(clock.now() + by)  # type: ignore[method-assign]
    found.end = found.state()
    found.put(found.end)
    return found


def _silent(now: datetime, who: str, what: str) -> None:
    """Nobody listens."""


def _watch(found: Recorded, each: int) -> None:
    """Note the state before a command is given."""
    loop = found.house.loop
    given: Callable[..., Any] = loop.handle

    def handle(command: Command, actor: Actor, *args: Any, **named: Any) -> Any:
        name = type(command).__name__
        if len(found.moments[name]) < each and actor.id.startswith(("person/", "courier-link/")):
            fields = TypeAdapter(type(command)).dump_python(command, mode="json")
            found.moments[name].append(Moment(name, actor.id.removeprefix("person/"), fields, found.state()))
        return given(command, actor, *args, **named)

    loop.handle = handle  # type: ignore[method-assign]


def known_of(found: Recorded) -> Known:
    """Every text that stood in a field of a command, and the names of all records."""
    by_field: dict[str, set[str]] = defaultdict(set)

    def note(field: str, value: Any) -> None:
        if isinstance(value, dict):
            for key, each in value.items():
                note(key, each)
        elif isinstance(value, list):
            for each in value:
                note(field, each)
        elif isinstance(value, str) and len(value) < 200:
            by_field[field].add(value)

    for moments in found.moments.values():
        for moment in moments:
            # Who the patient is stays out of it: what is echoed to whoever sent it is not told.
            note("", {key: each for key, each in moment.given.items() if key != "identity"})
    for stream in found.end["streams"]:
        kind, _, name = stream.partition("/")
        by_field[kind].add(name)
        by_field["stream"].add(stream)
    by_field["code"] |= {link_of(found, moment) for moment in found.moments["ReceiveShipment"]}
    by_field["view"] |= {"equipment", "lots", "people", "documents", "sites"}
    by_field["parameter"] |= {"dose", "weight_kg"}
    named = {name: tuple(sorted(values)) for name, values in by_field.items() if name}
    everything = sorted({each for name, values in named.items() if name != "equipment" for each in values[:40]})
    return Known(named, tuple(everything))


def link_of(found: Recorded, moment: Moment) -> str:
    """The courier's link to the shipment that is received next."""
    found.put(moment.state)
    batch = found.house.loop.reader.batch(moment.given["batch"])
    link = make_link(found.house, found.house.loop.actor(f"operator.{PLANT}"), batch, moment.given["shipment"])
    found.put(found.end)
    return link
