from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from onelot import make
from onelot.make.engine import Continue, Finished, HeldFor, Start, Stopped, WaitUntil
from onelot.record.errors import Held, Mismatch, NotAllowed, OutOfOrder
from onelot.record.events.batch import BatchHeld, BatchHoldLifted, BatchTerminated
from tests.make.bench import PARAMETERS, PHASES, START, Bench, device, recipe_with
from tests.make.worker import complete, do, good, work


def test_the_whole_procedure_comes_to_its_end_in_order() -> None:
    bench = Bench()
    work(bench, good)
    assert bench.step == Finished()
    names = [(run.phase, run.run, run.outcome) for run in bench.batch.runs]
    assert names == [
        ("identity", 1, "done"),
        ("activate", 1, "done"),
        ("incubate", 1, "done"),
        ("grow", 1, "repeat"),
        ("grow", 2, "repeat"),
        ("grow", 3, "done"),
        ("harvest", 1, "done"),
        ("vials", 1, "done"),
    ]
    made = make.complete_manufacture(
        bench.recipe, bench.batch, bench.now, parameters=PARAMETERS, yield_amount=Decimal(400), yield_unit="1"
    )
    bench.write(*made)
    assert bench.batch.state == "quarantine"
    assert bench.step == Finished()


def test_nothing_starts_before_the_starting_material_is_here() -> None:
    bench = Bench(recipe_with(PHASES, kind="stock"))
    assert isinstance(bench.step, Start)
    empty = Bench()
    empty.entries = empty.entries[:1]
    step = empty.step
    assert isinstance(step, HeldFor) and "starting material" in step.reason


def test_a_phase_cannot_start_before_its_turn() -> None:
    bench = Bench()
    with pytest.raises(OutOfOrder, match="Start identity"):
        make.start_phase(bench.recipe, bench.batch, "vials", bench.now, parameters=PARAMETERS)


def test_a_run_phase_waits_for_its_duration_and_a_repeat_for_its_interval() -> None:
    bench = Bench()
    work(bench, good, until="incubate")
    began = bench.now
    do(bench, bench.step, good)  # type: ignore[arg-type]
    do(bench, bench.step, good)  # type: ignore[arg-type]
    step = bench.step
    assert isinstance(step, WaitUntil) and step.when == began + timedelta(days=2)
    with pytest.raises(OutOfOrder, match="WaitUntil incubate"):
        complete(bench, "incubate")
    work(bench, good, until="grow")
    first = bench.now
    for _ in range(4):
        do(bench, bench.step, good)  # type: ignore[arg-type]
    step = bench.step
    assert isinstance(step, WaitUntil) and step.run == 2 and step.when == first + timedelta(days=1)


def test_a_run_that_ended_late_is_followed_by_one_that_starts_after_it() -> None:
    bench = Bench()
    work(bench, good, until="grow")
    do(bench, bench.step, good)  # type: ignore[arg-type]
    bench.later(days=3)
    for _ in range(3):
        do(bench, bench.step, good)  # type: ignore[arg-type]
    step = bench.step
    assert isinstance(step, WaitUntil) and step.when > bench.now
    bench.now = step.when
    assert isinstance(bench.step, Start)
    do(bench, bench.step, good)
    step = bench.step
    assert isinstance(step, Continue)
    assert [need.name for need in step.needs] == ["viable_cells", "viability"]


def test_runs_used_up_end_the_batch_or_open_a_deviation_as_the_recipe_says() -> None:
    bench = Bench()
    work(bench, lambda _, name: Decimal(90) if name != "viable_cells" else Decimal(1))
    assert bench.step == Stopped("too few cells when the last day came")
    assert len([run for run in bench.batch.runs if run.phase == "grow"]) == 5
    milder = [dict(each) for each in PHASES]
    milder[3] = {**milder[3], "repeat": {**milder[3]["repeat"], "otherwise": "deviation"}}
    bench = Bench(recipe_with(milder))
    work(bench, lambda _, name: Decimal(90) if name != "viable_cells" else Decimal(1))
    assert bench.step == Finished()
    assert [each.severity for each in bench.batch.open_deviations] == ["major"]


