"""Who the patient is: facts, infection markers, eligibility, corrections."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from onelot.app.commands import Command, handles
from onelot.app.commands.order import hold_batches, lift_batch_holds
from onelot.app.context import Context
from onelot.app.formulas import evaluate
from onelot.profile.eligibility import judge
from onelot.profile.infection import infection_label
from onelot.record.errors import BadInput, Held
from onelot.record.events import therapy as ev
from onelot.record.subjects import Therapy
from onelot.record.terms.opened import OpenFact
from onelot.record.terms.values import Fact, Finding

ELIGIBILITY = "eligibility"
TAILORING = "stale tailoring"
GENOMIC = ("pgx_", "variant_", "causal_variant")


@dataclass(frozen=True)
class RecordProfile(Command):
    """Record facts gathered from the patient's documents."""

    coi: str
    facts: tuple[OpenFact, ...]


@handles(RecordProfile)
def _record_profile(context: Context, command: RecordProfile) -> None:
    therapy = context.therapy(command.coi)
    context.add(f"therapy/{therapy.coi}", ev.ProfileRecorded(_sealed(context, therapy, command.facts)))


def check_genome_use(therapy: Therapy, now: datetime) -> None:
    """Refuse to read or record a genome without a standing consent to `genome_use`."""
    ended = therapy.consent_until is not None and now > therapy.consent_until
    if "genome_use" not in therapy.consent or "genome_use" in therapy.withdrawn or ended:
        raise Held(
            "the consent to genome_use has ended" if ended else "there is no consent to genome_use",
            rule="a genome is read and recorded only with consent to genome_use",
            remedy="ask the patient and record the consent; nothing of the genome was read",
        )


def _sealed(context: Context, therapy: Therapy, facts: tuple[OpenFact, ...]) -> tuple[Fact, ...]:
    if any(fact.name.startswith(GENOMIC) for fact in facts):
        check_genome_use(therapy, context.now)
    label = f"therapy/{therapy.coi}/{therapy.seq}"
    return tuple(context.seal_fact(therapy.patient, fact, label) for fact in facts)


@dataclass(frozen=True)
class CorrectFact(Command):
    """Correct one fact; what depends on it becomes stale, and a stale parameter holds the batch."""

    coi: str
    fact: OpenFact
    reason: str


@handles(CorrectFact)
def _correct_fact(context: Context, command: CorrectFact) -> None:
    therapy = context.therapy(command.coi)
    known = therapy.facts.get(command.fact.name)
    if known is None:
        raise BadInput(
            f"there is no fact {command.fact.name} to correct",
            rule="a correction names what it replaces",
            remedy="record it with the profile instead",
        )
    (fact,) = _sealed(context, therapy, (command.fact,))
    replaces = known.fact.value.commitment
    context.add(f"therapy/{therapy.coi}", ev.FactCorrected(fact, replaces, command.reason))
    stale = [
        name
        for name, parameter in (therapy.tailoring.parameters.items() if therapy.tailoring else ())
        if any(given.commitment == replaces for given in parameter.inputs)
    ]
    if stale:
        hold_batches(context, therapy.coi, f"stale parameters: {', '.join(sorted(stale))}", TAILORING)
    context.answer["stale"] = sorted(stale)
    _judge_again(context, therapy, command.fact)


def _judge_again(context: Context, therapy: Therapy, corrected: OpenFact) -> None:
    """Put eligibility in question when a corrected fact no longer meets a rule; a good correction clears it.

    Only findings about this fact count: others were judged when they were due, and may have run out since.
    """
    if not therapy.eligible or therapy.recipe is None:
        return
    found = judge(
        context.reader.recipe(therapy.recipe),
        context.open_facts(therapy) | {corrected.name: corrected},
        consent=therapy.consent,
        consent_until=therapy.consent_until,
        markers={name: context.open_fact(known.fact) for name, known in therapy.markers.items()},
        now=context.now,
        evaluate=evaluate,
    )
    mine = tuple(finding for finding in found if corrected.name in finding.fact.split(", "))
    before = therapy.holds.get(ELIGIBILITY, ())
    kept = tuple(finding for finding in before if corrected.name not in finding.fact.split(", "))
    stream = f"therapy/{therapy.coi}"
    if mine:
        context.add(stream, ev.TherapyHeld(ELIGIBILITY, (*kept, *mine)))
        hold_batches(context, therapy.coi, f"{corrected.name} was corrected: not eligible", ELIGIBILITY)
        context.answer["held"] = [finding.fact for finding in (*kept, *mine)]
    elif before and not kept:
        context.add(stream, ev.HoldLifted(ELIGIBILITY, f"{corrected.name} was corrected and meets every rule"))
        lift_batch_holds(context, therapy.coi, f"{corrected.name} was corrected again", ELIGIBILITY)


@dataclass(frozen=True)
class RecordMarkers(Command):
    """Record donor testing: one fact per infection marker; the label statement follows from them."""

    coi: str
    markers: tuple[OpenFact, ...]


@handles(RecordMarkers)
def _record_markers(context: Context, command: RecordMarkers) -> None:
    therapy = context.therapy(command.coi)
    if therapy.recipe is None:
        raise Held("the therapy has no recipe", rule="an order names a recipe", remedy="order again")
    recipe = context.reader.recipe(therapy.recipe)
    known = {name: context.open_fact(found.fact) for name, found in therapy.markers.items()}
    known |= {fact.name: fact for fact in command.markers}
    label, rule = infection_label(known, recipe.markers, context.now)
    context.add(
        f"therapy/{therapy.coi}",
        ev.InfectionMarkersRecorded(_sealed(context, therapy, command.markers), label, rule),
    )


@dataclass(frozen=True)
class ConfirmEligibility(Command):
    """Judge every eligibility rule of the recipe. What is unknown, outdated or not met holds the therapy.

    findings: what gathering the facts found; it says more about where a missing fact was looked for.
    """

    coi: str
    findings: tuple[Finding, ...] = ()


@handles(ConfirmEligibility)
def _confirm_eligibility(context: Context, command: ConfirmEligibility) -> None:
    therapy = context.therapy(command.coi)
    if therapy.recipe is None:
        raise Held("the therapy has no recipe", rule="an order names a recipe", remedy="order again")
    recipe = context.reader.recipe(therapy.recipe)
    findings = judge(
        recipe,
        context.open_facts(therapy),
        consent=therapy.consent,
        consent_until=therapy.consent_until,
        markers={name: context.open_fact(found.fact) for name, found in therapy.markers.items()},
        now=context.now,
        evaluate=evaluate,
        gathered=command.findings,
    )
    stream = f"therapy/{therapy.coi}"
    if findings:
        if therapy.holds.get(ELIGIBILITY) != findings:
            context.add(stream, ev.TherapyHeld(ELIGIBILITY, findings))
        context.answer["held"] = [finding.fact for finding in findings]
        return
    if ELIGIBILITY in therapy.holds:
        context.add(stream, ev.HoldLifted(ELIGIBILITY, "every rule is met by a known, valid fact"))
    context.add(stream, ev.EligibilityConfirmed(tuple(rule.name for rule in recipe.eligibility)))
