"""The way back: shipment, custody, conditioning, the bedside; and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from onelot import deliver
from onelot.app.advice import check_advice
from onelot.app.commands import Command, handles
from onelot.app.commands.gate import Work, head_cite, next_deviation, open_work
from onelot.app.commands.material import held_in
from onelot.app.context import Context
from onelot.deliver import BagScan, BedsideScans, RescueCells
from onelot.record.errors import BadInput, Held
from onelot.record.events.base import Event
from onelot.record.journal import TakeName
from onelot.record.subjects import Therapy


def _add(context: Context, work: Work, events: tuple[Event, ...], *, signed: str = "") -> None:
    """Each event to the stream of its subject; `signed` names the event type that carries the signature."""
    for event in events:
        stream = work.stream if event.subject == "batch" else f"therapy/{_therapy(work).coi}"
        context.add(stream, event, signed=type(event).__name__ == signed)


def _therapy(work: Work) -> Therapy:
    if work.therapy is None:
        raise Held(
            "a stock batch is not given to a patient",
            rule="stock is bound to a patient as a kit",
            remedy="order the kit",
        )
    return work.therapy


@dataclass(frozen=True)
class DispatchBatch(Command):
    """Send containers on their way."""

    batch: str
    shipment: str
    containers: tuple[str, ...]
    shipper: str
    to_site: str


@handles(DispatchBatch)
def _dispatch_batch(context: Context, command: DispatchBatch) -> None:
    work = open_work(context, command.batch)
    context.claim(TakeName(f"shipment/{command.shipment}"))
    event = deliver.dispatch(
        work.recipe,
        work.batch,
        work.therapy,
        shipment=command.shipment,
        containers=command.containers,
        shipper=command.shipper,
        to_site=command.to_site,
        now=context.now,
    )
    _add(context, work, (event,))


@dataclass(frozen=True)
class TransferCustody(Command):
    """Hand a shipment over: who gives, who takes, where, at what temperature (degrees Celsius)."""

    batch: str
    shipment: str
    from_party: str
    to_party: str
    at_site: str
    temperature_cel: Decimal | None = None


@handles(TransferCustody)
def _transfer_custody(context: Context, command: TransferCustody) -> None:
    # Custody goes on even while the batch is held: somebody has it in their hands.
    work = open_work(context, command.batch, held_too=True)
    event = deliver.transfer(
        work.batch,
        shipment=command.shipment,
        from_party=command.from_party,
        to_party=command.to_party,
        at_site=command.at_site,
        temperature_cel=command.temperature_cel,
    )
    _add(context, work, (event,))


@dataclass(frozen=True)
class ReceiveShipment(Command):
    """Receive a shipment at the place of treatment, with the warmest temperature of the way."""

    batch: str
    shipment: str
    at_site: str
    warmest_cel: Decimal


@handles(ReceiveShipment)
def _receive_shipment(context: Context, command: ReceiveShipment) -> None:
    work = open_work(context, command.batch, held_too=True)
    events = deliver.receive(
        work.recipe,
        work.batch,
        shipment=command.shipment,
        at_site=command.at_site,
        warmest_cel=command.warmest_cel,
        deviation=next_deviation(work.batch),
        now=context.now,
    )
    _add(context, work, events)


@dataclass(frozen=True)
class ClearConditioning(Command):
    """Sign that conditioning may start: disposition, product at hand, rescue cells where the recipe asks for them."""

    meaning: ClassVar[str] = "clears this patient for conditioning"
    batch: str
    rescue: RescueCells | None = None


@handles(ClearConditioning)
def _clear_conditioning(context: Context, command: ClearConditioning) -> None:
    work = open_work(context, command.batch)
    check_advice(context, _therapy(work))
    event = deliver.clear_conditioning(
        work.recipe,
        _therapy(work),
        work.batch,
        command.rescue,
        context.now,
        batch_cite=head_cite(context, work.stream, work.batch.seq),
    )
    _add(context, work, (event,), signed="ConditioningCleared")


@dataclass(frozen=True)
class StartConditioning(Command):
    """Start conditioning under the clearance."""

    batch: str
    rescue: RescueCells | None = None


@handles(StartConditioning)
def _start_conditioning(context: Context, command: StartConditioning) -> None:
    work = open_work(context, command.batch)
    event = deliver.start_conditioning(work.recipe, _therapy(work), work.batch, command.rescue, context.now)
    _add(context, work, (event,))


@dataclass(frozen=True)
class CompareAtBedside(Command):
    """Scan bag, paperwork and wristband before use; a mismatch is refused and stays on the record.

    verified_by: the second person who has seen all three agree; "" is enough for what does not agree.
    """

    batch: str
    bags: tuple[BagScan, ...]
    paperwork: str
    wristband: str
    where: str
    verified_by: str


@handles(CompareAtBedside)
def _compare_at_bedside(context: Context, command: CompareAtBedside) -> None:
    work = open_work(context, command.batch)
    compared = deliver.compare_at_bedside(
        work.batch,
        _therapy(work),
        BedsideScans(command.bags, command.paperwork, command.wristband),
        where=command.where,
        by=context.actor.id,
        verified_by=command.verified_by,
        deviation=next_deviation(work.batch),
    )
    _add(context, work, compared.events)
    if compared.refusal:
        context.refuse(compared.refusal)


@dataclass(frozen=True)
class Administer(Command):
    """Give the product to the patient it was made for: which containers, and how much was given."""

    meaning: ClassVar[str] = "gave this product to this patient"
    batch: str
    containers: tuple[str, ...]
    dose: Decimal
    unit: str
    verified_by: str
    thawed_at: datetime | None = None


@handles(Administer)
def _administer(context: Context, command: Administer) -> None:
    work = open_work(context, command.batch)
    therapy = _therapy(work)
    there, unit = held_in(context, work.batch, command.containers)
    if not 0 < command.dose <= there or unit != command.unit:
        raise BadInput(
            "this amount cannot have been given from these containers",
            rule="a dose is more than nothing and at most what the containers hold, in their unit",
            remedy="enter what was given",
        )
    events = deliver.administer(
        work.recipe,
        work.batch,
        therapy,
        containers=command.containers,
        dose=context.seal(therapy.patient, command.dose, f"therapy/{therapy.coi}/{therapy.seq}/dose"),
        unit=command.unit,
        batch_cite=head_cite(context, work.stream, work.batch.seq),
        now=context.now,
        by=context.actor.id,
        verified_by=command.verified_by,
        thawed_at=command.thawed_at,
    )
    _add(context, work, events, signed="Administered")


@dataclass(frozen=True)
class ReturnBatch(Command):
    """Send an unused product back."""

    batch: str
    reason: str


@handles(ReturnBatch)
def _return_batch(context: Context, command: ReturnBatch) -> None:
    work = open_work(context, command.batch, held_too=True)
    _add(context, work, (deliver.return_unused(work.batch, reason=command.reason),))
