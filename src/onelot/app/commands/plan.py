"""When and where: slots with claims, and the batch that will be made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from onelot.app.advice import check_advice
from onelot.app.commands import Command, handles
from onelot.app.commands.decide import check_reviews
from onelot.app.commands.individual import purpose_of
from onelot.app.commands.tailor import check_tailoring
from onelot.app.context import Context, unknown
from onelot.app.networks import (
    BEDSIDE,
    COLLECTION,
    MANUFACTURE,
    Booking,
    cited,
    in_force,
    last_slot,
    recipe_of,
    site_of,
)
from onelot.plan import Window, earliest, earliest_allowed
from onelot.plan.slots import Busy
from onelot.record.errors import Held, Refused
from onelot.record.events import batch as batch_events
from onelot.record.events import therapy as ev
from onelot.record.journal import GiveBack, TakeInterval, TakeName
from onelot.record.subjects import Therapy
from onelot.record.terms.values import Cite


def _resources(context: Context, equipment_class: str, site: str, until: datetime) -> list[str]:
    """Qualified equipment of a class at a site."""
    return [
        name
        for name, row in context.journal.rows("equipment").items()
        if row["equipment_class"] == equipment_class
        and row["site"] == site
        and row["state"] == "qualified"
        and row["qualified_until"] >= until.isoformat()
    ]


def _own_site(context: Context, site: str) -> None:
    if not context.actor.may_see(site):
        raise unknown("site", site)


def _slot_claim(coi: str, purpose: str) -> str:
    return f"slot/{coi}/{purpose}"


@dataclass(frozen=True)
class BookSlots(Command):
    """Book the earliest free window of a class of resource at a site, for one purpose of a therapy.

    purpose: collection, manufacture, bedside; hours: how long; urgency: a class of the signed network, or "".
    Where a signed network is in force, the window is the earliest that it allows, and the booking cites it.
    """

    coi: str
    purpose: str
    equipment_class: str
    site: str
    not_before: datetime
    hours: int
    not_after: datetime | None = None
    urgency: str = ""


@handles(BookSlots)
def _book_slots(context: Context, command: BookSlots) -> None:
    therapy = context.therapy(command.coi)
    _own_site(context, command.site)
    check_tailoring(therapy)
    names = _resources(context, command.equipment_class, command.site, command.not_before)
    busy = {name: [(start, end) for _, start, end in context.journal.taken(f"equipment/{name}")] for name in names}
    purpose = command.purpose + ("" if not therapy.slots else f"-{_count(therapy.slots, command.purpose)}")
    standing = None
    if command.purpose in (COLLECTION, MANUFACTURE, BEDSIDE):
        standing = in_force(context.reader, recipe_of(therapy), context.now)
    booking = Booking(context, therapy, purpose, command.site, standing, command.urgency) if standing else None
    window = _window(context, booking, busy, command.not_before, timedelta(hours=command.hours), command.not_after)
    context.claim(
        TakeInterval(
            _slot_claim(therapy.coi, purpose), f"equipment/{window.resource}", window.starts_at, window.ends_at
        )
    )
    cite = standing.cite if standing else None
    slot = (purpose, window.resource, window.starts_at, window.ends_at)
    context.add(f"therapy/{therapy.coi}", ev.SlotBooked(*slot, command.site, cite, command.urgency))


def _window(
    context: Context,
    booking: Booking | None,
    busy: Mapping[str, Iterable[Busy]],
    not_before: datetime,
    duration: timedelta,
    not_after: datetime | None,
) -> Window:
    """The earliest free window that the network allows, with its claims on lines; the earliest of all without one."""
    if booking is None:
        window = earliest(busy, not_before, duration, not_after)
    else:
        found = earliest_allowed(busy, not_before, duration, not_after, booking.may, booking.until)
        window, (way, lines) = found
        for line in lines:
            context.claim(line)
        context.answer.update(network=booking.standing.name)
        if way is not None:
            context.answer.update(mode_in=way.mode_in, mode_out=way.mode_out, returns_on=way.returns_on, days=way.days)
    context.answer.update(resource=window.resource, starts_at=window.starts_at, ends_at=window.ends_at)
    return window


def _count(slots: tuple[object, ...], purpose: str) -> int:
    return sum(1 for slot in slots if str(getattr(slot, "purpose", "")).startswith(purpose)) + 1


@dataclass(frozen=True)
class MoveSlot(Command):
    """Move a booked window. It stays under the signed network it was booked by, and within what that allows."""

    coi: str
    purpose: str
    not_before: datetime
    hours: int
    reason: str


@handles(MoveSlot)
def _move_slot(context: Context, command: MoveSlot) -> None:
    therapy = context.therapy(command.coi)
    slot = next((slot for slot in therapy.slots if slot.purpose == command.purpose), None)
    if slot is None:
        raise Held(f"no slot is booked for {command.purpose}", rule="only a booked slot is moved", remedy="book it")
    claim = _slot_claim(therapy.coi, command.purpose)
    taken = context.journal.taken(f"equipment/{slot.resource}")
    # A claim's name is used once: each move has taken one of its own.
    held = next((name for name, _, _ in taken if name == claim or name.startswith(f"{claim}/")), claim)
    busy = {slot.resource: [(start, end) for name, start, end in taken if name != held]}
    site, booking = site_of(context.reader, slot), None
    context.claim(GiveBack(held))
    if slot.network is not None:
        booking = Booking(context, therapy, slot.purpose, site, cited(context.reader, slot.network), slot.urgency)
        for back in booking.give_back():
            context.claim(back)
    window = _window(context, booking, busy, command.not_before, timedelta(hours=command.hours), None)
    fresh = f"{claim}/{therapy.seq}"
    context.claim(TakeInterval(fresh, f"equipment/{window.resource}", window.starts_at, window.ends_at))
    moved = (command.purpose, window.resource, window.starts_at, window.ends_at)
    context.add(f"therapy/{therapy.coi}", ev.SlotMoved(*moved, command.reason, site, slot.network, slot.urgency))


@dataclass(frozen=True)
class PlanBatch(Command):
    """Plan a batch for a therapy, by its recipe and its signed tailoring; what is made for stock: `PlanStock`.

    purpose: `toxicology` for a lot that is made as for the patient and studied instead of given; else "".
    """

    batch: str
    site: str
    coi: str
    purpose: str = ""


@handles(PlanBatch)
def _plan_batch(context: Context, command: PlanBatch) -> None:
    _own_site(context, command.site)
    stream = f"batch/{command.batch}"
    context.new(stream)
    context.claim(TakeName(stream))
    therapy = context.therapy(command.coi)
    tailoring = check_tailoring(therapy)
    check_advice(context, therapy)
    check_reviews(context, therapy)
    if therapy.withdrawn or therapy.recipe is None:
        raise Held(
            "the patient withdrew consent",
            rule="consent gates every descendant",
            remedy="end the therapy, or record a new consent",
        )
    purpose, label = purpose_of(context, therapy, command.purpose)
    network = _network_for(context, therapy, command.site)
    made_for = (command.coi,)
    context.add(
        stream,
        batch_events.BatchPlanned(
            command.batch, made_for, therapy.recipe, tailoring, command.site, purpose, label, network
        ),
    )


def _network_for(context: Context, therapy: Therapy, site: str) -> Cite | None:
    """The signed network by which a site makes for a therapy, or None; that of its slot, if one is booked.

    Refuses a site that does not serve the patient's, and a slot whose times no longer meet the network's.
    """
    slot = last_slot(therapy, MANUFACTURE)
    if slot is not None and slot.network is not None:
        standing = cited(context.reader, slot.network)
        if site_of(context.reader, slot) != site:
            raise Refused(
                f"the manufacture is booked at {site_of(context.reader, slot)}, not at {site}",
                rule="a batch is made where its slot is",
                remedy="plan it there, or book a slot here",
            )
        booking = Booking(context, therapy, slot.purpose, site, standing, slot.urgency)
        booking.may(Window(slot.resource, slot.starts_at, slot.ends_at))
        return standing.cite
    found = in_force(context.reader, recipe_of(therapy), context.now)
    if found is None:
        return None
    found.rules.may_serve(site, Booking(context, therapy, MANUFACTURE, site, found).collected_at, therapy.site)
    return found.cite


@dataclass(frozen=True)
class AdoptTailoring(Command):
    """Let a batch go on by the therapy's newest signed tailoring."""

    batch: str
    reason: str


@handles(AdoptTailoring)
def _adopt_tailoring(context: Context, command: AdoptTailoring) -> None:
    batch = context.batch(command.batch)
    tailoring = check_tailoring(context.therapy(batch.therapies[0]))
    context.add(f"batch/{batch.batch}", batch_events.TailoringAdopted(tailoring, command.reason))