def test_a_value_outside_its_limits_holds_until_a_person_decides() -> None:
    bench = Bench()
    work(bench, lambda _, name: Decimal(60) if name == "viability" else Decimal(1))
    step = bench.step
    assert isinstance(step, HeldFor) and step.phase is not None and step.phase.name == "grow"
    with pytest.raises(NotAllowed):
        make.restart_phase(bench.recipe, bench.batch, "grow", "go on", by="system")
    with pytest.raises(NotAllowed):
        make.restart_phase(bench.recipe, bench.batch, "grow", " ", by="person/a")
    bench.write(*make.restart_phase(bench.recipe, bench.batch, "grow", "recounted, 92 %", by="person/a"))
    work(bench, good)
    assert bench.step == Finished()


def test_a_batch_on_hold_takes_no_entries_and_goes_on_after_it() -> None:
    bench = Bench()
    work(bench, good, until="harvest")
    do(bench, bench.step, good)  # type: ignore[arg-type]
    bench.write(BatchHeld("consent withdrawn", "consent"))
    step = bench.step
    assert isinstance(step, HeldFor) and "consent withdrawn" in step.reason
    with pytest.raises(Held, match="consent withdrawn"):
        make.record_measurement(
            bench.recipe, bench.batch, "harvest", "purity", Decimal(90), "%", bench.now, bench.now, deviation="D"
        )
    bench.write(BatchHoldLifted("given again", "consent"))
    work(bench, good)
    assert bench.step == Finished()


def test_a_stopped_batch_never_reads_as_finished() -> None:
    bench = Bench()
    work(bench, good)
    bench.write(BatchTerminated("no need any more", "order withdrawn"))
    assert bench.step == Stopped("no need any more")


def test_the_second_person_is_somebody_else() -> None:
    bench = Bench()
    do(bench, bench.step, good)  # type: ignore[arg-type]
    for nobody in ("", "person/a"):
        with pytest.raises(NotAllowed):
            complete(bench, "identity", verified_by=nobody)


def test_a_wrong_bag_is_refused_and_opens_a_critical_deviation() -> None:
    bench = Bench()
    do(bench, bench.step, good)  # type: ignore[arg-type]
    with pytest.raises(Mismatch) as caught:
        make.complete_phase(
            bench.recipe,
            bench.batch,
            "identity",
            bench.now,
            parameters=PARAMETERS,
            by="person/a",
            verified_by="person/b",
            expected={"bag": "APH1"},
            scans={"bag": "APH9"},
        )
    bench.write(*make.refused_scan(bench.recipe, bench.batch, "identity", caught.value, "DEV1"))
    assert bench.batch.deviations["DEV1"].severity == "critical"
    assert isinstance(bench.step, HeldFor)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"equipment_class": "centrifuge"}, Mismatch),
        ({"site": "elsewhere"}, Mismatch),
        ({"state": "taken_out"}, Held),
        ({"state": "registered", "qualified_until": None}, Held),
        ({"qualified_until": START}, Held),
    ],
)
def test_a_device_must_be_of_the_class_here_and_qualified_now(changes: dict[str, object], refusal: type) -> None:
    bench = Bench()
    work(bench, good, until="incubate")
    with pytest.raises(refusal):
        make.start_phase(
            bench.recipe,
            bench.batch,
            "incubate",
            bench.now,
            parameters=PARAMETERS,
            equipment_name="equipment/1",
            equipment=device(**changes),
        )
    with pytest.raises(Held):
        make.start_phase(bench.recipe, bench.batch, "incubate", bench.now, parameters=PARAMETERS)


def test_nothing_is_entered_for_a_batch_that_was_stopped() -> None:
    bench = Bench()
    work(bench, good, until="harvest")
    do(bench, bench.step, good)  # type: ignore[arg-type]
    bench.write(BatchTerminated("no need any more", "order withdrawn"))
    with pytest.raises(OutOfOrder, match="terminated: no need any more"):
        make.record_measurement(
            bench.recipe, bench.batch, "harvest", "purity", Decimal(90), "%", bench.now, bench.now, deviation="D"
        )
    with pytest.raises(OutOfOrder):
        make.hold_phase(bench.recipe, bench.batch, "harvest", "alarm")
