"""Making: what operators, devices and supervisors do to a batch, one step at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal

from onelot import make
from onelot.app import near_misses
from onelot.app.commands import Command, handles
from onelot.app.commands.editing import MATCH, MISMATCH
from onelot.app.commands.gate import Work, add_all, next_deviation, open_work
from onelot.app.context import Context, unknown
from onelot.make.control import Proposal
from onelot.make.equipment import Answer
from onelot.record.errors import BadInput, Held, Mismatch
from onelot.record.events import batch as ev
from onelot.record.identity import differing
from onelot.record.journal import Effect


@dataclass(frozen=True)
class StartPhase(Command):
    """Start the phase that comes next, on this equipment where it needs one."""

    batch: str
    phase: str
    equipment: str = ""


@handles(StartPhase)
def _start_phase(context: Context, command: StartPhase) -> None:
    work = open_work(context, command.batch)
    equipment = context.reader.equipment(command.equipment) if command.equipment else None
    if equipment is not None and equipment.site != work.batch.site:
        # Unknown and foreign look alike.
        raise unknown("equipment", command.equipment)
    events = make.start_phase(
        work.recipe,
        work.batch,
        command.phase,
        context.now,
        parameters=work.parameters,
        equipment_name=command.equipment,
        equipment=equipment,
    )
    add_all(context, work, events)


@dataclass(frozen=True)
class CommandDevice(Command):
    """Record the command the phase needs; it is sent once it is durable."""

    batch: str
    phase: str


@handles(CommandDevice)
def _command_device(context: Context, command: CommandDevice) -> None:
    work = open_work(context, command.batch)
    events = make.record_command(work.recipe, work.batch, command.phase)
    add_all(context, work, events)
    for event in events:
        if isinstance(event, ev.CommandRecorded):
            context.effect(
                Effect(
                    event.key,
                    "device",
                    {
                        "batch": work.batch.batch,
                        "equipment": event.equipment,
                        "verb": event.verb,
                        "target": event.target,
                    },
                )
            )


@dataclass(frozen=True)
class AnswerCommand(Command):
    """What a device said to a command."""

    batch: str
    key: str
    result: Literal["done", "refused", "unknown"]
    detail: str = ""


@handles(AnswerCommand)
def _answer_command(context: Context, command: AnswerCommand) -> None:
    batch = context.batch(command.batch)
    asked = batch.commands.get(command.key)
    if asked is not None and asked.answer == command.result:
        return
    if batch.recipe is None:
        raise Held("the batch has no recipe", rule="a batch cites its recipe", remedy="verify the journal")
    recipe = context.reader.recipe(batch.recipe)
    answer = Answer(command.result, command.detail)
    for event in make.record_answer(recipe, batch, command.key, answer):
        context.add(f"batch/{batch.batch}", event)


@dataclass(frozen=True)
class DecideCommand(Command):
    """A person looked at the device after an unknown answer: it is there, or the command is sent again by its key."""

    batch: str
    key: str
    decision: Literal["it_is_done", "send_again"]
    reason: str


@handles(DecideCommand)
def _decide_command(context: Context, command: DecideCommand) -> None:
    work = open_work(context, command.batch)
    events = make.decide_command(
        work.recipe, work.batch, command.key, command.decision, command.reason, by=context.actor.id
    )
    add_all(context, work, events)
    asked = work.batch.commands[command.key]
    if command.decision == "send_again":
        again = len(work.batch.runs) + work.batch.seq
        context.effect(
            Effect(
                f"{command.key}@{again}",
                "device",
                {
                    "batch": work.batch.batch,
                    "key": command.key,
                    "equipment": asked.equipment,
                    "verb": asked.verb,
                    "target": asked.target,
                },
            )
        )


@dataclass(frozen=True)
class RecordMeasurement(Command):
    """Record an in-process value."""

    batch: str
    phase: str
    name: str
    value: Decimal
    unit: str
    measured_at: datetime


@handles(RecordMeasurement)
def _record_measurement(context: Context, command: RecordMeasurement) -> None:
    work = open_work(context, command.batch)
    events = make.record_measurement(
        work.recipe,
        work.batch,
        command.phase,
        command.name,
        command.value,
        command.unit,
        command.measured_at,
        context.now,
        deviation=next_deviation(work.batch),
    )
    add_all(context, work, events)


@dataclass(frozen=True)
class AdjustParameter(Command):
    """Change a parameter inside its approved range, for a reason."""

    batch: str
    phase: str
    name: str
    value: Decimal
    unit: str
    reason: str


@handles(AdjustParameter)
def _adjust_parameter(context: Context, command: AdjustParameter) -> None:
    work = open_work(context, command.batch)
    proposal = Proposal(command.name, command.value, command.unit, command.reason)
    add_all(
        context,
        work,
        make.adjust_parameter(work.recipe, work.batch, command.phase, proposal, roles=context.actor.roles),
    )


@dataclass(frozen=True)
class CompletePhase(Command):
    """Complete the running phase; a scan phase with what was scanned on `batch`, `patient` and `container`."""

    batch: str
    phase: str
    verified_by: str = ""
    scans: dict[str, str] = field(default_factory=dict)


@handles(CompletePhase)
def _complete_phase(context: Context, command: CompletePhase) -> None:
    work = open_work(context, command.batch)
    deviation = next_deviation(work.batch)
    try:
        events = make.complete_phase(
            work.recipe,
            work.batch,
            command.phase,
            context.now,
            parameters=work.parameters,
            by=context.actor.id,
            verified_by=command.verified_by,
            deviation=deviation,
            expected=expected_scans(work),
            scans=command.scans,
        )
    except Mismatch as refusal:
        _stop_scan(context, work, command, refusal, deviation)
        return
    add_all(context, work, events)


def _stop_scan(context: Context, work: Work, command: CompletePhase, refusal: Mismatch, deviation: str) -> None:
    """Near miss, critical deviation, phase held. Which things differ is said, never what they read: that may be
    another patient's number."""
    expected = expected_scans(work)
    wrong = differing(expected, command.scans)
    said = Mismatch(f"identity does not agree: {', '.join(wrong)}", rule=refusal.rule, remedy=refusal.remedy)
    thing = next((each for each in wrong if command.scans.get(each)), wrong[0])
    text = command.scans.get(thing, "")
    found = near_misses.describe(context, work, f"phase {command.phase}", thing, text, expected[thing], said)
    near_misses.record_beside(context, work, found, text, deviation)
    add_all(context, work, make.refused_scan(work.recipe, work.batch, command.phase, said, deviation))
    context.refuse(said)


