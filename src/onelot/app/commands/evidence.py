"""The evidence file of a product made for one patient: its documents, by digest, with what each concludes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Literal

from onelot.app.commands import Command, handles
from onelot.app.commands.editing import open_editing
from onelot.app.context import Context, unknown
from onelot.record.durations import span
from onelot.record.errors import BadInput, Held, Mismatch
from onelot.record.events import editing as ev
from onelot.record.events import therapy as therapy_events
from onelot.record.evidence_file import AGAINST, SUPPORTS, guide_gaps, refuse_gaps
from onelot.record.recipe import MasterRecipe
from onelot.record.recipe_editing import CHOSEN_GUIDE, Editing, EvidenceNeed
from onelot.record.subjects import Therapy
from onelot.record.terms.values import Cite, Sealed
from onelot.record.units import convert


@dataclass(frozen=True)
class RecordEvidence(Command):
    """Record a document of the evidence file: by digest, with what it concludes, and the number where one decides.

    need: its name in the recipe; lot: the toxicology lot it was shown with; shown_at: date of the document.
    """

    meaning: ClassVar[str] = "answers for what this document shows"
    coi: str
    need: str
    document_sha256: str
    conclusion: Literal["supports", "against"]
    statement: str
    shown_at: datetime
    value: Decimal | None = None
    unit: str = ""
    lot: str = ""
    valid_until: datetime | None = None
    synthetic: bool = False


@dataclass(frozen=True)
class Judged:
    """What a document will count for. about: commitment of the guide it is shown for, "" where it concerns the patient;
    conclusion: `supports` or `against`, whatever was said, when its number lies outside; limit: as it is printed;
    until: from when it holds no more, None for ever."""

    need: EvidenceNeed
    about: str
    lot: str
    conclusion: str
    limit: str
    until: datetime | None


def judged(context: Context, command: RecordEvidence) -> Judged:
    """The document judged by the recipe, before anything is written.

    Raises:
        BadInput: no such need, no digest, no sentence, a date ahead, no number or a number of another kind of unit.
        Held: no guide is chosen and confirmed, or the lot is not released. Mismatch: the lot is of another guide.
    """
    therapy, recipe, editing = open_editing(context, command.coi)
    need = need_of(recipe, editing, command.need)
    _check_document(context, command)
    about, lot = "", ""
    if need.concerns != "patient":
        refuse_gaps(guide_gaps(recipe, therapy), f"{need.title} cannot be recorded")
        about = therapy.guide.sealed.commitment if therapy.guide else ""
    if need.concerns == "toxicology_lot":
        lot = _studied(context, therapy, command.lot, about)
    inside, limit = _inside(need, command)
    conclusion = SUPPORTS if command.conclusion == SUPPORTS and inside else AGAINST
    return Judged(need, about, lot, conclusion, limit, _until(need, command))


@handles(RecordEvidence)
def _record_evidence(context: Context, command: RecordEvidence) -> None:
    found, therapy = judged(context, command), context.therapy(command.coi)
    label = f"therapy/{therapy.coi}/{therapy.seq}"
    context.add(
        f"therapy/{therapy.coi}",
        ev.EvidenceRecorded(
            name=found.need.name,
            sha256=command.document_sha256,
            conclusion=found.conclusion,
            statement=context.seal(therapy.patient, command.statement, f"{label}/statement"),
            shown_at=command.shown_at,
            about=found.about,
            lot=found.lot,
            value=_sealed(context, therapy, command.value, f"{label}/value"),
            unit=found.need.unit,
            limit=found.limit,
            valid_until=found.until,
            synthetic=command.synthetic,
        ),
        signed=True,
    )
    context.answer.update(need=found.need.name, conclusion=found.conclusion)


def _sealed(context: Context, therapy: Therapy, value: Decimal | None, label: str) -> Sealed | None:
    return None if value is None else context.seal(therapy.patient, value, label)


def need_of(recipe: MasterRecipe, editing: Editing, name: str) -> EvidenceNeed:
    """The need of this name.

    Raises:
        BadInput: the recipe's evidence file has none.
    """
    for need in editing.evidence:
        if need.name == name:
            return need
    raise BadInput(
        f"the evidence file has no place for {name}",
        rule=f"evidence file of recipe {recipe.identifier}",
        remedy=f"one of: {', '.join(need.name for need in editing.evidence)}",
    )


def _check_document(context: Context, command: RecordEvidence) -> None:
    digest = command.document_sha256
    if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
        raise BadInput(
            "this is no SHA-256 of a document",
            rule="a document of the evidence file is named by its digest, 64 hex digits",
            remedy="give the digest of the file (`sha256sum FILE`)",
            place="RecordEvidence.document_sha256",
        )
    if command.shown_at > context.now or not command.statement.strip():
        raise BadInput(
            "the document is dated ahead" if command.shown_at > context.now else "nothing is said of the document",
            rule="a document has a date that has been, and a sentence on what it shows",
            remedy="enter it again; nothing was written",
            place="RecordEvidence.shown_at" if command.shown_at > context.now else "RecordEvidence.statement",
        )


def _studied(context: Context, therapy: Therapy, number: str, guide: str) -> str:
    """The toxicology lot a study was made with: this therapy's, released for study, and made with the chosen guide."""
    batch = context.reader.batch(number)
    if therapy.coi not in batch.therapies or not batch.for_study:
        raise unknown("toxicology lot", number or "without a number")
    if batch.disposition != "released":
        raise Held(
            f"toxicology lot {number} is {batch.disposition or batch.state.replace('_', ' ')}",
            rule="a study counts when its lot was tested and released for study",
            remedy="wait for quality's decision on the lot",
            place=number,
        )
    if batch.tailoring is None or guide_of(context, batch.tailoring) != guide:
        raise Mismatch(
            f"toxicology lot {number} was made with another guide than the chosen one",
            rule="a study counts for the guide of its lot",
            remedy="make and study a lot with the chosen guide",
            place=number,
        )
    return number


def guide_of(context: Context, tailoring: Cite) -> str:
    """The commitment of the choice a tailoring rests on; "" for none."""
    event = context.journal.read(tailoring.stream, tailoring.seq - 1)[0].event
    if not isinstance(event, therapy_events.RecipeTailored):
        return ""
    inputs = [given for each in event.parameters for given in each.inputs]
    return next((given.commitment for given in inputs if given.name == CHOSEN_GUIDE), "")


def _inside(need: EvidenceNeed, command: RecordEvidence) -> tuple[bool, str]:
    """Whether the number keeps the recipe's limits, and the limits as they are printed."""
    limits = [(name, limit) for name, limit in (("at least", need.low), ("at most", need.high)) if limit is not None]
    if not limits:
        return True, ""
    if command.value is None:
        raise BadInput(
            f"{need.title} needs its number",
            rule=f"evidence file, {need.name}: decided by a value in {need.unit}",
            remedy="enter the value with its unit",
            place="RecordEvidence.value",
        )
    value = convert(command.value, command.unit, need.unit)
    low = need.low is None or value >= convert(need.low.value, need.low.unit, need.unit)
    high = need.high is None or value <= convert(need.high.value, need.high.unit, need.unit)
    shown = "; ".join(f"{name} {each.value:f} {each.unit} {each.basis}" for name, each in limits)
    return low and high, shown


def _until(need: EvidenceNeed, command: RecordEvidence) -> datetime | None:
    """Until when the document holds: as it says itself, and no longer than the recipe allows."""
    ends = [command.valid_until] if command.valid_until else []
    if need.valid is not None:
        ends.append(command.shown_at + span(need.valid))
    return min(ends, default=None)
