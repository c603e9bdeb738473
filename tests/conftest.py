"""PostgreSQL servers for the tests: the wheel's and Debian's, started once, a fresh database for each test."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from onelot.adapters.cache import use_compiled_cache
from onelot.adapters.postgres.embedded import EmbeddedServer
from onelot.adapters.postgres.programs import find
from onelot.adapters.postgres.schema import migrate
from onelot.record.errors import Unreachable

# Before numba is imported anywhere: compiled loops are kept between runs, under the digest of their sources.
use_compiled_cache()

# Nothing is timed in a test: a busy machine is no defect of ours.
settings.register_profile("onelot", deadline=None)
settings.load_profile("onelot")

_count = itertools.count()


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
        os.kill(server.pid() or 0, signal.SIGQUIT)  # at once: nothing of it is worth a checkpoint
        server.close()
    shutil.rmtree(folder, ignore_errors=True)


def fresh_database(server: EmbeddedServer) -> str:
    """A new database with the schema; gives its name."""
    return server.create_database(f"t{next(_count)}", template="onelot")


@pytest.fixture(scope="module", params=["wheel", "debian"])
def database(request: pytest.FixtureRequest, servers: Callable[[str], EmbeddedServer]) -> tuple[EmbeddedServer, str]:
    """A server and a database on it that the tests of one module share."""
    server = servers(request.param)
    return server, fresh_database(server)
