"""A phase from its start to its end: what a person or the house may write down about it.

Every function returns the events to append and refuses what is out of order; none appends. `now` is aware, in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from onelot.make.engine import (
    Continue,
    Start,
    Step,
    formula_values,
    in_process,
    next_step,
    phase_of,
    running_phase,
)
from onelot.make.states import after
from onelot.record.errors import Held, Mismatch, NotAllowed, OutOfOrder
from onelot.record.events.base import Event
from onelot.record.events.batch import (
    BatchTerminated,
    DeviationOpened,
    PhaseCompleted,
    PhaseHeld,
    PhaseRestarted,
    PhaseStarted,
)
from onelot.record.identity import compare
from onelot.record.recipe import MasterRecipe, Phase, Repeat
from onelot.record.recipe_formulas import repeat_formula
from onelot.record.signature import second_person
from onelot.record.subjects.batch import Batch, PhaseRun
from onelot.record.subjects.masters import Equipment


def _waits_for(step: Step, what: str) -> OutOfOrder:
    name = type(step).__name__
    about = getattr(step, "phase", None)
    detail = f" {about.name}" if about is not None else ""
    reason = getattr(step, "reason", "")
    if isinstance(step, Continue):
        reason = ", ".join(f"{need.kind} {need.name}" for need in step.needs)
    return OutOfOrder(
        f"{what} is not what comes next: {name}{detail}" + (f" ({reason})" if reason else ""),
        rule="phases run in the order of the control recipe's procedure",
        remedy="do what comes next first",
    )


def check_equipment(phase: Phase, name: str, equipment: Equipment | None, batch: Batch, now: datetime) -> None:
    """Refuse a device that is missing, of the wrong class or site, or not qualified now.

    Raises:
        Held: missing, or its qualification is absent, lapsed or withdrawn.
        Mismatch: of another class, or at another site.
    """
    if not phase.equipment_class:
        return
    rule = f"phase {phase.name} needs equipment of class {phase.equipment_class} (21 CFR 211.68, 211.105)"
    if equipment is None or not name:
        raise Held(f"no equipment was named for {phase.name}", rule=rule, remedy="scan the device's label")
    if equipment.equipment_class != phase.equipment_class or equipment.site != batch.site:
        raise Mismatch(
            f"{name} is a {equipment.equipment_class} at {equipment.site}, wanted at {batch.site}",
            rule=rule,
            remedy=f"take a {phase.equipment_class} of this site",
        )
    until = equipment.qualified_until
    if equipment.state != "qualified" or until is None or until <= now:
        since = f" since {until:%Y-%m-%d %H:%M}" if until else ""
        raise Held(
            f"{name} is not qualified{since} ({equipment.state})",
            rule=rule,
            remedy="take another device, or have metrology qualify this one",
        )


def start_phase(
    recipe: MasterRecipe,
    batch: Batch,
    name: str,
    now: datetime,
    *,
    parameters: Mapping[str, Decimal],
    equipment_name: str = "",
    equipment: Equipment | None = None,
) -> tuple[Event, ...]:
    """Idle -> Running, with a qualified device where the phase asks for one.

    Raises:
        OutOfOrder: another phase is next, it is too early, or the batch is held or stopped.
    """
    step = next_step(recipe, batch, parameters, now)
    if not isinstance(step, Start) or step.phase.name != name:
        raise _waits_for(step, f"starting {name}")
    check_equipment(step.phase, equipment_name, equipment, batch, now)
    after("Idle", "PhaseStarted")
    return (PhaseStarted(name, step.run, equipment_name if step.phase.equipment_class else ""),)


def hold_phase(recipe: MasterRecipe, batch: Batch, name: str, reason: str) -> tuple[Event, ...]:
    """Running -> Held: a person or a rule stops to think."""
    _, run = running_phase(recipe, batch, name, though_held=True)
    after(run.state, "PhaseHeld")
    return (PhaseHeld(name, reason),)


def restart_phase(recipe: MasterRecipe, batch: Batch, name: str, reason: str, *, by: str) -> tuple[Event, ...]:
    """Held -> Running, decided by a person with a reason.

    Raises:
        OutOfOrder: the phase is not held.
        NotAllowed: no reason, or no person.
    """
    phase_of(recipe, name)
    in_process(batch)
    run = batch.running
    if run is None or run.phase != name:
        raise OutOfOrder(
            f"{name} is not held", rule="ISA-88: only a Held phase restarts", remedy="look at the batch's thread"
        )
    after(run.state, "PhaseRestarted")
    if not by.startswith("person/") or not reason.strip():
        raise NotAllowed(
            f"{name} restarts only on the decision of a person, with a reason",
            rule="unknown or out of limits means Held, and a person decides",
            remedy="sign in, look at the device and the values, and give the reason",
        )
    return (PhaseRestarted(name, reason),)


def complete_phase(
    recipe: MasterRecipe,
    batch: Batch,
    name: str,
    now: datetime,
    *,
    parameters: Mapping[str, Decimal],
    by: str,
    verified_by: str = "",
    deviation: str = "",
    expected: Mapping[str, str] | None = None,
    scans: Mapping[str, str] | None = None,
) -> tuple[Event, ...]:
    """Running -> Complete, with outcome `done`, `repeat` or `used_up`.

    Args:
        recipe, batch, name, now: whose phase, and when.
        parameters: the tailored parameters by name.
        by: who completes; verified_by: the second person where the phase asks for one.
        deviation: a fresh identifier, used when the runs are used up.
        expected, scans: of a `scan` phase, thing -> text it must read as, and thing -> text read.

    Raises:
        OutOfOrder: something of the phase is still to be done.
        Mismatch: a scan does not read as expected (`refused_scan` gives the deviation).
        NotAllowed: the second person is missing or is the first.
        Held: a value the repeat's formula reads was never measured.
    """
    phase, run = running_phase(recipe, batch, name)
    step = next_step(recipe, batch, parameters, now)
    last = ("scan", "complete")
    if not isinstance(step, Continue) or len(step.needs) != 1 or step.needs[0].kind not in last:
        raise _waits_for(step, f"completing {name}")
    if phase.kind == "scan":
        compare(expected or {}, scans or {})
    if phase.second_person:
        second_person(by, verified_by, what=f"completing {name}")
    after(run.state, "PhaseCompleted")
    values = formula_values(recipe, batch, parameters, run, now)
    outcome = _outcome(recipe, phase.repeat, run, values) if phase.repeat else "done"
    completed = PhaseCompleted(name, run.run, outcome, verified_by)
    if outcome != "used_up" or phase.repeat is None:
        return (completed,)
    return (completed, *_used_up(recipe, phase, phase.repeat, deviation))


def _outcome(recipe: MasterRecipe, repeat: Repeat, run: PhaseRun, values: Mapping[str, Decimal]) -> str:
    if repeat_formula(recipe, repeat).flag(values):
        return "done"
    return "repeat" if run.run < repeat.at_most.value else "used_up"


def _used_up(recipe: MasterRecipe, phase: Phase, repeat: Repeat, deviation: str) -> tuple[Event, ...]:
    rule = f"recipe {recipe.identifier}, phase {phase.name}: {repeat.until} within {repeat.at_most.value} runs"
    if repeat.otherwise == "terminate":
        return (BatchTerminated(repeat.reason, rule),)
    return (DeviationOpened(deviation, "major", f"{phase.name}: {repeat.reason}", rule),)


def refused_scan(recipe: MasterRecipe, batch: Batch, name: str, refusal: Mismatch, deviation: str) -> tuple[Event, ...]:
    """What is written down when the scan of a phase did not agree: a critical deviation, and the phase is held."""
    running_phase(recipe, batch, name)
    return (DeviationOpened(deviation, "critical", refusal.what, refusal.rule), PhaseHeld(name, refusal.what))
