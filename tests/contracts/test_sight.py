"""A site reads its own patients only, the same from memory and from the database; what is right is written out here."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onelot.record.events.batch import BatchPlanned
from onelot.record.events.journal import PersonRegistered
from onelot.record.events.therapy import AliasAdded, TherapyOrdered
from onelot.record.journal import Append, Draft, Entry, Journal, Part, Payload, Projection, Reading, TakeInterval
from onelot.record.terms.values import Cite

Open = Callable[..., Journal]
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CITE = Cite("document/recipe/r/1", 1, "0" * 64)
SITES = ("north", "south", "plant-1", "plant-2", "a,b", '"{odd}"')
_run = itertools.count()


def _seen(row: dict[str, Any] | None, entry: Entry, key: str) -> dict[str, Any]:
    return {"events": (row or {"events": 0})["events"] + 1}


def _of(kind: str) -> Callable[[Entry], list[str]]:
    return lambda entry: [entry.stream.split("/", 1)[1]] if entry.stream.startswith(f"{kind}/") else []


VIEWS = [
    Projection("batches", _of("batch"), _seen, "batch"),
    Projection("steps", lambda entry: [f"{key}/thaw" for key in _of("batch")(entry)], _seen, "batch"),
    Projection("therapies", _of("therapy"), _seen, "therapy"),
    Projection("people", _of("person"), _seen, "everyone"),
    Projection("all", lambda entry: ["all"], _seen),
]


@dataclass(frozen=True)
class Plan:
    """therapies: (patient, ordering site); batches: (making site, numbers of its therapies)."""

    therapies: list[tuple[int, str]]
    batches: list[tuple[str, list[int]]]


sites = st.sampled_from(SITES)
plans = st.integers(1, 4).flatmap(
    lambda count: st.builds(
        Plan,
        st.lists(st.tuples(st.integers(0, 2), sites), min_size=count, max_size=count),
        st.lists(st.tuples(sites, st.lists(st.integers(0, count - 1), max_size=2, unique=True)), max_size=4),
    )
)
actors = st.one_of(st.just(["*"]), st.lists(sites, max_size=2, unique=True))


def write(journal: Journal, plan: Plan, tag: str) -> None:
    for n, (patient, site) in enumerate(plan.therapies):
        coi, who = f"{tag}t{n}", f"{tag}p{patient}"
        ordered = TherapyOrdered(coi, who, "product", CITE, site, "0" * 64, "/")
        at = NOON + timedelta(days=next(_run))
        journal.append(
            Append(
                (Part(f"therapy/{coi}", 0, (Draft(ordered, NOON, "system"),)),),
                (TakeInterval(f"slot/{coi}/collection", f"{tag}room", at, at + timedelta(hours=1)),),
                (Payload(f"{tag}a{n}", who, b"sealed"),),
            )
        )
        journal.append(Append((Part(f"therapy/{coi}", 1, (Draft(AliasAdded("h", "1"), NOON, "system"),)),)))
    for n, (site, therapies) in enumerate(plan.batches):
        planned = BatchPlanned(f"{tag}b{n}", tuple(f"{tag}t{k}" for k in therapies), CITE, None, site, "autologous")
        journal.append(Append((Part(f"batch/{tag}b{n}", 0, (Draft(planned, NOON, "system"),)),)))
    person = Part(f"person/{tag}", 0, (Draft(PersonRegistered(tag, "P", ("qp",), ("north",)), NOON, "system"),))
    unknown = Part(f"other/{tag}", 0, (Draft(AliasAdded("h", "1"), NOON, "system"),))
    journal.append(Append((person, unknown)))


def expected(plan: Plan, mine: list[str], tag: str) -> dict[str, Any]:
    """What these sites may read, by the sentence: the ordering site, and every site that makes a batch."""

    def ours(*places: str) -> bool:
        return "*" in mine or any(place in mine for place in places)

    makers = {n: [site for site, therapies in plan.batches if n in therapies] for n in range(len(plan.therapies))}
    therapies = [n for n, (_, site) in enumerate(plan.therapies) if ours(site, *makers[n])]
    batches = [n for n, (site, those) in enumerate(plan.batches) if ours(site, *(plan.therapies[k][1] for k in those))]
    patients = {plan.therapies[n][0] for n in therapies}
    return {
        "therapies": {f"{tag}t{n}": 2 for n in therapies},
        "batches": {f"{tag}b{n}": 1 for n in batches},
        "steps": {f"{tag}b{n}/thaw": 1 for n in batches},
        "people": {tag: 1} if mine else {},
        "all": [],
        "streams": sorted(
            [f"batch/{tag}b{n}" for n in batches] + [f"therapy/{tag}t{n}" for n in therapies]
            + ([f"person/{tag}"] if mine else []) + ([f"other/{tag}"] if "*" in mine else [])
        ),
        "read": {n: 2 if n in therapies else 0 for n in range(len(plan.therapies))},
        "payloads": [n for n, (patient, _) in enumerate(plan.therapies) if patient in patients],
        "newest": sorted(
            [f"batch/{tag}b{n}" for n in batches] + [f"therapy/{tag}t{n}" for n in therapies] * 2
            + ([f"person/{tag}"] if mine else []) + ([f"other/{tag}"] if "*" in mine else [])
        ),
        "slots": sorted(f"slot/{tag}t{n}/collection" for n in therapies),
    }  # fmt: skip


def found(seen: Reading, plan: Plan, tag: str) -> dict[str, Any]:
    def rows(view: str) -> dict[str, int]:
        return {key: row["events"] for key, row in seen.rows(view).items() if key.startswith(tag)}

    heads = [f"{kind}/{tag}" for kind in ("batch", "therapy", "person", "other")]
    return {
        **{view: rows(view) for view in ("therapies", "batches", "steps", "people")},
        "all": list(seen.rows("all")),
        "streams": sorted(stream for prefix in heads for stream in seen.heads(prefix)),
        "read": {n: len(seen.read(f"therapy/{tag}t{n}")) for n in range(len(plan.therapies))},
        "payloads": [n for n in range(len(plan.therapies)) if seen.payload(f"{tag}a{n}")],
        "newest": sorted(entry.stream for entry in seen.newest(None, 10**6).entries if f"/{tag}" in entry.stream),
        "slots": sorted(claim for claim, _, _ in seen.taken(f"{tag}room")),
    }


def test_a_site_reads_its_own_patients_only(open_journal: Open) -> None:
    journal = open_journal(VIEWS)

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck),
              derandomize=bool(os.environ.get("CI")))  # fmt: skip
    @given(plans, st.lists(actors, min_size=1, max_size=3))
    def run(plan: Plan, everyone: list[list[str]]) -> None:
        tag = f"x{next(_run):05d}"
        write(journal, plan, tag)
        for mine in everyone:
            assert found(journal.seen_by(mine), plan, tag) == expected(plan, mine, tag)

    run()


def test_rows_asked_by_key_are_filtered_too(open_journal: Open) -> None:
    journal = open_journal(VIEWS)
    write(journal, Plan([(0, "north"), (1, "south")], []), "k")
    keys = ["kt1", "kt0", "nothing"]
    assert list(journal.rows("therapies", keys)) == ["kt1", "kt0"]
    assert list(journal.seen_by(["south"]).rows("therapies", keys)) == ["kt1"]
    assert journal.seen_by([]).rows("therapies", keys) == {}


def test_sight_grows_with_the_record_and_never_before(open_journal: Open) -> None:
    journal = open_journal(VIEWS)
    write(journal, Plan([(0, "north")], []), "g")
    seen = journal.seen_by(["plant-1"])
    assert seen.read("therapy/gt0") == [] and seen.payload("ga0") is None
    planned = BatchPlanned("gb0", ("gt0",), CITE, None, "plant-1", "autologous")
    journal.append(Append((Part("batch/gb0", 0, (Draft(planned, NOON, "system"),)),)))
    assert len(seen.read("therapy/gt0")) == 2 and seen.payload("ga0") is not None
    # Only a first event says whose a stream is: a second one cannot take it over.
    late = TherapyOrdered("gt0", "gp0", "product", CITE, "south", "0" * 64, "/")
    journal.append(Append((Part("therapy/gt0", 2, (Draft(late, NOON, "system"),)),)))
    assert journal.seen_by(["south"]).read("therapy/gt0") == []
