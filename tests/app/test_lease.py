"""Who has a step in hand is seen by every process that serves the screens, since the safe keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from onelot.adapters.postgres.safe import PostgresSafe
from onelot.app.context import Actor
from onelot.app.lease import LASTS, Leases
from tests.conftest import fresh_database

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
ANNA = Actor("person/anna", "Anna Adler", frozenset({"operator"}))
BERT = Actor("person/bert", "Bert Blum", frozenset({"operator"}))


@pytest.fixture
def processes(request: pytest.FixtureRequest) -> Iterator[tuple[Leases, Leases]]:
    """The notices as two processes keep them: each with a connection of its own."""
    server = request.getfixturevalue("servers")("wheel")
    dsn = server.dsn("app", fresh_database(server))
    opened = [PostgresSafe(dsn), PostgresSafe(dsn)]
    yield Leases(opened[0]), Leases(opened[1])
    for each in opened:
        each.close()


def test_the_second_sees_the_first_through_another_process(processes: tuple[Leases, Leases]) -> None:
    here, there = processes
    assert here.take("B-1", ANNA, NOW) is None
    seen = there.take("B-1", BERT, NOW + timedelta(minutes=2))
    assert seen is not None and (seen.printed_name, seen.at) == ("Anna Adler", NOW)
    assert there.take("B-2", BERT, NOW) is None
    # Taken over by the second, the first sees that.
    assert there.take("B-1", BERT, NOW + timedelta(minutes=3), over=True) is None
    back = here.take("B-1", ANNA, NOW + timedelta(minutes=3))
    assert back is not None and back.by == BERT.id
    # What is not mine I do not give back; what is given back is free for all.
    here.give_back("B-1", ANNA)
    assert here.take("B-1", ANNA, NOW + timedelta(minutes=3)) is not None
    there.give_back("B-1", BERT)
    assert here.take("B-1", ANNA, NOW + timedelta(minutes=4)) is None


def test_it_is_a_notice_that_ends_by_itself(processes: tuple[Leases, Leases]) -> None:
    here, there = processes
    assert here.take("B-1", ANNA, NOW) is None
    assert there.take("B-1", BERT, NOW + LASTS - timedelta(seconds=1)) is not None
    assert there.take("B-1", BERT, NOW + LASTS) is None
