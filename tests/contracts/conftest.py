"""Journals of every kind for one suite: in memory, and on the PostgreSQL servers of this machine."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest

from onelot.adapters.memory import MemoryJournal
from onelot.adapters.postgres.embedded import EmbeddedServer
from onelot.adapters.postgres.journal import PostgresJournal
from onelot.adapters.postgres.programs import find
from onelot.adapters.postgres.schema import migrate
from onelot.record.errors import Unreachable
from onelot.record.journal import Journal, Projection

_count = itertools.count()
Open = Callable[..., Journal]


@pytest.fixture(scope="session")
def servers() -> Iterator[Callable[[str], EmbeddedServer]]:
    """Gives the running server of a kind ("wheel", "debian"), started once; its database `onelot` is a template."""
    started: dict[str, EmbeddedServer] = {}
    folder = Path(tempfile.mkdtemp(prefix="onelot-t-"))
    folder.chmod(0o755)

    def get(which: str) -> EmbeddedServer:
        if which not in started:
            try:
                find(which)  # type: ignore[arg-type]
            except Unreachable as error:
                if os.environ.get("CI") == "true":
                    pytest.fail(f"no {which} server, and this is CI: {error}")
                pytest.skip(f"no {which} PostgreSQL on this machine")
            started[which] = EmbeddedServer.open(folder / which, which)  # type: ignore[arg-type]
            migrate(started[which].dsn("owner"))
        return started[which]

    yield get
    for server in started.values():
        server.close()
    shutil.rmtree(folder, ignore_errors=True)


def fresh_database(server: EmbeddedServer) -> str:
    """A new database with the schema; gives its name."""
    name = f"t{next(_count)}"
    with psycopg.connect(server.dsn("super", "postgres"), autocommit=True) as connection:
        connection.execute(f"create database {name} template onelot owner onelot_owner")
    return name


@pytest.fixture(params=["wheel", "debian"])
def database(request: pytest.FixtureRequest, servers: Callable[[str], EmbeddedServer]) -> tuple[EmbeddedServer, str]:
    """A server and a fresh database on it."""
    server = servers(request.param)
    return server, fresh_database(server)


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
                where.append(server.dsn("app", fresh_database(server)))
            made = PostgresJournal(where[0], projections, patience_s=5)
        opened.append(made)
        return made

    yield make
    for journal in opened:
        journal.close()
