"""The evidence file of a product made for one patient: what is missing, by name, before the clinical lot or a release.

Asked again at every step: when the clinical lot is planned, when it is released, when it leaves and when it is given.
A document counts while it is there, supports, has not run out, and was shown for the guide that is chosen now.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from onelot.record.errors import Held
from onelot.record.recipe import MasterRecipe
from onelot.record.recipe_editing import Before, EvidenceNeed
from onelot.record.subjects.therapy import Therapy
from onelot.record.terms.values import Finding

SUPPORTS, AGAINST = "supports", "against"


def guide_gaps(recipe: MasterRecipe, therapy: Therapy) -> tuple[Finding, ...]:
    """Why there is no guide to make anything by; empty for a recipe that edits nothing."""
    if recipe.editing is None:
        return ()
    rule = f"recipe {recipe.identifier}: a guide is chosen by one person and confirmed by another"
    guide, place = therapy.guide, therapy.coi
    if guide is None:
        what, remedy = "no guide is chosen", "design guides, then choose one with a reason (`onelot tailor choose`)"
        return (Finding(rule, "guide", place, what, remedy),)
    if not guide.confirmed_by:
        what, remedy = "the chosen guide is not confirmed by a second person", "have another person confirm it"
        return (Finding(rule, "guide", place, what, remedy),)
    if therapy.design is None or guide.choice.design != therapy.design.cite:
        what = "the guide was chosen from an earlier design"
        return (Finding(rule, "guide", place, what, "choose again from the newest design, and confirm"),)
    designed_for = therapy.design.event.variant
    known = therapy.facts.get(recipe.editing.fact)
    if known is None or known.fact.value.commitment != designed_for.commitment:
        what = "the causal variant was corrected after the guide was designed"
        return (Finding(rule, recipe.editing.fact, place, what, "design again, choose and confirm"),)
    return ()


def evidence_gaps(recipe: MasterRecipe, therapy: Therapy, now: datetime, before: Before) -> tuple[Finding, ...]:
    """Every gap that blocks this step, by the name of the need; for a release also what blocks the clinical lot."""
    if recipe.editing is None:
        return ()
    steps = ("clinical_lot",) if before == "clinical_lot" else ("clinical_lot", "release")
    needs = [need for need in recipe.editing.evidence if need.before in steps]
    return guide_gaps(recipe, therapy) + tuple(found for need in needs for found in _gap(recipe, therapy, need, now))


def refuse_gaps(gaps: Sequence[Finding], what: str) -> None:
    """Raise Held with every gap by name, when there is one."""
    if gaps:
        raise Held(
            f"{what}: " + "; ".join(gap.what for gap in gaps),
            rule=gaps[0].rule,
            remedy=gaps[0].remedy,
            place=gaps[0].place,
        )


def _gap(recipe: MasterRecipe, therapy: Therapy, need: EvidenceNeed, now: datetime) -> Iterator[Finding]:
    what = why_not(therapy, need, now)
    if what:
        rule = f"recipe {recipe.identifier}: evidence file, {need.name} ({need.source.shown})"
        remedy = f"record a document that shows: {need.asks}"
        yield Finding(rule, need.name, therapy.coi, f"{need.title}: {what}", remedy)


def why_not(therapy: Therapy, need: EvidenceNeed, now: datetime) -> str:
    """Why a need is not answered, in a few words; "" where it is."""
    found = therapy.evidence.get(need.name)
    if found is None:
        return "no document is recorded"
    event = found.event
    if event.conclusion != SUPPORTS:
        return "the document speaks against it"
    if event.valid_until is not None and event.valid_until <= now:
        return f"ran out {event.valid_until:%Y-%m-%d}"
    if need.concerns != "patient" and (therapy.guide is None or event.about != therapy.guide.sealed.commitment):
        return "shown for another guide than the chosen one"
    if need.concerns == "toxicology_lot" and not event.lot:
        return "no toxicology lot is named"
    return ""
