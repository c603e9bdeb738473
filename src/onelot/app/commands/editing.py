"""The patient's own guide: its design, and the two signatures that choose it.

Nothing here recommends or releases a guide. Variant, guide and what was computed from them are sealed; refusals name
neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import orjson

from onelot.app.commands import Command, handles
from onelot.app.commands.gate import Work
from onelot.app.commands.profile import check_genome_use
from onelot.app.context import Context
from onelot.record.errors import BadInput, Held, Mismatch, Refused
from onelot.record.events import editing as ev
from onelot.record.recipe import MasterRecipe, Test
from onelot.record.recipe_editing import Editing
from onelot.record.signature import second_person
from onelot.record.subjects import Therapy
from onelot.record.terms.values import Input, Sealed

MATCH, MISMATCH = "match", "mismatch"


def open_editing(context: Context, coi: str) -> tuple[Therapy, MasterRecipe, Editing]:
    """The therapy and its editing recipe, with a standing consent to the use of the genome."""
    therapy = context.therapy(coi)
    recipe = context.reader.recipe(therapy.recipe) if therapy.recipe else None
    if recipe is None or recipe.editing is None:
        raise BadInput(
            "this therapy's product edits no gene",
            rule="guides and their evidence belong to recipes with a part `editing`",
            remedy="look at the recipe of the order",
        )
    check_genome_use(therapy, context.now)
    return therapy, recipe, recipe.editing


@dataclass(frozen=True)
class RecordDesign(Command):
    """Record a design of guides with its off-target search, as one signed derivation.

    design, sites: JSON texts as `onelot tailor guides` makes them; the digests are those of the files they were made
    from ("" for none); mismatches, dna_bulges, rna_bulges: how far the search went.
    """

    meaning: ClassVar[str] = "answers for this design and search: nominations by sequence, no proof of safety"
    coi: str
    design: str
    sites: str
    reference: str
    variants: str
    genes: str
    editors: str
    tool: str
    mismatches: int
    dna_bulges: int
    rna_bulges: int


@handles(RecordDesign)
def _record_design(context: Context, command: RecordDesign) -> None:
    therapy, _, editing = open_editing(context, command.coi)
    known = therapy.facts.get(editing.fact)
    if known is None:
        raise Held(
            "the causal variant is not on the record",
            rule=f"guides are designed for the recorded fact {editing.fact}",
            remedy="record it with the profile first",
            place=editing.fact,
        )
    design, sites = _json(command.design, "design"), _json(command.sites, "sites")
    if design.get("variant") != context.open(known.fact.value):
        raise Mismatch(
            "the design was made for another variant than the recorded one",
            rule=f"guides are designed for the recorded fact {editing.fact}",
            remedy="design again for the recorded variant, or correct the fact",
            place=editing.fact,
        )
    if sites.get("reference_sha256") != command.reference or design.get("reference_sha256") != command.reference:
        raise Mismatch(
            "design and search were made on different references",
            rule="one reference for one derivation",
            remedy="run both on the same reference",
        )
    label = f"therapy/{therapy.coi}/{therapy.seq}"
    context.add(
        f"therapy/{therapy.coi}",
        ev.GuidesDesigned(
            variant=Input(editing.fact, known.fact.value.commitment, known.cite),
            reference=command.reference,
            variants=command.variants,
            genes=command.genes,
            editors=command.editors,
            tool=command.tool,
            mismatches=command.mismatches,
            dna_bulges=command.dna_bulges,
            rna_bulges=command.rna_bulges,
            design=context.seal(therapy.patient, command.design, f"{label}/design"),
            sites=context.seal(therapy.patient, command.sites, f"{label}/sites"),
        ),
        signed=True,
    )


def _json(text: str, name: str) -> dict[str, Any]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise BadInput(
            f"the {name} is no JSON object",
            rule="design and sites are JSON texts",
            remedy="record what `onelot tailor guides` made, unchanged",
            place=f"RecordDesign.{name}",
        )
    return found


@dataclass(frozen=True)
class ChooseGuide(Command):
    """Choose one guide of the newest design, by its rank there, with a reason. It counts once another has confirmed."""

    meaning: ClassVar[str] = "chooses this guide for this patient, for the reason given"
    coi: str
    candidate: int
    reason: str


@handles(ChooseGuide)
def _choose_guide(context: Context, command: ChooseGuide) -> None:
    therapy, recipe, editing = open_editing(context, command.coi)
    if therapy.design is None:
        raise Held("nothing is designed yet", rule="a guide is chosen from a design", remedy="design guides first")
    if not command.reason.strip():
        raise BadInput(
            "the choice gives no reason",
            rule="two people choose a guide, the first with a reason",
            remedy="say in a sentence why this one and not another",
        )
    _refuse_shallow(recipe, editing, therapy.design.event)
    candidate = candidate_of(context, therapy, command.candidate)
    if candidate["editor"] not in editing.editors:
        raise Refused(
            f"candidate {command.candidate} is for another editor than the platform's",
            rule=f"recipe {recipe.identifier}: the platform is made with {', '.join(editing.editors)}",
            remedy="choose a candidate of the platform's editor, or order a recipe made with the other",
        )
    label = f"therapy/{therapy.coi}/{therapy.seq}"
    text = orjson.dumps(candidate, option=orjson.OPT_SORT_KEYS).decode()
    context.add(
        f"therapy/{therapy.coi}",
        ev.GuideChosen(
            design=therapy.design.cite,
            guide=context.seal(therapy.patient, str(candidate["spacer"]), f"{label}/guide"),
            about=context.seal(therapy.patient, text, f"{label}/about"),
            reason=context.seal(therapy.patient, command.reason, f"{label}/reason"),
        ),
        signed=True,
    )
    context.answer.update(candidate=command.candidate, editor=candidate["editor"], confirmed=False)


def _refuse_shallow(recipe: MasterRecipe, editing: Editing, event: ev.GuidesDesigned) -> None:
    """Refuse when the search did not go as far as the recipe asks."""
    for name in ("mismatches", "dna_bulges", "rna_bulges"):
        wanted = getattr(editing, name)
        if getattr(event, name) < wanted.value:
            raise Held(
                f"the off-target search covers {getattr(event, name)} {name.replace('_', ' ')}, not {wanted.value:f}",
                rule=f"recipe {recipe.identifier}: at least {wanted.value:f} {name} ({wanted.source.shown})",
                remedy="search again, as far as the recipe asks, and record that design",
            )


def candidate_of(context: Context, therapy: Therapy, rank: int) -> dict[str, Any]:
    """A candidate of the newest design, opened.

    Raises:
        BadInput: the design has no candidate of this rank, or the search did not cover it.
    """
    if therapy.design is None:
        raise Held("nothing is designed yet", rule="a guide is chosen from a design", remedy="design guides first")
    design = orjson.loads(str(context.open(therapy.design.event.design)))
    sites = orjson.loads(str(context.open(therapy.design.event.sites)))
    found: dict[str, Any] | None = next((each for each in design["candidates"] if each["rank"] == rank), None)
    if found is None or searched(sites, found) is None:
        raise BadInput(
            f"there is no candidate {rank} with an off-target search" if found else f"there is no candidate {rank}",
            rule="a guide is chosen among the candidates of the newest design that were searched",
            remedy=f"a number from 1 to {len(design['candidates'])}" if design["candidates"] else "there is none",
        )
    return found


def searched(sites: Mapping[str, Any], candidate: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the search found for a candidate; None where its spacer was not searched with its own PAM."""
    wanted = (candidate["spacer"], candidate["pam_pattern"], candidate["pam_side"])
    guides = sites.get("guides", ())
    return next((each for each in guides if (each["spacer"], each["pam"], each["pam_side"]) == wanted), None)


