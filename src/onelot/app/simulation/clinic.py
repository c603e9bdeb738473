"""What the clinic does next for a therapy: from the order to the adequate collection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from onelot.adapters.fhir import ConsentFound, Order
from onelot.app import advice, genome
from onelot.app.commands import collect, decide, order, plan, profile, tailor
from onelot.app.simulation import editing
from onelot.app.simulation.act import Act
from onelot.app.simulation.case import Case, Stage
from onelot.app.simulation.site import PLANT, person
from onelot.record.durations import span
from onelot.record.errors import OnelotError
from onelot.record.recipe import FactNeed, MasterRecipe
from onelot.record.subjects import Therapy
from onelot.record.terms.opened import OpenFact
from onelot.record.terms.values import Fact, Finding

SHORT, WORKING = timedelta(minutes=20), timedelta(hours=3)
COLLECTION_HOURS, WAIT_FOR_COLLECTION = 6, timedelta(days=2)


def next_act(stage: Stage, case: Case, therapy: Therapy, recipe: MasterRecipe) -> Act | None:
    """The clinic's next act, or None when it is not the clinic's turn."""
    last = stage.last_event(f"therapy/{therapy.coi}")
    for act in (
        _withdrawal(stage, case, therapy, last),
        _correction(stage, case, therapy, last),
        _intake(stage, case, therapy, last),
        editing.choosing(stage, case, therapy, recipe),
        _tailoring(stage, case, therapy, last),
    ):
        if act is not None:
            return act
    if recipe.intake is not None:
        return _collection(stage, case, therapy, recipe, last)
    return None


def place_order(stage: Stage, case: Case) -> Act:
    """The first act of a case: the order."""

    def do() -> None:
        command = order.OrderTherapy(
            case.identity,
            case.recipe.identifier,
            case.hospital,
            case.order_source,
            case.order_place,
            synthetic=case.synthetic,
        )
        stage.site.give(command, "prescriber", case.hospital)

    return Act(case.starts_at, "order", do)


def _intake(stage: Stage, case: Case, therapy: Therapy, last: datetime) -> Act | None:
    give = stage.site.give
    consent = case.consent(stage.now)
    if not therapy.consent and not therapy.withdrawn and isinstance(consent, ConsentFound):
        record = order.RecordConsent(
            therapy.coi, consent.scopes, consent.valid_until, consent.source, consent.place, consent.synthetic
        )
        return Act(last + SHORT, "consent", lambda: give(record, "clinic_coordinator", case.hospital))
    if not therapy.facts:
        return Act(last + SHORT, "profile", lambda: _record_profile(stage, case, therapy))
    if _genome_is_due(case, therapy):
        return Act(last + SHORT, "genome read", lambda: _read_genome(stage, case, therapy))
    if not therapy.markers and therapy.label is None and case.recipe.markers:

        def markers() -> None:
            found = case.gathered_markers(stage.now)
            give(profile.RecordMarkers(therapy.coi, tuple(found.facts.values())), "clinic_coordinator", case.hospital)

        return Act(last + SHORT, "infection markers", markers)
    if therapy.eligible or profile.ELIGIBILITY in therapy.holds:
        return _supply(stage, case, therapy, last)

    def confirm() -> None:
        # What the genome told is no longer missing, although no document tells it.
        told = tuple(each for each in case.gathered(stage.now).findings if not _told_by_genome(each.fact, therapy))
        found = told + (case.genome_findings or ()) + case.gathered_markers(stage.now).findings
        give(profile.ConfirmEligibility(therapy.coi, tuple(found)), "clinic_coordinator", case.hospital)

    return Act(last + SHORT, "eligibility", confirm)


def _record_profile(stage: Stage, case: Case, therapy: Therapy) -> None:
    found = case.gathered(stage.now)
    stage.site.give(
        profile.RecordProfile(therapy.coi, tuple(found.facts.values())), "clinic_coordinator", case.hospital
    )


def _genome_is_due(case: Case, therapy: Therapy) -> bool:
    """There is something to read, consent stands, and neither the record nor this run has tried."""
    if therapy.eligible or profile.ELIGIBILITY in therapy.holds or case.genome_findings is not None:
        return False
    packets = any(document.form == "phenopacket" for document in case.documents)
    consented = "genome_use" in therapy.consent and "genome_use" not in therapy.withdrawn
    recorded = any(name.startswith(profile.GENOMIC) for name in therapy.facts)
    return consented and not recorded and (case.vcf is not None or packets)


def _told_by_genome(name: str, therapy: Therapy) -> bool:
    return name.startswith(profile.GENOMIC) and name in therapy.facts


def _read_genome(stage: Stage, case: Case, therapy: Therapy) -> None:
    """A file that is refused costs its facts and no more; what the recipe asks for of them stays missing."""
    now, ordered = stage.now, case.order.ordered_at if isinstance(case.order, Order) else None
    at, facts = ordered or case.starts_at, list[OpenFact]()
    findings: tuple[Finding, ...] = ()
    try:
        if case.recipe.editing is not None:
            name = case.recipe.editing.fact
            causal = genome.causal_fact(name, case.documents, therapy, now, observed_at=at, synthetic=case.synthetic)
            facts += [causal] if causal else []
        else:
            for fact in _genotypes(case, therapy, now, at):
                facts.append(fact)
    except OnelotError as refusal:
        stage.note_refusal(case, refusal)
        findings = genome.refused(case.recipe, refusal)
    kept, missing = genome.required(case.recipe, facts)
    if kept:
        stage.site.give(profile.RecordProfile(therapy.coi, kept), "clinic_coordinator", case.hospital)
    case.genome_findings = findings + missing


def _genotypes(case: Case, therapy: Therapy, now: datetime, at: datetime) -> Iterator[OpenFact]:
    """One file after the other: what was read before one is refused stays."""
    yield from genome.variant_facts(case.documents, therapy, now, observed_at=at, synthetic=case.synthetic)
    if case.vcf is not None:
        known = case.gathered(now).facts
        yield from genome.pgx_facts(
            case.vcf,
            case.identity.identifiers,
            therapy,
            now,
            observed_at=at,
            synthetic=case.synthetic,
            origin=case.origin(now),
            outside=case.outside,
            sex=str(known["sex"].value) if "sex" in known else "",
        )


def _supply(stage: Stage, case: Case, therapy: Therapy, last: datetime) -> Act | None:
    """A held therapy waits until the clinic supplies what was missing."""
    if therapy.eligible or case.later_at is None:
        return None
    due = max(last + SHORT, case.later_at + SHORT)
    fresh = [fact for name, fact in case.gathered(due).facts.items() if name not in therapy.facts]
    if fresh:
        supply = profile.RecordProfile(therapy.coi, tuple(fresh))
        return Act(due, "missing fact supplied", lambda: stage.site.give(supply, "clinic_coordinator", case.hospital))
    if last <= case.later_at:
        return None
    confirm = profile.ConfirmEligibility(therapy.coi)
    held_at = stage.held_at(therapy)
    if held_at is not None and held_at > case.later_at:
        return None
    return Act(due, "eligibility again", lambda: stage.site.give(confirm, "clinic_coordinator", case.hospital))


def _tailoring(stage: Stage, case: Case, therapy: Therapy, last: datetime) -> Act | None:
    if not therapy.eligible or tailor.STEP in therapy.holds:
        return None
    if therapy.tailoring is None or therapy.stale:

        def do() -> None:
            stage.site.give(tailor.TailorRecipe(therapy.coi), "clinic_coordinator", case.hospital)

        return Act(last + SHORT, "tailor", do)
    if therapy.stale_advice:

        def weigh() -> None:
            stage.site.give(decide.WeighDrugs(therapy.coi), "clinic_coordinator", case.hospital)

        return Act(last + SHORT, "weigh the drugs again", weigh)
    if advice.STEP in therapy.holds:
        drug = therapy.holds[advice.STEP][0].fact.removeprefix(advice.DRUG)
        return Act(last + SHORT, f"decide on {drug}", lambda: _decide(stage, case, therapy, drug))
    if not therapy.tailoring.approved:

        def sign() -> None:
            stage.site.give(tailor.ApproveTailoring(therapy.coi), "prescriber", case.hospital)

        return Act(last + WORKING, "sign the tailoring", sign)
    return None


def _decide(stage: Stage, case: Case, therapy: Therapy, drug: str) -> None:
    """The prescriber's decision on a drug that the gate holds; made up, as everything here is."""
    found = next(each for each in advice.standing(stage.context(), therapy) if each.drug == drug)
    if found.actionable and found.state == "advice":
        choice, reason = f"another drug than {drug}", "the guideline asks for a change; simulated decision"
    else:
        choice, reason = f"{drug} under closer watch", "the genotype does not settle it; simulated decision"
    command = decide.Decide(therapy.coi, f"{advice.DRUG}{drug}", choice, reason)
    stage.site.give(command, "prescriber", case.hospital)


