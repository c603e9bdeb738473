"""Memory and PostgreSQL give the same answers and end in the same state, whatever is asked of them."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onelot.adapters.memory import MemoryJournal
from onelot.adapters.postgres.embedded import EmbeddedServer
from onelot.adapters.postgres.journal import PostgresJournal
from onelot.record.errors import OnelotError
from onelot.record.events.batch import PhaseStarted
from onelot.record.journal import (
    AddQuantity,
    Append,
    Claim,
    Draft,
    Effect,
    Entry,
    GiveBack,
    Journal,
    Part,
    Payload,
    Projection,
    TakeInterval,
    TakeName,
    TakeQuantity,
)
from tests.conftest import fresh_database

pytestmark = pytest.mark.postgres
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
_run = itertools.count()


def _count(row: dict[str, Any] | None, entry: Entry, key: str) -> dict[str, Any]:
    return {"n": (row or {"n": 0})["n"] + 1, "last": entry.cite.stream.rsplit("/", 1)[-1]}


VIEWS = [
    Projection("by_stream", lambda entry: [entry.stream], _count),
    Projection("by_phase", lambda entry: [entry.stream.split("/")[1] + entry.envelope["data"]["phase"]], _count),
]

small = st.integers(0, 3)
amounts = st.sampled_from([Decimal("0.5"), Decimal(1), Decimal("2.25"), Decimal(0)])
hours = st.integers(0, 6)
claims = st.one_of(
    st.builds(lambda c, r, a, b: ("interval", c, r, a, b), st.integers(0, 9), small, hours, hours),
    st.builds(lambda r, a: ("add", r, a), small, amounts),
    st.builds(lambda c, r, a: ("take", c, r, a), st.integers(0, 9), small, amounts),
    st.builds(lambda n: ("name", n), st.integers(0, 5)),
    st.builds(lambda c: ("back", c), st.integers(0, 9)),
)
appends = st.fixed_dictionaries(
    {
        "parts": st.lists(
            st.tuples(small, st.sampled_from([0, 0, 0, 0, -1, 1]), st.integers(1, 3), st.sampled_from(["thaw", "ü"])),
            max_size=3,
        ),
        "claims": st.lists(claims, max_size=3),
        "payloads": st.lists(st.tuples(small, small), max_size=1),
        "effects": st.lists(st.tuples(small, small), max_size=1),
    }
)


def build(told: dict[str, Any], tag: str, version: Callable[[str], int]) -> Append:
    """The append with every name made unique to this example, expecting the true version or one beside it."""

    def claim(one: tuple[Any, ...]) -> Claim:
        kind, *rest = one
        if kind == "interval":
            c, r, since, until = rest
            at = (NOON + timedelta(hours=since), NOON + timedelta(hours=until))
            return TakeInterval(f"{tag}c{c}", f"{tag}suite{r}", *at)
        if kind == "add":
            return AddQuantity(f"{tag}lot{rest[0]}", rest[1])
        if kind == "take":
            return TakeQuantity(f"{tag}c{rest[0]}", f"{tag}lot{rest[1]}", rest[2])
        return TakeName(f"{tag}n{rest[0]}") if kind == "name" else GiveBack(f"{tag}c{rest[0]}")

    parts = []
    for number, off, count, phase in told["parts"]:
        stream = f"batch/{tag}/{number}"
        expected = max(0, version(stream) + off)
        drafts = tuple(Draft(PhaseStarted(phase, n + 1), NOON, "system") for n in range(count))
        parts.append(Part(stream, expected, drafts))
    return Append(
        tuple(parts),
        tuple(claim(one) for one in told["claims"]),
        tuple(Payload(f"{tag}p{a}", f"{tag}patient{b}", bytes([a, b])) for a, b in told["payloads"]),
        tuple(Effect(f"{tag}e{a}", "label", {"copies": b}) for a, b in told["effects"]),
    )


def answer(journal: Journal, append: Append) -> tuple[Any, ...]:
    try:
        return ("done", journal.append(append))
    except OnelotError as refused:
        return (type(refused).__name__, refused.what, refused.place)


def state(journal: Journal, tag: str) -> dict[str, Any]:
    return {
        "heads": journal.heads(f"batch/{tag}/"),
        "entries": [journal.read(f"batch/{tag}/{n}") for n in range(4)],
        "available": [journal.available(f"{tag}lot{n}") for n in range(4)],
        "taken": [journal.taken(f"{tag}suite{n}") for n in range(4)],
        "payloads": [journal.payload(f"{tag}p{n}") for n in range(4)],
        "effects": [one for one in journal.effects(10_000) if one.key.startswith(tag)],
        "views": {
            view.name: {key: row for key, row in journal.rows(view.name).items() if tag in key} for view in VIEWS
        },
    }


@pytest.mark.parametrize("which", ["wheel", "debian"])
def test_same_answers_same_state(which: str, servers: Callable[[str], EmbeddedServer]) -> None:
    server = servers(which)
    with PostgresJournal(server.dsn("app", fresh_database(server)), VIEWS) as postgres:
        memory = MemoryJournal(VIEWS)

        @settings(
            max_examples=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=bool(os.environ.get("CI")),
        )
        @given(st.lists(appends, min_size=1, max_size=12))
        def run(asked: list[dict[str, Any]]) -> None:
            tag = f"x{next(_run):05d}"
            for told in asked:
                append = build(told, tag, lambda stream: len(memory.read(stream)))
                assert answer(postgres, append) == answer(memory, append)
            assert state(postgres, tag) == state(memory, tag)

        run()
        live = {view.name: postgres.rows(view.name) for view in VIEWS}
        assert postgres.rebuild() == memory.rebuild()
        assert {view.name: postgres.rows(view.name) for view in VIEWS} == live
