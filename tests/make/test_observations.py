"""Whatever people and devices say, in whatever order: the record folds, and nothing is finished that is not done."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from onelot import make
from onelot.make.engine import Continue, Finished, HeldFor, Start, WaitUntil
from onelot.make.equipment import Answer
from onelot.record.errors import OnelotError
from onelot.record.events.base import Event
from onelot.record.events.batch import BatchHeld, BatchHoldLifted, PhaseCompleted
from onelot.record.recipe import MasterRecipe
from tests.make.bench import COI, PARAMETERS, Bench, bag, device, lot, measure, phase, quantity, recipe_with

IDENTITY = {"bag": "APH1"}
ANSWERS = ("done", "refused", "unknown")


@st.composite
def recipes(draw: st.DrawFn) -> MasterRecipe:
    """Two to five phases of any kind, some repeated; at most one fill."""
    phases: list[dict[str, Any]] = []
    for number in range(draw(st.integers(2, 5))):
        kinds = ["scan", "charge", "run", "measure"] + ([] if any(p["kind"] == "fill" for p in phases) else ["fill"])
        kind = draw(st.sampled_from(kinds))
        more: dict[str, Any] = {"second_person": draw(st.booleans())}
        if kind == "run":
            more |= {"equipment_class": draw(st.sampled_from(["", "bioreactor"])), "target": "on"}
            more |= {"duration": quantity("6", "h")} if draw(st.booleans()) else {}
        if kind == "charge":
            more["charges"] = [{"item": "medium", "amount": quantity("2", "L")}] * draw(st.integers(1, 2))
        if kind in ("measure", "run"):
            on_fail = draw(st.sampled_from(["deviation", "hold", "terminate"]))
            more["measures"] = [measure(f"v{number}", low=quantity("10", "%"), on_fail=on_fail)]
            if draw(st.booleans()):
                more["repeat"] = {
                    "until": f"v{number} >= 50.0",
                    "every": quantity("4", "h"),
                    "at_most": quantity("3", "1"),
                    "otherwise": draw(st.sampled_from(["deviation", "terminate"])),
                    "reason": "used up",
                }
        phases.append(phase(f"p{number}", kind, **more))
    return recipe_with(phases)


def act(bench: Bench, action: int, which: int, value: int) -> tuple[Event, ...]:
    """The events of one thing that somebody tries, sensible or not."""
    recipe, batch, now = bench.recipe, bench.batch, bench.now
    name = recipe.phases[which % len(recipe.phases)].name
    first, second = "person/a", "person/b" if value % 5 else "person/a"
    if action == 0:
        return make.start_phase(
            recipe, batch, name, now, parameters=PARAMETERS, equipment_name="equipment/1", equipment=device()
        )
    if action == 1:
        scans = IDENTITY if value % 3 else {"bag": "APH9"}
        return make.complete_phase(
            recipe,
            batch,
            name,
            now,
            parameters=PARAMETERS,
            by=first,
            verified_by=second,
            deviation=f"D{batch.seq}",
            expected=IDENTITY,
            scans=scans,
        )
    if action == 2:
        of = int(name[1:])
        return make.record_measurement(
            recipe, batch, name, f"v{of}", Decimal(value), "%", now, now, deviation=f"D{batch.seq}"
        )
    if action == 3:
        amount = Decimal(value % 3)
        return make.charge(
            recipe,
            batch,
            name,
            lot("medium", "L"),
            amount,
            Decimal(5),
            now,
            parameters=PARAMETERS,
            by=first,
            verified_by=second,
        )
    if action == 4:
        return make.record_command(recipe, batch, name)
    return _decisions(bench, action, name, value, second)


def _decisions(bench: Bench, action: int, name: str, value: int, second: str) -> tuple[Event, ...]:
    recipe, batch, now = bench.recipe, bench.batch, bench.now
    keys = sorted(batch.commands) or ["none"]
    if action == 5:
        return make.record_answer(recipe, batch, keys[value % len(keys)], Answer(ANSWERS[value % 3]))  # type: ignore[arg-type]
    if action == 6:
        decision = "it_is_done" if value % 2 else "send_again"
        return make.decide_command(recipe, batch, keys[value % len(keys)], decision, "seen", by="person/s")  # type: ignore[arg-type]
    if action == 7:
        return make.hold_phase(recipe, batch, name, "a person stops")
    if action == 8:
        return make.restart_phase(recipe, batch, name, "a person goes on", by="person/s")
    if action == 9:
        return make.fill(
            recipe,
            batch,
            name,
            [bag(f"DP{value % 3}")],
            coi=COI,
            labels_printed=2,
            labels_destroyed=value % 2,
            expires_at=now.replace(year=2027),
            now=now,
            by="person/a",
            verified_by=second,
        )
    if action >= 12:
        return _sensible(bench, value)
    if action == 10:
        # Holds are not this room's events; whoever writes them asks the life table.
        if batch.state == "terminated":
            return ()
        return (BatchHeld("why", "rule"),) if value % 2 else (BatchHoldLifted("gone", "rule"),)
    bench.later(hours=value % 9)
    return ()


def _sensible(bench: Bench, value: int) -> tuple[Event, ...]:
    """What the engine asks for, done at once and written by itself."""
    step = bench.step
    if isinstance(step, WaitUntil):
        bench.now = step.when
    elif isinstance(step, Start | Continue):
        _follow(bench, step, value, 0)
    return ()


def all_done(bench: Bench) -> bool:
    """Whether the stream itself holds an ending completion of every phase, in order."""
    ended = [
        entry.event.phase
        for entry in bench.entries
        if isinstance(entry.event, PhaseCompleted) and entry.event.outcome != "repeat"
    ]
    return ended == [each.name for each in bench.recipe.phases]


ACTIONS = st.lists(
    st.tuples(st.integers(0, 24), st.integers(0, 4), st.sampled_from([1, 2, 3, 5, 8, 30, 49, 50, 61, 95])),
    min_size=5,
    max_size=80,
)


@settings(max_examples=120, deadline=None)
@given(recipes(), ACTIONS)
def test_finished_is_never_reached_with_a_phase_missing(recipe: MasterRecipe, actions: list[Any]) -> None:
    bench = Bench(recipe)
    for action, which, value in actions:
        before = len(bench.entries)
        try:
            events = act(bench, action, which, value)
        except OnelotError:
            assert action >= 12 or len(bench.entries) == before
            continue
        # Folding inside `write` must never refuse what a function of the room gave.
        bench.write(*events)
        assert (bench.step == Finished()) <= all_done(bench)


@settings(max_examples=60, deadline=None)
@given(recipes(), st.lists(st.tuples(st.integers(0, 99), st.integers(0, 2)), min_size=80, max_size=80))
def test_doing_what_is_asked_leads_on_and_ends_in_order(recipe: MasterRecipe, said: list[tuple[int, int]]) -> None:
    """Follow the engine with any values and answers: each step is possible, and the end is a real one."""
    bench = Bench(recipe)
    for value, choice in said:
        step = bench.step
        if isinstance(step, WaitUntil):
            bench.now = step.when
        elif isinstance(step, Start | Continue):
            _follow(bench, step, value, choice)
        else:
            run = bench.batch.running
            if run is None or not isinstance(step, HeldFor):
                break
            unknown = [key for key, each in bench.batch.commands.items() if each.answer == "unknown"]
            if unknown and choice:
                bench.write(*_decide(bench, unknown[-1], choice))
            else:
                bench.write(*make.restart_phase(recipe, bench.batch, run.phase, "goes on", by="person/s"))
    step = bench.step
    assert (step == Finished()) == (all_done(bench) and not bench.batch.terminated)


def _decide(bench: Bench, key: str, choice: int) -> tuple[Event, ...]:
    decision = "it_is_done" if choice == 1 else "send_again"
    return make.decide_command(bench.recipe, bench.batch, key, decision, "seen", by="person/s")  # type: ignore[arg-type]


def _follow(bench: Bench, step: Start | Continue, value: int, choice: int) -> None:
    if isinstance(step, Start):
        which = [each.name for each in bench.recipe.phases].index(step.phase.name)
        bench.write(*act(bench, 0, which, 1))
        return
    need, which = step.needs[0], [each.name for each in bench.recipe.phases].index(step.phase.name)
    if need.kind == "charge":
        bench.write(*act(bench, 3, which, 2 if need.amount == 2 else 1))
    elif need.kind == "command":
        bench.write(*make.record_command(bench.recipe, bench.batch, step.phase.name))
        bench.write(*make.record_answer(bench.recipe, bench.batch, need.name, Answer(ANSWERS[choice])))  # type: ignore[arg-type]
    elif need.kind == "measure":
        bench.write(*act(bench, 2, which, value))
    elif need.kind == "fill":
        bench.write(*act(bench, 9, which, 1))
    else:
        bench.write(*act(bench, 1, which, 1))
