"""A clean journal of two patients has no violations; each thing that must never happen is found when it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from onelot.adapters.memory import MemoryJournal
from onelot.record.events import batch as ev
from onelot.record.events import editing as ed
from onelot.record.events import journal as jn
from onelot.record.events import therapy as th
from onelot.record.events.base import Event
from onelot.record.identity import own_mark
from onelot.record.journal import Append, Draft, Entry, Head, Part, TakeInterval, link_part
from onelot.record.recipe import MasterRecipe
from onelot.record.terms.values import Cite, Container, Input, Parameter, Sealed
from onelot.twin.invariants import House, violations
from onelot.twin.memory import Remembered
from tests.make.bench import phase, recipe_with

START = datetime(2026, 9, 7, tzinfo=UTC)
NOWHERE = Cite("document/r", 1, "0" * 64)
SEALED = Sealed("0" * 64, "p")
Steps = dict[str, list[tuple[float, Event]]]


def bag(identifier: str, coi: str) -> Container:
    return Container(identifier, "bag", coi, Decimal(50), "mL")


def steps_of(patient: str) -> Steps:
    """What happens to one patient: hours after the start, and the event."""
    coi, batch = f"COI-{patient}", f"batch/{patient}"
    until = START + timedelta(days=300)
    given = START + timedelta(hours=60)
    return {
        f"therapy/{patient}": [
            (0, th.TherapyOrdered(coi, patient, "cells", NOWHERE, "clinic", "s", "p")),
            (1, th.ConsentRecorded(("collection", "manufacture"), None, "s", "p")),
            (2, th.EligibilityConfirmed(())),
            (3, th.RecipeTailored(NOWHERE, ())),
            (4, th.SlotBooked("manufacture", "suite", START, until)),
            (5, th.Collected("D1", (bag(f"APH-{patient}", coi),), START, (), "person/b")),
            (61, th.DoseGiven(Cite(batch, 12, "0" * 64), SEALED, "1", given)),
        ],
        batch: [
            (6, ev.BatchPlanned(batch, (f"therapy/{patient}",), NOWHERE, None, "plant", "patient")),
            (7, ev.MaterialReceived(bag(f"APH-{patient}", coi), "D1", "good", "person/b")),
            (8, ev.PhaseStarted("incubate", 1, f"equipment/{patient}")),
            (9, ev.CommandRecorded(f"{batch}/incubate/1/1", "incubate", f"equipment/{patient}", "move_to", "on")),
            (10, ev.CommandAnswered(f"{batch}/incubate/1/1", "done")),
            (11, ev.PhaseCompleted("incubate", 1, "done")),
            (12, ev.PhaseStarted("vials", 1)),
            (13, ev.Filled((bag(f"DP-{patient}", coi),), 1, 1, 0, until)),
            (14, ev.PhaseCompleted("vials", 1, "done")),
            (15, ev.ManufactureCompleted(Decimal(1), "1")),
            (16, ev.Released(NOWHERE, "rule")),
            (17, ev.Dispatched("S", (f"DP-{patient}",), "shipper", "lane", "clinic", until)),
            (50, ev.ShipmentReceived("S", "clinic", Decimal(-150), True, "")),
            (59, ev.IdentityCompared("ward", ("bag",), True, "person/b")),
            (60, ev.Administered((f"DP-{patient}",), given, "person/b")),
        ],
    }


def entries_of(steps: Steps) -> dict[str, list[Entry]]:
    return {
        stream: link_part(
            Head(0, bytes(32)),
            Part(stream, 0, tuple(Draft(event, START + timedelta(hours=at), "person/a") for at, event in listed)),
        )
        for stream, listed in steps.items()
    }


RECIPE: MasterRecipe = recipe_with([phase("incubate", "run", equipment_class="bioreactor"), phase("vials", "fill")])


def house(change: Callable[[Steps], None] = lambda steps: None, **more: Any) -> House:
    steps = {**steps_of("p1"), **steps_of("p2")}
    change(steps)
    commands = [
        Remembered(f"batch/{each}/incubate/1/1", f"equipment/{each}", "move_to", "on", "done", "", 1, 1)
        for each in ("p1", "p2")
    ]
    recipes = {f"batch/{each}": RECIPE for each in ("p1", "p2")}
    fields: dict[str, Any] = {"commands": commands, "recipes": recipes, **more}
    return House(entries_of(steps), **fields)


def put(stream: str, kind: type, **changes: Any) -> Callable[[Steps], None]:
    """Change the fields of the first event of this kind in a stream; no changes at all: take it out."""

    def change(steps: Steps) -> None:
        listed = steps[stream]
        number = next(n for n, (_, event) in enumerate(listed) if isinstance(event, kind))
        at, event = listed[number]
        listed[number : number + 1] = [(at, replace(event, **changes))] if changes else []

    return change


def after(stream: str, kind: type, at: float, event: Event) -> Callable[[Steps], None]:
    """Let something else happen right after the first event of this kind."""

    def change(steps: Steps) -> None:
        number = next(n for n, (_, each) in enumerate(steps[stream]) if isinstance(each, kind))
        steps[stream].insert(number + 1, (at, event))

    return change


def rules(found: House) -> set[str]:
    return {each.rule for each in violations(found)}


def test_a_clean_journal_has_no_violations() -> None:
    assert violations(house()) == ()


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (put("batch/p2", ev.Filled, containers=(bag("DP-p1", "COI-p2"),)), "a container belongs to one patient"),
        (put("batch/p2", ev.MaterialReceived, container=bag("APH-p1", "COI-p2")), "a container belongs to one patient"),
        (put("batch/p2", ev.Filled, containers=(bag("DP-p1", "COI-p1"),)), "a container is filled once"),
        (put("batch/p2", ev.Administered, containers=("DP-p1",)), "only the batch's containers are given"),
        (put("batch/p2", ev.Administered, containers=()), "only the batch's containers are given"),
        (put("batch/p2", ev.Administered, containers=("DP-p1",)), "a container is given once"),
        (put("batch/p2", ev.Filled, containers=(bag("DP-p2", "COI-p1"),)), "a container is given to its patient"),
        (put("batch/p1", ev.IdentityCompared), "identity agrees before a dose"),
        (put("batch/p1", ev.IdentityCompared, agreed=False), "identity agrees before a dose"),
        (put("batch/p1", ev.Filled, expires_at=START), "nothing expired is given"),
        (put("batch/p1", ev.BatchPlanned, purpose="toxicology"), "a toxicology lot is given to nobody"),
        (after("batch/p1", ev.IdentityCompared, 59.5, ev.BatchHeld("why", "rule")), "nothing on hold is given"),
        (after("batch/p1", ev.Dispatched, 18, ev.LateResultFailed(NOWHERE, "w")), "nothing on hold is given"),
        (put("therapy/p1", th.DoseGiven, batch=Cite("batch/p2", 1, "0" * 64)), "a dose is of a batch of its therapy"),
        (put("batch/p1", ev.Administered), "a dose was administered"),
        (
            after("therapy/p1", th.Collected, 20, th.ConsentWithdrawn(("manufacture",), "changed mind")),
            "consent stands when a dose is given",
        ),
        (put("therapy/p1", th.ConsentRecorded, scopes=("collection",)), "consent stands when a dose is given"),
        (put("batch/p1", ev.CommandRecorded, key="other"), "a command is recorded before it is sent"),
        (put("batch/p2", ev.PhaseStarted, equipment="equipment/p1"), "a device runs one phase at a time"),
        (put("batch/p1", ev.PhaseCompleted, outcome="repeat"), "every phase, in order"),
        (put("batch/p1", ev.PhaseCompleted), "no phase is left open"),
    ],
)
def test_what_must_never_happen_is_found(change: Callable[[Steps], None], rule: str) -> None:
    assert rule in rules(house(change))


@pytest.mark.parametrize(
    "change",
    [
        put("batch/p1", ev.Released),
        after("batch/p1", ev.ShipmentReceived, 51, ev.Rejected("germ")),
        after("batch/p1", ev.Filled, 13.5, ev.BatchTerminated("why", "rule")),
    ],
)
def test_a_dose_of_an_undecided_rejected_or_stopped_batch_breaks_its_life(change: Callable[[Steps], None]) -> None:
    assert rules(house(change)) == {"the life table holds"}


@pytest.mark.parametrize(
    ("seen", "rule"),
    [
        (("batch/p1/incubate/1/1", 1, 2), "one effect per key"),
        (("batch/p1/incubate/1/1", 1, 0), "done means done"),
        (("unheard", 1, 1), "a command is recorded before it is sent"),
    ],
)
def test_what_a_device_remembers_is_held_against_the_record(seen: tuple[str, int, int], rule: str) -> None:
    clean = house()
    key, sends, effects = seen
    told = Remembered(key, "equipment/p1", "move_to", "on", "done", "", sends, effects)
    commands = [*(each for each in clean.commands if each.key != key), told]
    assert rules(house(commands=commands)) == {rule}


def test_a_command_sent_twice_with_one_effect_is_no_violation() -> None:
    told = [replace(each, sends=3) for each in house().commands]
    assert violations(house(commands=told)) == ()


def test_overlapping_claims_are_found_also_across_a_long_one() -> None:
    def at(hours: float) -> datetime:
        return START + timedelta(hours=hours)

    apart = [("a", at(0), at(2)), ("b", at(2), at(3))]
    assert violations(house(intervals={"suite": apart})) == ()
    across = [("long", at(0), at(9)), ("b", at(1), at(2)), ("c", at(3), at(4))]
    found = violations(house(intervals={"suite": across}))
    assert [(each.rule, each.what) for each in found] == [
        ("claims never overlap", "long and b"),
        ("claims never overlap", "long and c"),
    ]


def test_a_house_is_read_whole_from_a_journal() -> None:
    journal = MemoryJournal()
    told = house()
    for stream, entries in told.streams.items():
        drafts = tuple(Draft(entry.event, entry.at, entry.by) for entry in entries)
        taken = TakeInterval(f"slot {stream}", "suite", START, START + timedelta(days=1))
        claims = (taken,) if stream == "batch/p1" else ()
        journal.append(Append((Part(stream, 0, drafts),), claims))
    found = House.of_journal(journal, resources=["suite"], commands=told.commands, recipes=told.recipes)
    assert {stream: len(entries) for stream, entries in found.streams.items()} == {
        stream: len(entries) for stream, entries in told.streams.items()
    }
    assert [claim for claim, _, _ in found.intervals["suite"]] == ["slot batch/p1"]
    assert violations(found) == ()


def with_lot(owner: str) -> Callable[[Steps], None]:
    """The first patient's batch charges a lot with this mark."""

    def change(steps: Steps) -> None:
        until = START + timedelta(days=300)
        came = jn.LotReceived("guide", "s", "0" * 64, Decimal(1), "mg", until, owner)
        steps["lot/guide"] = [(1, came)]
        charged = ev.MaterialCharged("incubate", Cite("lot/guide", 1, "0" * 64), Decimal(1), "mg")
        after("batch/p1", ev.PhaseStarted, 8.5, charged)(steps)

    return change


