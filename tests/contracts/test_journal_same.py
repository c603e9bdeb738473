"""Memory and PostgreSQL give the same answers and end in the same state, whatever is asked of them."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
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

few = st.integers(0, 3)
ids = st.sampled_from(["new"] * 7 + ["used"])
# Zero amounts and empty intervals are malformed: now and then, not mostly.
amounts = st.sampled_from([Decimal("0.5"), Decimal(1), Decimal("2.25")] * 4 + [Decimal(0)])
lengths = st.sampled_from([1, 1, 2, 2, 3] * 3 + [0])
claims = st.one_of(
    st.tuples(st.just("interval"), ids, st.integers(0, 1), st.integers(0, 6), lengths),
    st.tuples(st.just("add"), st.integers(0, 1), amounts),
    st.tuples(st.just("take"), ids, st.integers(0, 1), amounts),
    st.tuples(st.just("name"), st.integers(0, 5)),
    st.tuples(st.just("back"), st.integers(0, 9)),
)
parts = st.tuples(few, st.sampled_from([0] * 12 + [-1, 1]), st.integers(1, 3), st.sampled_from(["thaw", "ü"]))
appends = st.fixed_dictionaries(
    {
        "parts": st.lists(parts, max_size=3, unique_by=lambda part: part[0]),
        "claims": st.lists(claims, max_size=3),
        "payloads": st.lists(st.tuples(few, few), max_size=1),
        "effects": st.lists(st.tuples(few, few), max_size=1),
    }
)


def build(told: dict[str, Any], tag: str, memory: MemoryJournal, held: list[str], new: Iterator[int]) -> Append:
    """The append with every name unique to this example, expecting the true version or one beside it.

    held: the claims held by now, of which one is given back, mostly; new: numbers for new claims.
    """

    def named(how: str) -> str:
        return f"{tag}c{next(new)}" if how == "new" or not held else held[0]

    def claim(one: tuple[Any, ...]) -> Claim:
        kind, *rest = one
        if kind == "interval":
            how, r, since, length = rest
            at = (NOON + timedelta(hours=since), NOON + timedelta(hours=since + length))
            return TakeInterval(named(how), f"{tag}suite{r}", *at)
        if kind == "add":
            return AddQuantity(f"{tag}lot{rest[0]}", rest[1])
        if kind == "take":
            return TakeQuantity(named(rest[0]), f"{tag}lot{rest[1]}", rest[2])
        if kind == "name":
            return TakeName(f"{tag}n{rest[0]}")
        return GiveBack(held[rest[0] % len(held)] if held and rest[0] < 9 else f"{tag}unknown")

    parts = []
    for number, off, count, phase in told["parts"]:
        stream = f"batch/{tag}/{number}"
        expected = max(0, len(memory.read(stream)) + off)
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
            max_examples=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=bool(os.environ.get("CI")),
        )
        @given(st.lists(appends, min_size=15, max_size=30))
        def run(asked: list[dict[str, Any]]) -> None:
            tag = f"x{next(_run):05d}"
            held: list[str] = []
            new = itertools.count()
            for told in asked:
                append = build(told, tag, memory, held, new)
                said = answer(memory, append)
                assert answer(postgres, append) == said
                if said[0] == "done":
                    held += [one.claim for one in append.claims if isinstance(one, TakeInterval | TakeQuantity)]
                    back = {one.claim for one in append.claims if isinstance(one, GiveBack)}
                    held = [one for one in held if one not in back]
            assert state(postgres, tag) == state(memory, tag)

        run()
        live = {view.name: postgres.rows(view.name) for view in VIEWS}
        assert postgres.rebuild() == memory.rebuild()
        assert {view.name: postgres.rows(view.name) for view in VIEWS} == live
