"""What people do next for a product made for one patient: guides, two signatures, documents, and two lots kept apart.

The simulated people choose the first candidate of the platform's editor; real ones read the assays first. Documents are
made up, say so, and are marked synthetic; how long studies take is our assumption.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256

import orjson

from onelot.app.commands import editing as commands
from onelot.app.commands import plan, profile
from onelot.app.commands.evidence import RecordEvidence
from onelot.app.editing import Sources, derive
from onelot.app.simulation import plant
from onelot.app.simulation.act import Act
from onelot.app.simulation.case import Case, Stage
from onelot.app.simulation.site import PLANT
from onelot.record.errors import Held
from onelot.record.evidence_file import evidence_gaps, guide_gaps, why_not
from onelot.record.recipe import MasterRecipe
from onelot.record.recipe_editing import Editing, EvidenceNeed
from onelot.record.subjects import Batch, Therapy
from onelot.record.subjects.batch import TOXICOLOGY

SHORT, WORKING = timedelta(minutes=20), timedelta(hours=3)
LIMIT_SHARE = Decimal("2")
# From the choice of the guide, or for a toxicology study from the release of its lot; our assumption.
TAKES = {"editability": timedelta(days=14), "off_target_assay": timedelta(days=28)}
STUDY, APPROVAL = timedelta(days=28), timedelta(days=4)


def choosing(stage: Stage, case: Case, therapy: Therapy, recipe: MasterRecipe) -> Act | None:
    """Design, choice, confirmation: nothing is tailored before; None when all three are done."""
    editing = recipe.editing
    if editing is None or not therapy.eligible or therapy.ended:
        return None
    last, give = stage.last_event(f"therapy/{therapy.coi}"), stage.site.give
    known = therapy.facts.get(editing.fact)
    if known is None or case.reference is None:
        return None
    if therapy.design is None or therapy.design.event.variant.commitment != known.fact.value.commitment:
        return Act(last + WORKING, "guides designed", lambda: _design(stage, case, therapy, editing))
    if therapy.guide is None or therapy.guide.choice.design != therapy.design.cite:
        return Act(last + WORKING, "guide chosen", lambda: _choose(stage, therapy, editing))
    if not therapy.guide.confirmed_by:
        rank = _platform_candidate(stage, therapy, editing)
        confirm = commands.ConfirmGuide(therapy.coi, rank, "read with the family's physician; agreed")
        return Act(last + WORKING, "guide confirmed", lambda: give(confirm, "prescriber", case.hospital))
    return None


def _design(stage: Stage, case: Case, therapy: Therapy, editing: Editing) -> None:
    if case.reference is None:
        raise Held("there is no reference", rule="a design reads a reference", remedy="supply one")
    stage.ready_to_search()
    limits = (int(editing.mismatches.value), int(editing.dna_bulges.value), int(editing.rna_bulges.value))
    sources = Sources(case.reference, case.vcf, case.genes)
    variant = str(stage.context().open(therapy.facts[editing.fact].fact.value))
    found = derive(sources, variant, limits, editing.editors, workers=1)
    stage.site.give(commands.RecordDesign(therapy.coi, **asdict(found)), "bioinformatician", PLANT)


def _platform_candidate(stage: Stage, therapy: Therapy, editing: Editing) -> int:
    """The first candidate whose editor the platform is made with."""
    design = orjson.loads(str(stage.context().open(therapy.design.event.design))) if therapy.design else {}
    ranks = [int(each["rank"]) for each in design.get("candidates", ()) if each["editor"] in editing.editors]
    if not ranks:
        raise Held(
            "no candidate is of the platform's editor",
            rule="no candidate is a valid answer of a design",
            remedy="end the therapy, or order a recipe made with another editor",
        )
    return ranks[0]


def _choose(stage: Stage, therapy: Therapy, editing: Editing) -> None:
    rank = _platform_candidate(stage, therapy, editing)
    reason = "first candidate of the platform's editor; its one bystander is silent (simulated reason)"
    stage.site.give(commands.ChooseGuide(therapy.coi, rank, reason), "bioinformatician", PLANT)


def next_act(
    stage: Stage, case: Case, therapy: Therapy, recipe: MasterRecipe, batch: Batch | None, last: datetime
) -> Act | None:
    """Documents, and the two lots: the toxicology lot first, the clinical lot when no gap is left."""
    editing, tailoring = recipe.editing, therapy.tailoring
    if editing is None or guide_gaps(recipe, therapy) or therapy.dose_given_at is not None:
        return None
    document = _document(stage, case, therapy, editing, batch)
    if tailoring is None or not tailoring.approved or therapy.stale or therapy.withdrawn:
        return document
    acts = [document, _lot(stage, case, therapy, recipe, batch, last)]
    found = [act for act in acts if act is not None]
    return min(found, key=lambda act: act.due) if found else None


def _lot(
    stage: Stage, case: Case, therapy: Therapy, recipe: MasterRecipe, batch: Batch | None, last: datetime
) -> Act | None:
    """Book, plan, and have the guide made; None while a lot is under way."""
    if not any(slot.purpose.startswith("manufacture") for slot in therapy.slots):
        return plant.plan_batch(stage, case, therapy, recipe, last)
    if batch is None:
        order = plan.PlanBatch(f"T-{therapy.coi}", PLANT, coi=therapy.coi, purpose=TOXICOLOGY)
        return Act(last + SHORT, "toxicology lot planned", lambda: stage.site.give(order, "planner", PLANT))
    if batch.for_study and batch.disposition == "released":
        if evidence_gaps(recipe, therapy, stage.now, "clinical_lot"):
            return None
        return _weighed_again(stage, case, therapy, last) or plant.plan_batch(stage, case, therapy, recipe, last)
    return None


def _weighed_again(stage: Stage, case: Case, therapy: Therapy, last: datetime) -> Act | None:
    """A fact that ran out while the study lasted is taken anew, and the dose with it."""
    ran_out = [
        name
        for name, known in therapy.facts.items()
        if known.fact.valid_until is not None and known.fact.valid_until < stage.now
    ]
    due = max(last + WORKING, (case.later_at or stage.now) + SHORT)
    fresh = case.gathered(due).facts.get(ran_out[0]) if ran_out else None
    if fresh is None:
        return None
    command = profile.CorrectFact(therapy.coi, fresh, "taken again before the clinical lot")
    return Act(due, f"{fresh.name} taken again", lambda: stage.site.give(command, "clinic_coordinator", case.hospital))


def _document(stage: Stage, case: Case, therapy: Therapy, editing: Editing, batch: Batch | None) -> Act | None:
    """The next document of the evidence file that can be there."""
    last = stage.last_event(f"therapy/{therapy.coi}")
    acts = []
    for need in editing.evidence:
        begun = _begun(stage, therapy, need, batch)
        if begun is not None and need.name not in therapy.evidence and why_not(therapy, need, stage.now):
            due = max(last + SHORT, begun + _takes(need))
            acts.append(Act(due, f"document {need.name}", _recording(stage, case, therapy, need, due, batch)))
    return min(acts, key=lambda act: act.due) if acts else None


def _begun(stage: Stage, therapy: Therapy, need: EvidenceNeed, batch: Batch | None) -> datetime | None:
    """From when the document is worked on; None while it cannot begin."""
    studied = batch is not None and batch.for_study and batch.disposition == "released"
    if need.concerns == "toxicology_lot":
        return batch.disposition_at if studied and batch is not None else None
    if need.name == "authority_approval":
        shown = therapy.evidence.get("toxicology")
        return shown.event.shown_at if shown else None
    guide = therapy.guide
    if guide is None or guide.confirmed is None:
        return None
    return stage.site.house.journal.read(guide.confirmed.stream, guide.confirmed.seq - 1)[0].at


def _takes(need: EvidenceNeed) -> timedelta:
    if need.concerns == "toxicology_lot":
        return STUDY
    return TAKES.get(need.name, APPROVAL)


def _recording(
    stage: Stage, case: Case, therapy: Therapy, need: EvidenceNeed, shown_at: datetime, batch: Batch | None
) -> Callable[[], object]:
    text = f"simulated document, {need.name} of {therapy.coi}"
    value = need.low.value * LIMIT_SHARE if need.low else need.high.value if need.high else None
    command = RecordEvidence(
        therapy.coi,
        need.name,
        sha256(text.encode()).hexdigest(),
        "supports",
        f"{text}: made up, nobody was studied",
        min(shown_at, stage.now),
        value,
        need.unit,
        batch.batch if batch is not None and need.concerns == "toxicology_lot" else "",
        synthetic=True,
    )
    role, place = ("bioinformatician", PLANT) if need.concerns == "guide" else ("prescriber", case.hospital)
    return lambda: stage.site.give(command, role, place)
