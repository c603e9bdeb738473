from __future__ import annotations

from typing import Literal

import pytest

from onelot import make
from onelot.make.engine import Continue, Finished, HeldFor
from onelot.make.equipment import Answer
from onelot.record.errors import NotAllowed, OutOfOrder
from onelot.record.events.batch import CommandRecorded
from tests.make.bench import Bench
from tests.make.worker import do, good, work

KEY = "B1/incubate/1/1"


def running() -> Bench:
    """A bench whose incubation runs and waits for its command."""
    bench = Bench()
    work(bench, good, until="incubate")
    do(bench, bench.step, good)  # type: ignore[arg-type]
    return bench


def answered(bench: Bench, result: Literal["done", "refused", "unknown"]) -> None:
    bench.write(*make.record_answer(bench.recipe, bench.batch, KEY, Answer(result, "as seen")), by="equipment/1")


def test_a_command_is_recorded_before_it_is_sent_and_its_key_follows_from_the_record() -> None:
    bench = running()
    step = bench.step
    assert isinstance(step, Continue) and [(need.kind, need.name) for need in step.needs] == [("command", KEY)]
    bench.write(*make.record_command(bench.recipe, bench.batch, "incubate"))
    assert bench.batch.commands[KEY].equipment == "equipment/1"
    step = bench.step
    assert isinstance(step, Continue) and [(need.kind, need.name) for need in step.needs] == [("ask", KEY)]
    with pytest.raises(OutOfOrder, match="needs no command now"):
        make.record_command(bench.recipe, bench.batch, "incubate")


def test_an_answer_without_a_command_is_refused_and_none_is_taken_twice() -> None:
    bench = running()
    with pytest.raises(OutOfOrder):
        answered(bench, "done")
    bench.write(*make.record_command(bench.recipe, bench.batch, "incubate"))
    answered(bench, "done")
    with pytest.raises(OutOfOrder):
        answered(bench, "done")


def test_unknown_holds_and_a_person_sends_the_same_key_again() -> None:
    bench = running()
    bench.write(*make.record_command(bench.recipe, bench.batch, "incubate"))
    answered(bench, "unknown")
    step = bench.step
    assert isinstance(step, HeldFor) and "unknown: as seen" in step.reason
    with pytest.raises(NotAllowed):
        make.decide_command(bench.recipe, bench.batch, KEY, "send_again", "seen", by="system")
    bench.write(*make.decide_command(bench.recipe, bench.batch, KEY, "send_again", "the line was down", by="person/s"))
    step = bench.step
    assert isinstance(step, Continue) and [(need.kind, need.name) for need in step.needs] == [("command", KEY)]
    assert make.record_command(bench.recipe, bench.batch, "incubate") == ()
    answered(bench, "done")
    work(bench, good)
    assert bench.step == Finished()
    recorded = [entry for entry in bench.entries if isinstance(entry.event, CommandRecorded)]
    assert len(recorded) == 1


def test_unknown_and_a_person_saw_that_it_is_done() -> None:
    bench = running()
    bench.write(*make.record_command(bench.recipe, bench.batch, "incubate"))
    answered(bench, "unknown")
    bench.write(*make.decide_command(bench.recipe, bench.batch, KEY, "it_is_done", "it turns", by="person/s"))
    assert bench.batch.commands[KEY].detail == "seen by person/s: it turns"
    work(bench, good)
    assert bench.step == Finished()


def test_refused_holds_and_the_next_attempt_has_a_new_key() -> None:
    bench = running()
    bench.write(*make.record_command(bench.recipe, bench.batch, "incubate"))
    answered(bench, "refused")
    assert isinstance(bench.step, HeldFor)
    with pytest.raises(OutOfOrder):
        make.decide_command(bench.recipe, bench.batch, KEY, "send_again", "seen", by="person/s")
    bench.write(*make.restart_phase(bench.recipe, bench.batch, "incubate", "lid closed", by="person/s"))
    step = bench.step
    assert isinstance(step, Continue) and step.needs[0].name == "B1/incubate/1/2"
    work(bench, good)
    assert bench.step == Finished()


def test_an_answer_is_written_down_even_when_the_phase_was_held_meanwhile() -> None:
    bench = running()
    bench.write(*make.record_command(bench.recipe, bench.batch, "incubate"))
    bench.write(*make.hold_phase(bench.recipe, bench.batch, "incubate", "alarm"))
    answered(bench, "unknown")
    assert bench.batch.commands[KEY].answer == "unknown"
    bench.write(*make.decide_command(bench.recipe, bench.batch, KEY, "it_is_done", "it turns", by="person/s"))
    work(bench, good)
    assert bench.step == Finished()
