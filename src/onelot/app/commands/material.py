"""What goes into a batch and what comes out: starting material, lots, labelled containers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from onelot import make
from onelot.app import near_misses
from onelot.app.commands import Command, handles
from onelot.app.commands.gate import Work, add_all, check_scope, open_work
from onelot.app.context import Context
from onelot.record.errors import BadInput, Held, Mismatch
from onelot.record.events import batch as ev
from onelot.record.events.base import Event
from onelot.record.journal import TakeName, TakeQuantity
from onelot.record.subjects import Batch
from onelot.record.terms.values import Container


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
    # Named and scanned are two: a right scan does not stand in for a name that is another's.
    named = [
        ("container", command.container),
        *((each, command.scans.get(each, "")) for each in ("container", "patient")),
    ]
    for thing, text in (each for each in named if each[1]):
        stopped = near_misses.judge(context, work, "receive", "", thing, text)
        if stopped:
            wrong, error = stopped
            near_misses.record_step(context, work, wrong, text)
            context.refuse(Mismatch(wrong.what, rule=error.rule, remedy=error.remedy))
            return
    if len(found) != 1:
        raise BadInput(
            f"the container {command.container[:60]!r} was not collected for this patient",
            rule="starting material is a container of the therapy's own collections",
            remedy="scan the label of the container that came",
            place="container",
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
    add_all(context, work, events)


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
    add_all(context, work, events)


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
    # What is made for a study carries no patient's identity, so that no scan can ever take it for the patient's.
    coi = work.therapy.coi if work.therapy and not work.batch.for_study else ""
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
    add_all(context, work, tuple(_sealed_contents(context, work, event) for event in events))


def _sealed_contents(context: Context, work: Work, event: Event) -> Event:
    """Put the amounts of a patient's containers under the patient's health key."""
    if work.therapy is None or work.batch.for_study or not isinstance(event, ev.Filled):
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