def expected_scans(work: Work) -> dict[str, str]:
    """What a scan phase compares: the batch label, and for a patient's batch the patient and what was received."""
    expected = {"batch": work.batch.batch}
    if work.therapy:
        expected["patient"] = work.therapy.coi
    if work.batch.received:
        expected["container"] = work.batch.received[-1].container.identifier
    return expected


@dataclass(frozen=True)
class CompleteManufacture(Command):
    """Every phase is complete: the batch goes to quarantine with its yield."""

    batch: str
    yield_amount: Decimal
    yield_unit: str


@handles(CompleteManufacture)
def _complete_manufacture(context: Context, command: CompleteManufacture) -> None:
    work = open_work(context, command.batch)
    events = make.complete_manufacture(
        work.recipe,
        work.batch,
        context.now,
        parameters=work.parameters,
        yield_amount=command.yield_amount,
        yield_unit=command.yield_unit,
    )
    add_all(context, work, events)


@dataclass(frozen=True)
class RestartPhase(Command):
    """Let a held phase go on, for a reason."""

    batch: str
    phase: str
    reason: str


@handles(RestartPhase)
def _restart_phase(context: Context, command: RestartPhase) -> None:
    work = open_work(context, command.batch)
    events = make.restart_phase(work.recipe, work.batch, command.phase, command.reason, by=context.actor.id)
    add_all(context, work, events)


@dataclass(frozen=True)
class CorrectEntry(Command):
    """Correct an entry: the number of the event, the right value, and why. The wrong one stays visible."""

    batch: str
    seq: int
    value: str
    reason: str


@handles(CorrectEntry)
def _correct_entry(context: Context, command: CorrectEntry) -> None:
    batch = context.batch(command.batch)
    if not command.reason.strip():
        raise BadInput(
            "a correction needs a reason",
            rule="21 CFR 11.10(e), ALCOA: old value, new value, who, when, why",
            remedy="say why in one sentence",
        )
    found = context.journal.read(f"batch/{batch.batch}", command.seq - 1)
    if not found or found[0].envelope["type"] not in ("Measured", "Tested"):
        raise BadInput(
            f"event {command.seq} is not an entry that can be corrected",
            rule="measured values and results are corrected; everything else is a new event of its own",
            remedy="look at the thread for the number of the entry",
        )
    if found[0].envelope["data"].get("read") and command.value not in (MATCH, MISMATCH):
        raise BadInput(
            "a sequence is never written in clear",
            rule=f"the result of a sequence test reads {MATCH} or {MISMATCH}",
            remedy="enter one of the two here, and record what was read as a result of its own",
        )
    if found[0].envelope["type"] == "Measured":
        try:
            Decimal(command.value)
        except ArithmeticError as cause:
            raise BadInput(
                f"{command.value!r} is not a number", rule="a measured value is a number", remedy="enter a number"
            ) from cause
    context.add(f"batch/{batch.batch}", ev.EntryCorrected(found[0].cite, command.value, command.reason))


@dataclass(frozen=True)
class TerminateBatch(Command):
    """Stop a batch for good."""

    batch: str
    reason: str
    rule: str


@handles(TerminateBatch)
def _terminate_batch(context: Context, command: TerminateBatch) -> None:
    context.batch(command.batch)
    context.add(f"batch/{command.batch}", ev.BatchTerminated(command.reason, command.rule))
