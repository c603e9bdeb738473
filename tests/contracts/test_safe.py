"""One suite for every safe: in memory, and on the PostgreSQL servers of this machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from onelot.adapters.postgres.safe import PostgresSafe
from onelot.adapters.safe import MemorySafe, Safe
from tests.conftest import fresh_database


@pytest.fixture(params=["memory", "wheel", "debian"])
def safes(request: pytest.FixtureRequest) -> Iterator[list[Safe]]:
    """Two users of the same safe."""
    if request.param == "memory":
        one = MemorySafe()
        yield [one, one]
        return
    server = request.getfixturevalue("servers")(request.param)
    dsn = server.dsn("app", fresh_database(server))
    opened = [PostgresSafe(dsn), PostgresSafe(dsn)]
    yield list(opened)
    for each in opened:
        each.close()


def test_put_get_remove_names(safes: list[Safe]) -> None:
    here, there = safes
    assert here.get("k", "a") is None and not here.remove("k", "a")
    here.put("k", "a", b"\x00one")
    here.put("k", "b", b"")
    here.put("other", "c", b"3")
    assert there.get("k", "a") == b"\x00one" and there.names("k") == ["a", "b"]
    assert there.remove("k", "a") and not here.remove("k", "a")


@pytest.mark.parametrize("name", ["\0", "a\0b", "\ud800"])
def test_nothing_stands_under_a_name_that_is_no_text(safes: list[Safe], name: str) -> None:
    here, _ = safes
    assert here.get("k", name) is None and not here.remove("k", name) and not here.swap("k", name, b"x", b"1")
    here.put("k", "a", b"1")
    assert here.get("k", "a") == b"1"


def test_swap_sets_what_still_is_what_it_was(safes: list[Safe]) -> None:
    here, there = safes
    assert here.swap("k", "a", None, b"1")
    assert not there.swap("k", "a", None, b"2")
    assert not there.swap("k", "a", b"2", b"3")
    assert there.swap("k", "a", b"1", b"2")
    assert here.get("k", "a") == b"2"
    assert not here.swap("k", "none", b"x", b"1") and here.get("k", "none") is None


def test_of_many_at_once_one_swaps(safes: list[Safe]) -> None:
    for old in (None, b"0"):
        if old:
            safes[0].put("k", "once", old)
        else:
            safes[0].remove("k", "once")
        won: list[int] = []
        ready = threading.Barrier(8)

        def knock(number: int, old: bytes | None = old, won: list[int] = won, ready: threading.Barrier = ready) -> None:
            ready.wait()
            if safes[number % 2].swap("k", "once", old, str(number).encode()):
                won.append(number)

        threads = [threading.Thread(target=knock, args=(number,)) for number in range(1, 9)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert len(won) == 1 and safes[0].get("k", "once") == str(won[0]).encode()
