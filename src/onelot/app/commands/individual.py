"""What the batch of a product made for one patient is for: a toxicology lot, or the clinical lot with no gap left."""

from __future__ import annotations

from onelot.app.context import Context
from onelot.record.errors import BadInput, Held
from onelot.record.evidence_file import evidence_gaps, guide_gaps, refuse_gaps
from onelot.record.subjects import Therapy
from onelot.record.subjects.batch import STUDY_LABEL, TOXICOLOGY


def purpose_of(context: Context, therapy: Therapy, asked: str) -> tuple[str, str]:
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
