"""Journals of every kind for one suite: in memory, and on the PostgreSQL servers of this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from onelot.adapters.memory import MemoryJournal
from onelot.adapters.postgres.journal import PostgresJournal
from onelot.record.journal import Journal, Projection
from tests.conftest import fresh_database

Open = Callable[..., Journal]


@pytest.fixture(params=["memory", "wheel", "debian"])
def open_journal(request: pytest.FixtureRequest) -> Iterator[Open]:
    """Opens the journal of this test; a second call gives a second user of the same journal."""
    opened: list[Journal] = []
    where: list[Any] = []

    def make(projections: Sequence[Projection] = ()) -> Journal:
        if request.param == "memory":
            made: Journal = where[0] if where else MemoryJournal(projections)
            where.append(made)
        else:
            if not where:
                server = request.getfixturevalue("servers")(request.param)
                name = fresh_database(server)
                where.extend([server.dsn("app", name), server.dsn("reader", name)])
            made = PostgresJournal(where[0], projections, reader=where[1], patience_s=5)
        opened.append(made)
        return made

    yield make
    for journal in opened:
        journal.close()