def _correction(stage: Stage, case: Case, therapy: Therapy, last: datetime) -> Act | None:
    """A weight found wrong after the tailoring was signed."""
    right = stage.number(case, "weight_corrected", "to")
    if right is None or therapy.tailoring is None or not therapy.tailoring.approved or not therapy.collections:
        return None
    if any(known.fact.name == "weight_kg" for known in therapy.superseded):
        return None
    known = therapy.facts["weight_kg"].fact

    def do() -> None:
        fact = OpenFact(
            name="weight_kg",
            value=right,
            unit="kg",
            observed_at=known.observed_at,
            valid_until=known.valid_until,
            source=known.source,
            place=f"{known.place}, corrected by {person('prescriber', case.hospital)}",
            synthetic=known.synthetic,
        )
        command = profile.CorrectFact(therapy.coi, fact, "the scale was read wrong; weighed again")
        stage.site.give(command, "prescriber", case.hospital)

    return Act(last + WORKING, "weight corrected", do)


# The rooms' names of the steps, and the batch's state there.
_STATES = {"plan": "planned", "make": "in_process", "release": "quarantine", "deliver": "in_transit"}


def _withdrawal(stage: Stage, case: Case, therapy: Therapy, last: datetime) -> Act | None:
    """The patient withdraws after a step; then the batch is terminated and the therapy ends."""
    after = stage.word(case, "consent_withdrawn", "at")
    if after is None or not therapy.consent and not therapy.withdrawn:
        return None
    batch = stage.batch_of(therapy)
    if not therapy.withdrawn:
        reached = batch is not None and batch.state == _STATES.get(after, after)
        if not reached:
            return None

        def withdraw() -> None:
            scopes = tuple(sorted(therapy.consent))
            command = order.WithdrawConsent(therapy.coi, scopes, "the patient no longer wants the therapy")
            stage.site.give(command, "clinic_coordinator", case.hospital)

        return Act(last + WORKING, "consent withdrawn", withdraw)
    if batch is not None and batch.state in ("planned", "received", "in_process"):

        def terminate() -> None:
            stage.terminate(batch, "the patient withdrew consent", "consent gates every descendant")

        return Act(last + WORKING, "batch terminated", terminate)
    return Act(
        last + WORKING,
        "therapy ended",
        lambda: stage.end(case, therapy, "the patient withdrew consent", "consent gates every descendant"),
    )