@dataclass(frozen=True)
class ConfirmGuide(Command):
    """Confirm the chosen guide as another person, by naming the same candidate."""

    meaning: ClassVar[str] = "confirms the choice of this guide, having read its design and off-target search"
    coi: str
    candidate: int
    remark: str = ""


@handles(ConfirmGuide)
def _confirm_guide(context: Context, command: ConfirmGuide) -> None:
    therapy, _, _ = open_editing(context, command.coi)
    guide = therapy.guide
    if guide is None or guide.confirmed_by:
        raise Held(
            "there is no choice to confirm" if guide is None else "the choice is confirmed already",
            rule="a guide is chosen by one person and confirmed by another, once",
            remedy="choose a guide first" if guide is None else "choose anew to change it",
        )
    second_person(guide.by, context.actor.id, what="confirming the choice of a guide")
    if therapy.design is None or guide.choice.design != therapy.design.cite:
        raise Held(
            "guides were designed again since the choice",
            rule="a choice is confirmed on the design it was made from, the newest",
            remedy="choose again from the newest design",
        )
    if candidate_of(context, therapy, command.candidate)["rank"] != _chosen(context, therapy)["rank"]:
        raise Mismatch(
            "another candidate was chosen than the one you name",
            rule="both people name the same candidate",
            remedy="read the design again and speak with the person who chose",
        )
    label = f"therapy/{therapy.coi}/{therapy.seq}"
    remark = context.seal(therapy.patient, command.remark, f"{label}/remark")
    context.add(f"therapy/{therapy.coi}", ev.GuideConfirmed(guide.cite, remark), signed=True)
    context.answer.update(candidate=command.candidate, confirmed=True)


def _chosen(context: Context, therapy: Therapy) -> dict[str, Any]:
    if therapy.guide is None:
        raise Held("no guide is chosen", rule="a guide is chosen first", remedy="choose a guide")
    found: dict[str, Any] = orjson.loads(str(context.open(therapy.guide.choice.about)))
    return found


def compare_sequence(context: Context, work: Work, test: Test, read: str) -> tuple[str, Sealed]:
    """`match` or `mismatch` for what was read, against the tailored sequence; and what was read, sealed.

    RNA and DNA letters are the same here, upper and lower case too.

    Raises:
        BadInput: the read holds other letters. Held: the batch has no such sequence.
    """
    therapy = work.therapy
    wanted = context.open_parameters(therapy).get(test.sequence) if therapy else None
    if therapy is None or wanted is None or not isinstance(wanted.value, str):
        raise Held(
            "the batch has no sequence to compare with",
            rule=f"test {test.name}: compared with the tailored {test.sequence}",
            remedy="tailor and sign the recipe first",
        )
    letters = _dna(read)
    if not letters or set(letters) - set("ACGT"):
        raise BadInput(
            "what was read is no sequence",
            rule=f"test {test.name}: A, C, G and T or U, nothing else",
            remedy="enter the letters as the analysis reports them; record an unreadable sample as a deviation",
            place="RecordResult.value",
        )
    label = f"{work.stream}/{work.batch.seq}/{test.name}"
    return MATCH if letters == _dna(wanted.value) else MISMATCH, context.seal(therapy.patient, letters, label)


def _dna(text: str) -> str:
    return "".join(text.split()).upper().replace("U", "T")
