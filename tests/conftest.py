"""PostgreSQL servers for the tests: the wheel's and Debian's, started once, a fresh database for each test."""

from __future__ import annotations

import gc
import itertools
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.dependencies import models
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
# What FastAPI learnt of every endpoint it ever saw, and with each its house. Right for a process with one application;
# tests put hundreds together, and each look of the garbage collector took seconds.
_LEARNT = [each for each in vars(models).values() if hasattr(each, "cache_clear")]


def pytest_collection_finish() -> None:
    """What is imported stays: the garbage collector need not look at it again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="module")
def _applications_go() -> Iterator[None]:
    yield
    for each in _LEARNT:
        each.cache_clear()


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