def _collection(stage: Stage, case: Case, therapy: Therapy, recipe: MasterRecipe, last: datetime) -> Act | None:
    if therapy.assessment is not None and therapy.assessment.adequate:
        return None
    if therapy.tailoring is None or not therapy.tailoring.approved:
        return None
    done = len(therapy.collections)
    booked = [slot for slot in therapy.slots if slot.purpose.startswith("collection")]
    intake = recipe.intake
    if intake is None or done >= intake.at_most.value:
        return Act(
            last + WORKING,
            "collections used up",
            lambda: stage.end(
                case,
                therapy,
                f"not enough cells after {done} collections",
                f"recipe {recipe.identifier}, intake at most {intake.at_most.value if intake else 0}",
            ),
        )
    if len(booked) <= done:

        def book() -> None:
            command = plan.BookSlots(
                therapy.coi,
                "collection",
                "apheresis",
                case.hospital,
                stage.now + WAIT_FOR_COLLECTION,
                COLLECTION_HOURS,
            )
            stage.site.give(command, "planner", PLANT)

        return Act(last + SHORT, "collection booked", book)
    slot = booked[done]
    due = max(slot.starts_at + timedelta(hours=4), last)
    stale = [known.fact for known in therapy.facts.values() if _runs_out(known.fact, due)]
    if stale:
        return Act(max(slot.starts_at, last), "measured again", lambda: _measure_again(stage, case, therapy, stale))
    markers = [known.fact for known in therapy.markers.values() if _runs_out(known.fact, due)]
    if markers:
        return Act(max(slot.starts_at, last), "tested again", lambda: _test_again(stage, case, therapy, markers))
    return Act(
        due,
        f"collection {done + 1}",
        lambda: _collect(stage, case, therapy, recipe, done + 1),
    )


