"""Making: what operators, devices and supervisors do to a batch, one step at a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Literal

from onelot import make
from onelot.app.commands import Command, handles
from onelot.app.commands.gate import Work, check_scope, next_deviation, open_work
from onelot.app.context import Context, unknown
from onelot.make.control import Proposal
from onelot.make.equipment import Answer
from onelot.record.errors import BadInput, Held, Mismatch
from onelot.record.events import batch as ev
from onelot.record.events.base import Event
from onelot.record.journal import Effect, TakeName, TakeQuantity
from onelot.record.subjects import Batch
from onelot.record.terms.values import Container


def _add(context: Context, work: Work, events: tuple[Event, ...]) -> None:
    for event in events:
        context.add(work.stream, event)


@dataclass(frozen=True)
class ReceiveMaterial(Command):
    """Receive a container of a collection. scans: what was read on `container` and as `patient`, two people."""

    batch: str
    container: str
    condition: str
    scans: dict[str, str]
    verified_by: str


@handles(ReceiveMaterial)
def _receive_material(context: Context, command: ReceiveMaterial) -> None:
    work = open_work(context, command.batch)
    therapy = work.therapy
    if therapy is None or therapy.assessment is None or not therapy.assessment.adequate:
        raise Held(
            "what was collected is not assessed as enough",
            rule="manufacture starts on an adequate collection",
            remedy="assess the collection, or collect again",
        )
    check_scope(therapy, "manufacture", context.now)
    found = [
        (collected.donation, container)
        for collected in therapy.collections
        for container in collected.containers
        if container.identifier == command.container
    ]
    if not found:
        raise Mismatch(
            f"container {command.container} was not collected for this patient",
            rule="chain of identity: what comes in was collected under the same therapy",
            remedy="put it down, do not use it; call the supervisor",
        )
    ((donation, container),) = found
    events = make.receive_material(
        work.batch,
        container,
        donation,
        command.condition,
        expected={"container": container.identifier, "patient": therapy.coi},
        scans=command.scans,
        by=context.actor.id,
        verified_by=command.verified_by,
    )
    _add(context, work, events)


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
    _add(context, work, events)


@dataclass(frozen=True)
class CommandDevice(Command):
    """Record the command the phase needs; it is sent once it is durable."""

    batch: str
    phase: str


@handles(CommandDevice)
def _command_device(context: Context, command: CommandDevice) -> None:
    work = open_work(context, command.batch)
    events = make.record_command(work.recipe, work.batch, command.phase)
    _add(context, work, events)
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
    _add(context, work, events)
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
class ChargeMaterial(Command):
    """Charge a quantity of a lot."""

    batch: str
    phase: str
    lot: str
    amount: Decimal
    verified_by: str = ""


@handles(ChargeMaterial)
def _charge_material(context: Context, command: ChargeMaterial) -> None:
    work = open_work(context, command.batch)
    resource = f"lot/{command.lot}"
    events = make.charge(
        work.recipe,
        work.batch,
        command.phase,
        context.reader.lot(command.lot),
        command.amount,
        context.journal.available(resource),
        context.now,
        parameters=work.parameters,
        by=context.actor.id,
        verified_by=command.verified_by,
    )
    context.claim(TakeQuantity(f"charge/{work.batch.batch}/{work.batch.seq}", resource, command.amount))
    _add(context, work, events)


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
    _add(context, work, events)


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
    _add(
        context,
        work,
        make.adjust_parameter(work.recipe, work.batch, command.phase, proposal, roles=context.actor.roles),
    )


@dataclass(frozen=True)
class FillContainers(Command):
    """Fill and label the drug product: container -> amount and kind; labels reconcile, two people."""

    batch: str
    phase: str
    containers: dict[str, Decimal]
    kinds: dict[str, str]
    unit: str
    labels_printed: int
    labels_destroyed: int
    expires_at: datetime
    verified_by: str


@handles(FillContainers)
def _fill_containers(context: Context, command: FillContainers) -> None:
    work = open_work(context, command.batch)
    coi = work.therapy.coi if work.therapy else ""
    containers = [
        Container(name, command.kinds.get(name, "bag"), coi, amount, command.unit, work.batch.label)
        for name, amount in command.containers.items()
    ]
    events = make.fill(
        work.recipe,
        work.batch,
        command.phase,
        containers,
        coi=coi,
        labels_printed=command.labels_printed,
        labels_destroyed=command.labels_destroyed,
        expires_at=command.expires_at,
        now=context.now,
        by=context.actor.id,
        verified_by=command.verified_by,
    )
    for container in containers:
        context.claim(TakeName(f"container/{container.identifier}"))
    _add(context, work, tuple(_sealed_contents(context, work, event) for event in events))


def _sealed_contents(context: Context, work: Work, event: Event) -> Event:
    """Put the amounts of a patient's containers under the patient's health key."""
    if work.therapy is None or not isinstance(event, ev.Filled):
        return event
    patient = work.therapy.patient
    return replace(
        event,
        containers=tuple(replace(each, amount=Decimal(1), unit="1") for each in event.containers),
        contents=tuple(
            context.seal(patient, each.amount, f"{work.stream}/{work.batch.seq}/{each.identifier}")
            for each in event.containers
        ),
        contents_unit=event.containers[0].unit,
    )


def held_in(context: Context, batch: Batch, names: Iterable[str]) -> tuple[Decimal, str]:
    """How much these containers of a batch hold together, and the unit."""
    wanted, filled = set(names), batch.filled
    if filled is None:
        return Decimal(0), ""
    if not filled.contents:
        amounts = [each.amount for each in filled.containers if each.identifier in wanted]
        return sum(amounts, Decimal(0)), filled.containers[0].unit
    pairs = zip(filled.containers, filled.contents, strict=True)
    opened = [context.open(sealed) for each, sealed in pairs if each.identifier in wanted]
    return sum((value for value in opened if isinstance(value, Decimal)), Decimal(0)), filled.contents_unit


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
        _add(context, work, make.refused_scan(work.recipe, work.batch, command.phase, refusal, deviation))
        context.refuse(refusal)
        return
    _add(context, work, events)


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
    _add(context, work, events)


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
    _add(context, work, events)


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
