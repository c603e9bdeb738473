"""Measurements, adjustments, readings and the table of phase states."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onelot import make
from onelot.make.control import Proposal, effective
from onelot.make.measurement import outside
from onelot.make.readings import Segment, agrees, check, digest, microseconds, moment, seal
from onelot.make.states import PHASE, after
from onelot.record.errors import BadInput, Held, NotAllowed, OutOfOrder
from onelot.record.events.base import Event
from onelot.twin.equipment import TwinReadings
from tests.make.bench import PHASES, START, Bench, recipe_with
from tests.make.worker import do, good, work


def measuring() -> Bench:
    bench = Bench()
    work(bench, good, until="grow")
    do(bench, bench.step, good)  # type: ignore[arg-type]
    return bench


def enter(bench: Bench, value: str, unit: str = "%", name: str = "viability", **more: Any) -> tuple[Event, ...]:
    at = more.get("at", bench.now)
    return make.record_measurement(
        bench.recipe, bench.batch, "grow", name, Decimal(value), unit, at, bench.now, deviation="DEV1"
    )


def test_on_fail_decides_what_follows() -> None:
    names = {
        fail: [type(event).__name__ for event in enter(_with(fail), "60")]
        for fail in ("deviation", "hold", "terminate")
    }
    assert names == {
        "deviation": ["Measured", "DeviationOpened"],
        "hold": ["Measured", "DeviationOpened", "PhaseHeld"],
        "terminate": ["Measured", "DeviationOpened", "BatchTerminated"],
    }
    assert [type(event).__name__ for event in enter(_with("hold"), "70")] == ["Measured"]


def _with(on_fail: str) -> Bench:
    phases = [dict(each) for each in PHASES]
    cells, viability = phases[3]["measures"]
    phases[3] = {**phases[3], "measures": [cells, {**viability, "on_fail": on_fail}]}
    bench = Bench(recipe_with(phases))
    work(bench, good, until="grow")
    do(bench, bench.step, good)  # type: ignore[arg-type]
    return bench


@pytest.mark.parametrize(
    ("how", "refusal"),
    [
        ({"value": "90", "unit": "1"}, BadInput),
        ({"value": "NaN"}, BadInput),
        ({"value": "Infinity"}, BadInput),
        ({"value": "90", "name": "purity"}, OutOfOrder),
        ({"value": "90", "at": START - timedelta(days=9)}, BadInput),
        ({"value": "90", "at": START + timedelta(days=99)}, BadInput),
    ],
)
def test_a_value_needs_its_unit_its_phase_and_its_time(how: dict[str, Any], refusal: type) -> None:
    with pytest.raises(refusal):
        enter(measuring(), **how)


@given(st.decimals(-200, 200, places=2))
def test_a_limit_is_inclusive_and_nothing_else(value: Decimal) -> None:
    recipe = recipe_with(PHASES)
    limit = recipe.phases[3].measures[1]
    assert limit.low is not None
    assert bool(outside(limit, value)) == (value < 70)


def test_a_parameter_moves_only_inside_its_range_by_the_role_with_a_reason() -> None:
    bench = measuring()

    def adjust(value: str, *roles: str, unit: str = "1", reason: str = "forecast", name: str = "wanted") -> Any:
        proposal = Proposal(name, Decimal(value), unit, reason, "a" * 64)
        return make.adjust_parameter(bench.recipe, bench.batch, "grow", proposal, roles=roles)

    for value in ("99", "501"):
        with pytest.raises(Held, match="outside what is approved"):
            adjust(value, "supervisor")
    with pytest.raises(Held):
        adjust("200", "supervisor", unit="kg")
    with pytest.raises(NotAllowed):
        adjust("200", "operator")
    with pytest.raises(NotAllowed):
        adjust("200", "supervisor", reason=" ")
    with pytest.raises(OutOfOrder):
        adjust("200", "supervisor", name="other")
    bench.write(*adjust("100", "supervisor"))
    assert effective({"wanted": Decimal(300), "x": Decimal(1)}, bench.batch) == {
        "wanted": Decimal(100),
        "x": Decimal(1),
    }
    assert "model " + "a" * 64 in bench.batch.adjusted[0].change.reason


def segment(**changes: Any) -> Segment:
    fields: dict[str, Any] = {
        "equipment": "equipment/1",
        "channel": "temperature",
        "unit": "Cel",
        "times_us": np.array([1, 2, 5], dtype=np.int64),
        "values": np.array([37.0, 37.1, 36.9]),
    }
    return Segment(**{**fields, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"times_us": np.array([], dtype=np.int64), "values": np.array([])},
        {"times_us": np.array([1, 2], dtype=np.int64)},
        {"times_us": np.array([1, 1, 2], dtype=np.int64)},
        {"times_us": np.array([3, 2, 4], dtype=np.int64)},
        {"values": np.array([37.0, np.nan, 36.9])},
    ],
)
def test_a_segment_that_is_not_whole_is_not_sealed(changes: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        check(segment(**changes))


def test_a_seal_notices_every_change_of_a_segment() -> None:
    sealed = seal(segment())
    assert agrees(segment(), sealed)
    assert (sealed.count, microseconds(sealed.starts_at), microseconds(sealed.ends_at)) == (3, 1, 5)
    for changed in (
        {"values": np.array([37.0, 37.1, 36.900001])},
        {"times_us": np.array([1, 3, 5], dtype=np.int64)},
        {"unit": "K"},
        {"equipment": "equipment/2"},
    ):
        assert not agrees(segment(**changed), sealed)


def test_the_digest_is_what_its_words_say() -> None:
    header = b'{"channel":"temperature","count":3,"equipment":"equipment/1","unit":"Cel"}'
    numbers = b"".join(each.to_bytes(8, "little") for each in (1, 2, 5))
    values = np.array([37.0, 37.1, 36.9], dtype="<f8").tobytes()
    assert digest(segment()) == sha256(header + numbers + values).hexdigest()


def test_simulated_readings_do_not_depend_on_where_they_are_cut() -> None:
    source = TwinReadings(7)
    hours = [START + timedelta(hours=each) for each in (0, 7, 20, 30)]
    whole = source.segment("equipment/1", "temperature", hours[0], hours[-1])
    parts = [
        source.segment("equipment/1", "temperature", since, to) for since, to in zip(hours, hours[1:], strict=False)
    ]
    assert np.array_equal(np.concatenate([part.values for part in parts]), whole.values)
    assert whole.times_us.size == 30 * 60 and moment(int(whole.times_us[0])) == START
    check(whole)
    other = source.segment("equipment/2", "temperature", hours[0], hours[-1])
    assert not np.array_equal(other.values, whole.values)


def test_every_state_of_the_table_leads_to_states_of_the_table() -> None:
    assert {state for row in PHASE.values() for state in row.values()} <= set(PHASE)
    acting = {"Pausing", "Holding", "Restarting", "Stopping", "Aborting"}
    assert {state for state in PHASE if "done" in PHASE[state]} == acting | {"Running"}


@pytest.mark.parametrize(
    ("state", "event", "to"),
    [
        ("Idle", "PhaseStarted", "Running"),
        ("Complete", "PhaseStarted", "Running"),
        ("Running", "PhaseHeld", "Held"),
        ("Held", "PhaseRestarted", "Running"),
        ("Running", "PhaseCompleted", "Complete"),
        ("Held", "BatchTerminated", "Aborted"),
    ],
)
def test_events_come_to_rest_where_isa_88_says(state: str, event: str, to: str) -> None:
    assert after(state, event) == to


@pytest.mark.parametrize("state", sorted(PHASE))
def test_only_what_runs_is_completed_and_only_what_is_held_restarts(state: str) -> None:
    for event, allowed in (("PhaseCompleted", {"Running"}), ("PhaseRestarted", {"Held"})):
        if state in allowed:
            after(state, event)
        else:
            with pytest.raises(OutOfOrder):
                after(state, event)
