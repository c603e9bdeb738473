"""What shall be made for this patient: the control recipe's parameters, and who signs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onelot.app.advice import check_advice
from onelot.app.commands import Command, handles
from onelot.app.commands.decide import add_weighing, check_reviews, mark
from onelot.app.commands.order import FINAL_BATCH, lift_batch_holds
from onelot.app.commands.profile import ELIGIBILITY, TAILORING
from onelot.app.context import Context
from onelot.app.rules import dose_rules_of
from onelot.record.errors import Held, Refused
from onelot.record.events import batch as batch_events
from onelot.record.events import therapy as ev
from onelot.record.evidence_file import guide_gaps
from onelot.record.recipe import MasterRecipe
from onelot.record.recipe_editing import CHOSEN_GUIDE
from onelot.record.signature import second_person
from onelot.record.subjects import Therapy
from onelot.record.terms.values import Cite, Finding, Input, Parameter
from onelot.tailor import tailor
from onelot.tailor.dose_rules import within_rules

STEP = "tailoring"


@dataclass(frozen=True)
class TailorRecipe(Command):
    """Bind the master recipe to this patient: every parameter with its reason, still unsigned."""

    coi: str


@handles(TailorRecipe)
def _tailor_recipe(context: Context, command: TailorRecipe) -> None:
    therapy = context.therapy(command.coi)
    if therapy.recipe is None or not therapy.eligible:
        raise Held(
            "the therapy is not eligible yet",
            rule="only an eligible patient's recipe is tailored",
            remedy="clear the findings of the eligibility step first",
        )
    refuse_ineligible(therapy)
    recipe = context.reader.recipe(therapy.recipe)
    facts = context.open_facts(therapy)
    stream = f"therapy/{therapy.coi}"
    ruled = dose_rules_of(context, recipe)
    try:
        found_parameters = tailor(recipe, facts, context.now, guide_for(context, recipe, therapy))
        if ruled:
            found_parameters = within_rules(ruled[1], recipe, facts, found_parameters, context.now)
    except (Held, Refused) as refusal:
        finding = Finding(refusal.rule, refusal.place or "", refusal.place or "", refusal.what, refusal.remedy)
        if therapy.holds.get(STEP) != (finding,):
            context.add(stream, ev.TherapyHeld(STEP, (finding,)))
        context.refuse(refusal)
        return
    if STEP in therapy.holds:
        context.add(stream, ev.HoldLifted(STEP, "every parameter has a value inside its range"))
    label = f"therapy/{therapy.coi}/{therapy.seq}"
    parameters = tuple(
        Parameter(
            name=found.name,
            value=context.seal(therapy.patient, found.value, f"{label}/{found.name}"),
            unit=found.unit,
            basis=found.basis,
            formula=found.formula,
            rule=found.rule,
            rule_source=found.rule_source,
            inputs=tuple(_input(therapy, name) for name in found.inputs),
        )
        for found in found_parameters
    )
    context.add(stream, ev.RecipeTailored(therapy.recipe, parameters, (ruled[0],) if ruled else ()))
    add_weighing(context, therapy)
    # Tailored and weighed by what is in effect now: nothing is due for review any more.
    mark(context, therapy, ())


def guide_for(context: Context, recipe: MasterRecipe, therapy: Therapy) -> str:
    """The spacer that two people chose, in the clear; "" while they have not, or while its reasons do not hold."""
    if recipe.editing is None or therapy.guide is None or guide_gaps(recipe, therapy):
        return ""
    return str(context.open(therapy.guide.sealed))


def _input(therapy: Therapy, name: str) -> Input:
    if name == CHOSEN_GUIDE and therapy.guide is not None:
        return Input(name, therapy.guide.sealed.commitment, therapy.guide.cite)
    known = therapy.facts[name]
    return Input(name, known.fact.value.commitment, known.cite)


def refuse_ineligible(therapy: Therapy) -> None:
    """Refuse while the eligibility of the patient is in question."""
    if ELIGIBILITY in therapy.holds:
        raise Held(
            "the patient's eligibility is in question: " + "; ".join(one.what for one in therapy.holds[ELIGIBILITY]),
            rule="a correction that breaks an eligibility rule blocks the next step",
            remedy="correct the fact, or end the therapy",
        )


def check_tailoring(therapy: Therapy) -> Cite:
    """The tailoring a batch may go by: of an eligible patient, signed, and no parameter stale."""
    refuse_ineligible(therapy)
    if therapy.tailoring is None or not therapy.tailoring.approved:
        raise Held(
            "the tailored parameters are not signed",
            rule="a control recipe is used only when a qualified person has signed its parameters",
            remedy="review and sign the tailoring",
        )
    if therapy.stale:
        raise Held(
            f"stale parameters: {', '.join(sorted(therapy.stale))}",
            rule="a parameter whose source fact was corrected blocks the next step",
            remedy="tailor again, and sign again",
        )
    return therapy.tailoring.cite


@dataclass(frozen=True)
class ApproveTailoring(Command):
    """Sign the tailored parameters. Batches of the therapy that were held for stale ones go on by the new ones."""

    meaning: ClassVar[str] = "approves these tailored parameters for this patient"
    coi: str


@handles(ApproveTailoring)
def _approve_tailoring(context: Context, command: ApproveTailoring) -> None:
    therapy = context.therapy(command.coi)
    refuse_ineligible(therapy)
    if therapy.tailoring is None:
        raise Held("there is nothing to sign", rule="tailoring comes first", remedy="tailor the recipe")
    if therapy.stale:
        raise Held(
            f"stale parameters: {', '.join(sorted(therapy.stale))}",
            rule="a parameter whose source fact was corrected is tailored again before it is signed",
            remedy="tailor again",
        )
    check_advice(context, therapy)
    check_reviews(context, therapy)
    tailored_by = context.journal.read(f"therapy/{therapy.coi}", therapy.tailoring.cite.seq - 1)[0].by
    second_person(tailored_by, context.actor.id, what="approving a tailoring")
    context.add(f"therapy/{therapy.coi}", ev.TailoringApproved(therapy.tailoring.cite), signed=True)
    for number in context.journal.rows("therapies", [therapy.coi]).get(therapy.coi, {}).get("batches", []):
        batch = context.reader.batch(number)
        if TAILORING in batch.holds and batch.state not in FINAL_BATCH:
            context.at(f"batch/{number}", batch.seq)
            context.add(
                f"batch/{number}",
                batch_events.TailoringAdopted(therapy.tailoring.cite, "tailored and signed again"),
            )
    lift_batch_holds(context, therapy.coi, "tailored and signed again", TAILORING)