def test_a_lot_of_one_patient_s_own_goes_to_nobody_else() -> None:
    assert violations(house(with_lot(own_mark("p1")))) == ()
    assert violations(house(with_lot(""))) == ()
    assert rules(house(with_lot(own_mark("p2")))) == {"a lot of one patient's own stays theirs"}


def test_a_guide_that_one_person_chose_alone_is_found() -> None:
    def steps(confirmed: bool) -> dict[str, list[Entry]]:
        made = entries_of(steps_of("p1"))["therapy/p1"][:3]
        drafts: list[Event] = [each.event for each in made]
        variant = Input("v", "0" * 64, NOWHERE)
        design = ed.GuidesDesigned(variant, "r", "", "", "", "t", 4, 1, 1, SEALED, SEALED)
        drafts += [design, ed.GuideChosen(NOWHERE, SEALED, SEALED, SEALED)]
        people = ["person/a"] * 5
        choice = link_part(Head(0, bytes(32)), part(drafts, people))[4].cite
        if confirmed:
            drafts, people = [*drafts, ed.GuideConfirmed(choice, SEALED)], [*people, "person/b"]
        guide = Parameter("guide", SEALED, "", "b", "f", "r", "s", (Input("chosen_guide", "0" * 64, choice),))
        drafts, people = [*drafts, th.RecipeTailored(NOWHERE, (guide,))], [*people, "person/a"]
        return {"therapy/p1": link_part(Head(0, bytes(32)), part(drafts, people))}

    def part(events: list[Event], people: list[str]) -> Part:
        at = [START + timedelta(hours=n) for n in range(len(events))]
        return Part("therapy/p1", 0, tuple(Draft(*each) for each in zip(events, at, people, strict=True)))

    assert violations(House(steps(confirmed=True))) == ()
    assert rules(House(steps(confirmed=False))) == {"two people choose a guide"}
