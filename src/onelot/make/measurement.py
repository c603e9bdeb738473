"""In-process values against the limits of the recipe."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from onelot.make.engine import running_phase
from onelot.record.errors import BadInput, OutOfOrder
from onelot.record.events.base import Event
from onelot.record.events.batch import BatchTerminated, DeviationOpened, Measured, PhaseHeld
from onelot.record.recipe import MasterRecipe, Measure, Phase
from onelot.record.subjects.batch import Batch
from onelot.record.terms.values import Cite

SEVERITY: Mapping[str, str] = {"deviation": "minor", "hold": "major", "terminate": "critical"}


def outside(measure: Measure, value: Decimal) -> str:
    """The limit this value breaks, in words with its source, or "" when it is inside."""
    if measure.low is not None and value < measure.low.value:
        return f"{measure.low.value} {measure.low.unit} {measure.low.basis} at least ({measure.low.source.shown})"
    if measure.high is not None and value > measure.high.value:
        return f"{measure.high.value} {measure.high.unit} {measure.high.basis} at most ({measure.high.source.shown})"
    return ""


def _measure_of(recipe: MasterRecipe, phase: Phase, name: str) -> Measure:
    for measure in phase.measures:
        if measure.name == name:
            return measure
    raise OutOfOrder(
        f"{phase.name} takes no value named {name}",
        rule=f"recipe {recipe.identifier}: {', '.join(each.name for each in phase.measures) or 'no values'}",
        remedy="enter it in the phase that asks for it",
    )


def record_measurement(
    recipe: MasterRecipe,
    batch: Batch,
    phase_name: str,
    name: str,
    value: Decimal,
    unit: str,
    measured_at: datetime,
    now: datetime,
    *,
    deviation: str,
    readings: Cite | None = None,
) -> tuple[Event, ...]:
    """A value, and what follows when it is outside its limits: deviation, hold, or the end of the batch.

    deviation: a fresh identifier, used when one is opened; readings: the sealed segment the value was taken from.

    Raises:
        OutOfOrder: the phase is not running or does not ask for this value.
        BadInput: another unit, not a number, or a time before the phase or in the future.
    """
    phase, run = running_phase(recipe, batch, phase_name)
    measure = _measure_of(recipe, phase, name)
    place = f"{batch.batch}/{phase_name}/{name}"
    if unit != measure.unit or not value.is_finite():
        raise BadInput(
            f"{value} {unit} is not a value in {measure.unit}",
            rule=f"recipe {recipe.identifier}: {name} is measured in {measure.unit}",
            remedy="enter the value in that unit",
            place=place,
        )
    if not run.started_at <= measured_at <= now:
        raise BadInput(
            f"{measured_at:%Y-%m-%d %H:%M:%S} lies outside this run ({run.started_at:%Y-%m-%d %H:%M:%S} to now)",
            rule="entries are contemporaneous (ALCOA)",
            remedy="enter the time at which the value was taken",
            place=place,
        )
    taken = Measured(phase_name, name, value, unit, measure.method, measured_at, readings)
    broken = outside(measure, value)
    if not broken:
        return (taken,)
    rule = f"recipe {recipe.identifier}, phase {phase_name}, {name}: {broken}"
    what = f"{measure.title} is {value} {unit}"
    opened = DeviationOpened(deviation, SEVERITY[measure.on_fail], what, rule)
    if measure.on_fail == "hold":
        return (taken, opened, PhaseHeld(phase_name, what))
    if measure.on_fail == "terminate":
        return (taken, opened, BatchTerminated(what, rule))
    return (taken, opened)