def _runs_out(fact: Fact, due: datetime) -> bool:
    return fact.valid_until is not None and fact.valid_until < due + SHORT


def _again(stage: Stage, case: Case, role: str, facts: Sequence[Fact], needs: Sequence[FactNeed]) -> list[OpenFact]:
    """The same values, found again today: a made-up patient does not change on the way to the collection."""
    valid = {need.name: span(need.valid) for need in needs if need.valid}
    context = stage.context()
    return [
        replace(
            context.open_fact(fact),
            observed_at=stage.now,
            valid_until=stage.now + valid[fact.name],
            source="",
            place=f"found again by {person(role, case.hospital)}",
        )
        for fact in facts
    ]


def _measure_again(stage: Stage, case: Case, therapy: Therapy, facts: Sequence[Fact]) -> None:
    found = _again(stage, case, "clinic_coordinator", facts, case.recipe.facts)
    stage.site.give(profile.RecordProfile(therapy.coi, tuple(found)), "clinic_coordinator", case.hospital)


def _test_again(stage: Stage, case: Case, therapy: Therapy, facts: Sequence[Fact]) -> None:
    found = _again(stage, case, "collection", facts, case.recipe.markers)
    stage.site.give(profile.RecordMarkers(therapy.coi, tuple(found)), "collection", case.hospital)


def _collect(stage: Stage, case: Case, therapy: Therapy, recipe: MasterRecipe, number: int) -> None:
    if recipe.intake is None:
        return
    needs = {need.name: need for need in recipe.intake.counts}
    counts = stage.world.collect(case.key, list(needs), stage.weight(therapy), number)
    donation = f"DON-{therapy.coi}-{number}"
    facts = tuple(
        OpenFact(
            name=name,
            value=_whole(counts[name]),
            unit=need.unit,
            observed_at=stage.now,
            valid_until=None,
            source="",
            place=f"counted by {person('collection', case.hospital)}",
        )
        for name, need in needs.items()
    )
    command = collect.RecordCollection(
        therapy.coi,
        donation,
        (f"{donation}-A",),
        stage.now,
        facts,
        {"wristband": therapy.coi, "bag": therapy.coi},
        person("collection", case.hospital, 2),
    )
    stage.site.give(command, "collection", case.hospital)


def _whole(value: Any) -> Decimal:
    return Decimal(str(value)).quantize(Decimal(1))
