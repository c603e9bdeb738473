"""The file behind a guide, read for a person: design, search, choice, and the evidence file with its gaps.

What is sealed is opened only for roles that need health values; a refused or erased file says so and shows nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson

from onelot.app.authority import sees_personal_data
from onelot.app.commands.editing import searched
from onelot.app.context import Actor, Context
from onelot.app.going_by import shown
from onelot.app.house import House
from onelot.app.why import chosen_guide
from onelot.record.errors import BadInput, Erased, NotAllowed
from onelot.record.evidence_file import guide_gaps, why_not
from onelot.record.recipe import MasterRecipe
from onelot.record.recipe_editing import CHOSEN_GUIDE, Editing, EvidenceNeed
from onelot.record.subjects import Therapy
from onelot.record.terms.values import Sealed

NOTICE = (
    "Nominations, never proof of safety. Guide-independent deamination is not assessed. "
    "A guide is chosen by one person and confirmed by another; no guide is ever released by the program."
)


def guide_file(house: House, coi: str, actor: Actor) -> dict[str, Any]:
    """Everything about a therapy's guide as plain values.

    Returns:
        `design` and `sites` as they were recorded (None before), each candidate with its `search`: sites, patient_only
        (None where it was not searched with its PAM); `choice` (None before), `evidence` one row a need,
        `gaps` of the guide, and which of the platform's candidates there are.

    Raises:
        NotAllowed: no such therapy for the actor, or a role that sees no health values.
        BadInput: the product edits no gene.
    """
    context = Context(house.loop.reader, house.vault, actor, house.clock(), house.loop.entropy)
    therapy = context.therapy(coi)
    recipe = house.loop.reader.recipe(therapy.recipe) if therapy.recipe else None
    if recipe is None or recipe.editing is None:
        raise BadInput(
            "this therapy's product edits no gene",
            rule="guides belong to recipes with a part `editing`",
            remedy="look at the recipe of the order",
        )
    if actor.id != "system" and not sees_personal_data(actor):
        raise NotAllowed(
            f"{actor.printed_name} may not read a patient's guide",
            rule="variant and guide are health values: only roles that need them see them",
            remedy="ask a bioinformatician or the prescriber",
        )
    design = _json(context, therapy.design.event.design if therapy.design else None)
    sites = _json(context, therapy.design.event.sites if therapy.design else None)
    return {
        "coi": coi,
        "mode": house.mode,
        "recipe": recipe.identifier,
        "title": recipe.title,
        "notice": NOTICE,
        "platform": list(recipe.editing.editors),
        "state": therapy.state,
        "design": _with_search(design, sites) if design and sites else None,
        "sites": sites,
        "derivation": _derivation(house, therapy),
        "choice": _choice(house, context, therapy),
        "gaps": [each.what for each in guide_gaps(recipe, therapy)],
        "evidence": evidence_rows(context, recipe, recipe.editing, therapy, house.clock()),
    }


def _with_search(design: dict[str, Any], sites: dict[str, Any]) -> dict[str, Any]:
    def found(candidate: dict[str, Any]) -> dict[str, int] | None:
        each = searched(sites, candidate)
        return {name: each[name] for name in ("sites", "patient_only")} if each else None

    return {**design, "candidates": [{**each, "search": found(each)} for each in design["candidates"]]}


def _json(context: Context, sealed: Sealed | None) -> Any:
    if sealed is None:
        return None
    try:
        return orjson.loads(str(context.open(sealed)))
    except Erased:
        return None


def _derivation(house: House, therapy: Therapy) -> dict[str, Any] | None:
    if therapy.design is None:
        return None
    event = therapy.design.event
    entry = house.journal.read(therapy.design.cite.stream, therapy.design.cite.seq - 1)[0]
    return {
        "by": entry.signed.printed_name if entry.signed else entry.by,
        "at": entry.envelope["at"],
        "recorded": f"{entry.stream}#{entry.seq}",
        "tool": event.tool,
        "reference_sha256": event.reference,
        "variants_sha256": event.variants,
        "genes_sha256": event.genes,
        "editors_sha256": event.editors,
        "mismatches": event.mismatches,
        "dna_bulges": event.dna_bulges,
        "rna_bulges": event.rna_bulges,
    }


def _choice(house: House, context: Context, therapy: Therapy) -> dict[str, Any] | None:
    guide = therapy.guide
    if guide is None:
        return None
    entry = house.journal.read(guide.cite.stream, guide.cite.seq - 1)[0]
    told = chosen_guide(house, context, therapy, entry)
    about = _json(context, guide.choice.about) or {}
    confirmed = None
    if guide.confirmed is not None:
        confirmed = house.journal.read(guide.confirmed.stream, guide.confirmed.seq - 1)[0]
    return {
        "candidate": about.get("rank"),
        "editor": about.get("editor", ""),
        "guide": told["value"],
        "reason": told["reason"],
        "at": told["observed_at"],
        "by": entry.signed.printed_name if entry.signed else entry.by,
        "recorded": told["recorded"],
        "confirmed_by": (confirmed.signed.printed_name if confirmed.signed else confirmed.by) if confirmed else "",
        "confirmed_at": confirmed.envelope["at"] if confirmed else "",
        "used_by": [name for name, each in _parameters(therapy) if CHOSEN_GUIDE in each],
    }


def _parameters(therapy: Therapy) -> list[tuple[str, set[str]]]:
    found = therapy.tailoring.parameters if therapy.tailoring else {}
    return [(name, {given.name for given in each.inputs}) for name, each in found.items()]


def evidence_rows(
    context: Context, recipe: MasterRecipe, editing: Editing, therapy: Therapy, now: datetime
) -> list[dict[str, Any]]:
    """One row a need of the evidence file: what it asks, what stands, and why it does not count where it does not.

    What is sealed opens for roles that need health values; to others it says so (`going_by.shown`).
    """
    return [_row(context, need, therapy, now) for need in editing.evidence]


def _row(context: Context, need: EvidenceNeed, therapy: Therapy, now: datetime) -> dict[str, Any]:
    found = therapy.evidence.get(need.name)
    value = found.event.value if found else None
    return {
        "need": need.name,
        "title": need.title,
        "asks": need.asks,
        "concerns": need.concerns,
        "before": need.before,
        "source": need.source.shown,
        "gap": why_not(therapy, need, now),
        "sha256": found.event.sha256 if found else "",
        "conclusion": found.event.conclusion if found else "",
        "statement": shown(context, found.event.statement) if found else "",
        "value": shown(context, value) if value else "",
        "unit": need.unit,
        "limit": found.event.limit if found else "",
        "shown_at": found.event.shown_at.isoformat() if found else "",
        "valid_until": found.event.valid_until.isoformat() if found and found.event.valid_until else "",
        "lot": found.event.lot if found else "",
        "by": found.by if found else "",
        "recorded": f"{found.cite.stream}#{found.cite.seq}" if found else "",
    }
