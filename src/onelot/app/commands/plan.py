"""When and where: slots with claims, and the batch that will be made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from onelot.app.commands import Command, handles
from onelot.app.commands.order import usable
from onelot.app.commands.tailor import check_tailoring
from onelot.app.context import Context, unknown
from onelot.plan import earliest
from onelot.record.errors import BadInput, Held
from onelot.record.events import batch as batch_events
from onelot.record.events import therapy as ev
from onelot.record.evidence_file import evidence_gaps, guide_gaps, refuse_gaps
from onelot.record.journal import GiveBack, TakeInterval, TakeName
from onelot.record.subjects import Therapy
from onelot.record.subjects.batch import STUDY_LABEL, TOXICOLOGY


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

    purpose: collection, manufacture, bedside; hours: how long.
    """

    coi: str
    purpose: str
    equipment_class: str
    site: str
    not_before: datetime
    hours: int
    not_after: datetime | None = None


@handles(BookSlots)
def _book_slots(context: Context, command: BookSlots) -> None:
    therapy = context.therapy(command.coi)
    _own_site(context, command.site)
    check_tailoring(therapy)
    names = _resources(context, command.equipment_class, command.site, command.not_before)
    busy = {name: [(start, end) for _, start, end in context.journal.taken(f"equipment/{name}")] for name in names}
    window = earliest(busy, command.not_before, timedelta(hours=command.hours), command.not_after)
    purpose = command.purpose + ("" if not therapy.slots else f"-{_count(therapy.slots, command.purpose)}")
    context.claim(
        TakeInterval(
            _slot_claim(therapy.coi, purpose), f"equipment/{window.resource}", window.starts_at, window.ends_at
        )
    )
    context.add(f"therapy/{therapy.coi}", ev.SlotBooked(purpose, window.resource, window.starts_at, window.ends_at))
    context.answer.update(resource=window.resource, starts_at=window.starts_at, ends_at=window.ends_at)


def _count(slots: tuple[object, ...], purpose: str) -> int:
    return sum(1 for slot in slots if str(getattr(slot, "purpose", "")).startswith(purpose)) + 1


@dataclass(frozen=True)
class MoveSlot(Command):
    """Move a booked window."""

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
    busy = {slot.resource: [(start, end) for name, start, end in taken if name != claim]}
    window = earliest(busy, command.not_before, timedelta(hours=command.hours))
    context.claim(GiveBack(claim))
    context.claim(TakeInterval(claim, f"equipment/{window.resource}", window.starts_at, window.ends_at))
    context.add(
        f"therapy/{therapy.coi}",
        ev.SlotMoved(command.purpose, window.resource, window.starts_at, window.ends_at, command.reason),
    )


@dataclass(frozen=True)
class PlanBatch(Command):
    """Plan a batch for a therapy (or, without one, for stock) by an approved recipe.

    purpose: `toxicology` for a lot that is made as for the patient and studied instead of given; else "".
    """

    batch: str
    site: str
    coi: str = ""
    recipe: str = ""
    purpose: str = ""


@handles(PlanBatch)
def _plan_batch(context: Context, command: PlanBatch) -> None:
    _own_site(context, command.site)
    stream = f"batch/{command.batch}"
    context.new(stream)
    context.claim(TakeName(stream))
    if command.coi:
        therapy = context.therapy(command.coi)
        tailoring = check_tailoring(therapy)
        if therapy.withdrawn or therapy.recipe is None:
            raise Held(
                "the patient withdrew consent",
                rule="consent gates every descendant",
                remedy="end the therapy, or record a new consent",
            )
        purpose, label = _purpose(context, therapy, command.purpose)
        context.add(
            stream,
            batch_events.BatchPlanned(
                command.batch, (command.coi,), therapy.recipe, tailoring, command.site, purpose, label
            ),
        )
        return
    document = context.reader.document(f"recipe/{command.recipe}")
    usable(document, command.recipe, context.now)
    if document.cite is None:
        raise Held("the recipe has no text", rule="a recipe is a document", remedy="register the recipe")
    context.add(stream, batch_events.BatchPlanned(command.batch, (), document.cite, None, command.site, "stock"))


def _purpose(context: Context, therapy: Therapy, asked: str) -> tuple[str, str]:
    """What a therapy's batch is for, and the statement on its labels; refused with every gap of the evidence file."""
    recipe = context.reader.recipe(therapy.recipe) if therapy.recipe else None
    if recipe is None or recipe.kind != "individual":
        if asked:
            raise BadInput(
                f"a batch of this recipe is not made for {asked}",
                rule="toxicology lots belong to recipes of products made for one patient",
                remedy="leave the purpose out",
            )
        return "patient", therapy.label or ""
    if asked == TOXICOLOGY:
        refuse_gaps(guide_gaps(recipe, therapy), "no toxicology lot is ordered")
        return TOXICOLOGY, STUDY_LABEL
    if asked not in ("", "patient"):
        raise BadInput(f"there is no purpose {asked!r}", rule="patient or toxicology", remedy="name one of the two")
    refuse_gaps(evidence_gaps(recipe, therapy, context.now, "clinical_lot"), "the clinical lot is not ordered")
    _refuse_outdated(context, therapy)
    return "patient", therapy.label or ""


def _refuse_outdated(context: Context, therapy: Therapy) -> None:
    """A toxicology study takes weeks: what the tailoring rests on must still be valid when the clinical lot is made."""
    used = {
        given.name
        for each in (therapy.tailoring.parameters if therapy.tailoring else {}).values()
        for given in each.inputs
    }
    facts = [therapy.facts[name].fact for name in sorted(used & therapy.facts.keys())]
    outdated = [fact.name for fact in facts if fact.valid_until is not None and fact.valid_until < context.now]
    if outdated:
        raise Held(
            f"outdated since it was tailored: {', '.join(outdated)}",
            rule="a clinical lot is made by facts that are valid when it is planned",
            remedy="record the fact anew as a correction, tailor and sign again, then plan the lot",
            place=therapy.coi,
        )


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
