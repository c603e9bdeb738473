"""A request sent again is answered again and carried out once, from memory and from the database, also at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from onelot.adapters.keys import make_site_keys
from onelot.adapters.memory import MemoryJournal
from onelot.adapters.postgres.embedded import EmbeddedServer
from onelot.adapters.postgres.journal import PostgresJournal
from onelot.adapters.safe import MemorySafe
from onelot.app.commands import lots, masters
from onelot.app.context import Actor
from onelot.app.entropy import from_seed
from onelot.app.house import SIMULATION, House, assemble, open_journal
from onelot.app.views import PROJECTIONS
from onelot.record.errors import Conflict, NotAllowed, Refused
from onelot.record.journal import Journal
from tests.conftest import fresh_database

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
RECEIVE = lots.ReceiveLot("L-1", "medium", "S1", "0" * 64, Decimal("10.0"), "mL", NOW + timedelta(days=30))


@pytest.fixture(params=["memory", "wheel"])
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    entropy = from_seed(5)
    keys = make_site_keys(entropy)
    if request.param == "memory":
        journal: Journal = MemoryJournal(PROJECTIONS)
    else:
        servers: Callable[[str], EmbeddedServer] = request.getfixturevalue("servers")
        server = servers("wheel")
        journal = PostgresJournal(server.dsn("app", fresh_database(server)), PROJECTIONS)
    open_journal(
        journal, mode=SIMULATION, site="plant", site_keys=keys, now=NOW, administrator="admin", printed_name="Admin"
    )
    made = assemble(
        journal=journal, safe=MemorySafe(), site_keys=keys, site="plant", clock=lambda: NOW, entropy=entropy
    )
    made.enrol("admin", "signs with this", made.loop.actor("admin"))
    for login, role in (("oscar", "operator"), ("quinn", "qa_reviewer")):
        made.loop.handle(masters.RegisterPerson(login, login, (role,), ("plant",)), made.loop.actor("admin"))
        made.enrol(login, f"signs as {login}", made.loop.actor("admin"))
    yield made
    made.close()


@pytest.fixture
def oscar(house: House) -> Actor:
    return house.loop.actor("oscar")


def test_the_same_request_is_answered_the_same(house: House, oscar: Actor) -> None:
    first = house.loop.handle(RECEIVE, oscar, once="oscar/1")
    again = house.loop.handle(RECEIVE, oscar, once="oscar/1")
    assert again.entries == first.entries and first.entries[0].stream == "lot/L-1"
    assert len(house.journal.read("lot/L-1")) == 1
    assert house.loop.repeated(RECEIVE, oscar, "oscar/1") == again
    assert house.loop.repeated(RECEIVE, oscar, "oscar/2") is None


def test_another_request_under_the_same_name_is_refused(house: House, oscar: Actor) -> None:
    house.loop.handle(RECEIVE, oscar, once="oscar/1")
    for other in (replace(RECEIVE, lot="L-2"), replace(RECEIVE, amount=Decimal("10.01"))):
        with pytest.raises(Conflict, match="another request"):
            house.loop.handle(other, oscar, once="oscar/1")
    # Without a name, or under another, it is another request and meets the rules as ever.
    for name in ("", "oscar/2"):
        with pytest.raises(Refused):
            house.loop.handle(RECEIVE, oscar, once=name)
    assert len(house.journal.read("lot/L-1")) == 1 and house.journal.read("lot/L-2") == []


def test_what_was_refused_and_left_nothing_may_be_tried_again(house: House, oscar: Actor) -> None:
    block = lots.BlockLot("L-1", "a bag leaks")
    quinn = house.loop.actor("quinn")
    with pytest.raises(Refused):
        house.loop.handle(block, quinn, "signs as quinn", once="quinn/1")
    house.loop.handle(RECEIVE, oscar)
    assert house.loop.handle(block, quinn, "signs as quinn", once="quinn/1").entries


def test_answering_again_signs_nothing(house: House, oscar: Actor) -> None:
    house.loop.handle(RECEIVE, oscar)
    quinn, release = house.loop.actor("quinn"), lots.ReleaseLot("L-1", "complies")
    done = house.loop.handle(release, quinn, "signs as quinn", once="quinn/1")
    for password in ("wrong", "signs as quinn", None):
        assert house.loop.handle(release, quinn, password, once="quinn/1").entries == done.entries
    assert len(house.journal.read("lot/L-1")) == 2
    with pytest.raises(NotAllowed):
        house.loop.handle(release, quinn, "wrong", once="quinn/2")


def test_sent_many_times_at_once_it_is_carried_out_once(house: House, oscar: Actor) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: house.loop.handle(RECEIVE, oscar, once="oscar/1").entries, range(16)))
    assert len(house.journal.read("lot/L-1")) == 1
    assert {entries[0].hash for entries in found} == {house.journal.read("lot/L-1")[0].hash}
