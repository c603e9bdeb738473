"""The interpreter of control recipes: what comes next, asked of the folded record and nothing else.

`next_step` keeps no state. After a crash the stream is folded and asked again, and the answer is the same. Phases run
in the order of the procedure; a phase with `repeat` runs again until its formula was true on completion.

Times: a run is due again `every` after it started, and never at the instant the run before it ended, so that each
reading belongs to one run. A `run` phase cannot end before its duration; for the others the duration is for planning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from onelot.make.needs import Need, unmet
from onelot.record.durations import span
from onelot.record.errors import Held, OutOfOrder
from onelot.record.recipe import MasterRecipe, Phase, UnitProcedure
from onelot.record.subjects.batch import Batch, PhaseRun

__all__ = [
    "Continue",
    "Finished",
    "HeldFor",
    "Need",
    "Start",
    "Step",
    "Stopped",
    "WaitUntil",
    "formula_values",
    "next_step",
    "phase_of",
    "running_phase",
    "runs_of",
]


@dataclass(frozen=True, slots=True)
class Start:
    """This phase may start now, as its `run`-th run."""

    phase: Phase
    run: int


@dataclass(frozen=True, slots=True)
class Continue:
    """The phase runs; these things are still to be done, in this order."""

    phase: Phase
    run: int
    needs: tuple[Need, ...]


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """Nothing is to be done for this phase before `when` (UTC)."""

    phase: Phase
    run: int
    when: datetime


@dataclass(frozen=True, slots=True)
class HeldFor:
    """A person decides; phase is None when the whole batch is held."""

    phase: Phase | None
    reason: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """The batch was stopped for good before the procedure was through."""

    reason: str


@dataclass(frozen=True, slots=True)
class Finished:
    """Every phase is complete."""


Step = Start | Continue | WaitUntil | HeldFor | Stopped | Finished


def runs_of(batch: Batch, phase: str) -> tuple[PhaseRun, ...]:
    """The runs of this phase, oldest first."""
    return tuple(run for run in batch.runs if run.phase == phase)


def phase_of(recipe: MasterRecipe, name: str) -> Phase:
    """The phase of this name.

    Raises:
        OutOfOrder: the recipe has no such phase.
    """
    for phase in recipe.phases:
        if phase.name == name:
            return phase
    raise OutOfOrder(
        f"the recipe has no phase {name}",
        rule=f"recipe {recipe.identifier}: {', '.join(phase.name for phase in recipe.phases)}",
        remedy="work by the control recipe of this batch",
    )


def in_process(batch: Batch) -> None:
    """Refuse when the batch is not being made (any more).

    Raises:
        OutOfOrder: it was stopped, or manufacture is complete.
    """
    if batch.state != "in_process":
        raise OutOfOrder(
            f"the batch is {batch.state}" + (f": {batch.terminated}" if batch.terminated else ""),
            rule="phases take entries only while a batch is in process",
            remedy="nothing more is to be done in manufacture",
        )


def running_phase(
    recipe: MasterRecipe, batch: Batch, name: str, *, though_held: bool = False
) -> tuple[Phase, PhaseRun]:
    """The phase of this name and its run, when it is Running; `though_held`: even while the batch is on hold.

    Raises:
        OutOfOrder: another phase runs, none runs, or this one is held.
        Held: the whole batch is on hold.
    """
    phase, run = phase_of(recipe, name), batch.running
    in_process(batch)
    if run is None or run.phase != name or run.state != "Running":
        at = f"{run.phase} is {run.state}" if run else "no phase runs"
        raise OutOfOrder(
            f"{name} is not running: {at}",
            rule="a phase takes entries only while it is Running (ISA-88)",
            remedy="look at the batch's thread for what it waits for",
        )
    if batch.holds and not though_held:
        raise Held(
            f"the batch is on hold: {_reasons(batch)}",
            rule="nothing is done with a batch on hold",
            remedy="clear the reason; whoever may lift the hold does so with a signature",
        )
    return phase, run


def _reasons(batch: Batch) -> str:
    return "; ".join(f"{rule}: {why}" for rule, why in sorted(batch.holds.items()))


def next_step(recipe: MasterRecipe, batch: Batch, parameters: Mapping[str, Decimal], now: datetime) -> Step:
    """What comes next for this batch.

    Args:
        recipe: the master recipe the batch cites.
        batch: the folded batch.
        parameters: the tailored parameters, in the recipe's units (charges that scale with one need it).
        now: the time, aware.
    """
    if batch.terminated or batch.state in ("terminated", "returned", "rejected"):
        return Stopped(batch.terminated or batch.rejected or batch.returned)
    if batch.state == "new":
        return HeldFor(None, "the batch is not planned")
    running = batch.running
    if batch.holds:
        return HeldFor(phase_of(recipe, running.phase) if running else None, _reasons(batch))
    if running:
        return _inside(recipe, batch, parameters, running, now)
    return _between(recipe, batch, now)


def _inside(
    recipe: MasterRecipe, batch: Batch, parameters: Mapping[str, Decimal], run: PhaseRun, now: datetime
) -> Step:
    phase = phase_of(recipe, run.phase)
    if run.state == "Held":
        return HeldFor(phase, run.held_because)
    needs = unmet(batch, phase, run, parameters)
    ends = run.started_at + span(phase.duration) if phase.kind == "run" and phase.duration else run.started_at
    # What goes in and the device come first; then time passes; then values are taken.
    early = tuple(need for need in needs if need.kind in ("charge", "command", "ask"))
    if early:
        return Continue(phase, run.run, early)
    if now < ends:
        return WaitUntil(phase, run.run, ends)
    return Continue(phase, run.run, needs)


def _between(recipe: MasterRecipe, batch: Batch, now: datetime) -> Step:
    for phase in recipe.phases:
        runs = runs_of(batch, phase.name)
        if not runs:
            if recipe.kind == "autologous" and not batch.received:
                return HeldFor(None, "the starting material of the patient has not been received")
            return Start(phase, 1)
        last = runs[-1]
        if last.outcome == "repeat" and phase.repeat:
            due = last.started_at + span(phase.repeat.every)
            if last.ended_at is not None and due <= last.ended_at:
                due = last.ended_at + timedelta(seconds=1)
            return Start(phase, last.run + 1) if now >= due else WaitUntil(phase, last.run + 1, due)
    return Finished()


def _unit_of(recipe: MasterRecipe, name: str) -> UnitProcedure | None:
    for unit in recipe.procedure:
        if any(phase.name == name for operation in unit.operations for phase in operation.phases):
            return unit
    return None


def formula_values(
    recipe: MasterRecipe, batch: Batch, parameters: Mapping[str, Decimal], run: PhaseRun, now: datetime
) -> dict[str, Decimal]:
    """What a formula of the procedure may name: newest measured values, parameters, `day` and `run`.

    day: days since the first phase of this phase's unit procedure started (the day of a culture counts so).
    """
    unit = _unit_of(recipe, run.phase)
    names = {phase.name for operation in unit.operations for phase in operation.phases} if unit else {run.phase}
    began = min((each.started_at for each in batch.runs if each.phase in names), default=run.started_at)
    values = dict(parameters)
    values.update({found.measured.name: found.measured.value for found in batch.measured})
    values["day"] = Decimal(int((now - began).total_seconds())) / Decimal(86400)
    values["run"] = Decimal(run.run)
    return values
