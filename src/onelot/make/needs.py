"""What a running phase still needs before it can be completed, read from the folded record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from onelot.record.durations import span
from onelot.record.recipe import Charge, Phase
from onelot.record.subjects.batch import Batch, Command, PhaseRun


@dataclass(frozen=True, slots=True)
class Need:
    """One thing to be done.

    kind: charge (name: item), command or ask (name: key of the command), measure (name: of the value), scan, fill,
    complete. amount and unit: of a charge, what is still missing.
    """

    kind: Literal["charge", "command", "ask", "measure", "scan", "fill", "complete"]
    name: str
    title: str
    amount: Decimal | None = None
    unit: str = ""


def command_key(batch: str, phase: str, run: int, attempt: int) -> str:
    """The key of a command. It follows from the record, so the same command has the same key after a crash."""
    return f"{batch}/{phase}/{run}/{attempt}"


def command_of(batch: Batch, run: PhaseRun) -> Command | None:
    """The newest command of this run."""
    prefix = command_key(batch.batch, run.phase, run.run, 0)[:-1]
    own = [command for key, command in batch.commands.items() if key.startswith(prefix) and command.phase == run.phase]
    return max(own, key=lambda command: int(command.key.rsplit("/", 1)[1]), default=None)


def amount_of(charge: Charge, parameters: Mapping[str, Decimal]) -> Decimal:
    """How much of an item goes in, in its unit: a basis that names a parameter scales with it."""
    scale = parameters.get(charge.amount.basis)
    return charge.amount.value if scale is None else charge.amount.value * scale


def charges_left(
    batch: Batch, phase: Phase, run: int, parameters: Mapping[str, Decimal]
) -> tuple[tuple[Charge, Decimal], ...]:
    """What has still to go in up to this run, in the recipe's order.

    Entries are counted against the items in that order (`charge` accepts them in no other), over all runs so far.
    """
    entered = [each.amount for each in batch.charged if each.phase == phase.name]
    left: list[tuple[Charge, Decimal]] = []
    for charge in phase.charges * run:
        missing = amount_of(charge, parameters)
        while missing > 0 and entered:
            missing -= entered.pop(0)
        if missing > 0:
            left.append((charge, missing))
    return tuple(left)


def _due_since(phase: Phase, run: PhaseRun) -> datetime:
    """From when a value counts for this run: its start, or for a `run` phase with a duration its end."""
    if phase.kind == "run" and phase.duration:
        return run.started_at + span(phase.duration)
    return run.started_at


def unmet(batch: Batch, phase: Phase, run: PhaseRun, parameters: Mapping[str, Decimal]) -> tuple[Need, ...]:
    """What is still to be done in this run, in order; `complete` alone when all is there."""
    needs = [
        Need("charge", charge.item, f"charge {charge.item}", missing, charge.amount.unit)
        for charge, missing in charges_left(batch, phase, run.run, parameters)
    ]
    needs.extend(_device_needs(batch, phase, run))
    since = _due_since(phase, run)
    taken = {
        found.measured.name
        for found in batch.measured
        if found.measured.phase == phase.name and found.measured.measured_at >= since
    }
    needs.extend(
        Need("measure", measure.name, measure.title, None, measure.unit)
        for measure in phase.measures
        if measure.name not in taken
    )
    if phase.kind == "scan":
        needs.append(Need("scan", phase.name, phase.title))
    if phase.kind == "fill" and batch.filled is None:
        needs.append(Need("fill", phase.name, phase.title))
    return tuple(needs) or (Need("complete", phase.name, phase.title),)


def _device_needs(batch: Batch, phase: Phase, run: PhaseRun) -> tuple[Need, ...]:
    if phase.kind != "run" or not phase.equipment_class:
        return ()
    last = command_of(batch, run)
    if last is None:
        return (Need("command", command_key(batch.batch, phase.name, run.run, 1), phase.target),)
    if last.answer == "":
        return (Need("ask", last.key, phase.target),)
    if last.answer == "unknown":
        # A person restarted the phase: the same key again, so that doing it twice is impossible.
        return (Need("command", last.key, phase.target),)
    if last.answer == "refused":
        attempt = int(last.key.rsplit("/", 1)[1]) + 1
        return (Need("command", command_key(batch.batch, phase.name, run.run, attempt), phase.target),)
    return ()
