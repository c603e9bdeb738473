"""Who the patient is: facts, infection markers, eligibility, corrections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from onelot.app.commands import Command, handles
from onelot.app.commands.order import hold_batches, lift_batch_holds
from onelot.app.context import Context
from onelot.app.formulas import evaluate
from onelot.profile.eligibility import judge, waits
from onelot.profile.infection import infection_label
from onelot.record.errors import BadInput, Held
from onelot.record.events import therapy as ev
from onelot.record.subjects import Therapy
from onelot.record.subjects.therapy import KnownFact
from onelot.record.terms.opened import OpenFact
from onelot.record.terms.values import Cite, Fact, Finding

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
    before = therapy.stale
    facts = _sealed(context, therapy, command.facts)
    context.add(f"therapy/{therapy.coi}", ev.ProfileRecorded(facts))
    after = replace(therapy, facts={**therapy.facts, **{each.name: KnownFact(each, NOWHERE) for each in facts}})
    _hold_stale(context, after, after.stale - before)
    judge_again(context, therapy, {fact.name: fact for fact in command.facts}, "recorded anew")


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
    after = replace(therapy, facts={**therapy.facts, fact.name: KnownFact(fact, NOWHERE)})
    _hold_stale(context, after, after.stale - therapy.stale)
    judge_again(context, therapy, {command.fact.name: command.fact}, "corrected")


# A fact that is about to be recorded stands nowhere yet; what is stale is told by commitments alone.
NOWHERE = Cite("", 0, "")


def _hold_stale(context: Context, therapy: Therapy, newly: frozenset[str]) -> None:
    """Hold the batches for parameters that have just become stale; advice that did holds the plan by itself."""
    if newly:
        hold_batches(context, therapy.coi, f"stale parameters: {', '.join(sorted(newly))}", TAILORING)
    context.answer["stale"] = sorted(newly)
    context.answer["stale_advice"] = sorted(therapy.stale_advice)


def judge_now(
    context: Context,
    therapy: Therapy,
    facts: Mapping[str, OpenFact] | None = None,
    markers: Mapping[str, OpenFact] | None = None,
    gathered: Sequence[Finding] = (),
    decided: frozenset[str] = frozenset(),
) -> tuple[Finding, ...]:
    """Every reason for which this patient may not go on now.

    facts, markers: what is about to be recorded, over what is known; decided: rules decided on just now, beside the
    decisions that stand.
    """
    if therapy.recipe is None:
        return ()
    known = context.open_facts(therapy) | dict(facts or {})
    infections = {name: context.open_fact(each.fact) for name, each in therapy.markers.items()} | dict(markers or {})
    recipe = context.reader.recipe(therapy.recipe)
    standing = frozenset(
        made.about.removeprefix("rule/")
        for made in therapy.decisions
        if made.about.startswith("rule/")
        and all(
            given.name not in (facts or {})
            and given.name in therapy.facts
            and therapy.facts[given.name].fact.value.commitment == given.commitment
            for given in made.inputs
        )
    )
    found = judge(
        recipe,
        known,
        consent=therapy.consent,
        consent_until=therapy.consent_until,
        markers=infections,
        now=context.now,
        evaluate=evaluate,
        gathered=gathered,
        decided=decided | standing,
    )
    open_facts = {part for each in found for part in each.fact.split(", ")}
    ends = waits(recipe, known, context.now)
    if found and all(
        any(washout.fact == each for washout in recipe.washouts if washout.name in ends) for each in open_facts
    ):
        # The day a drug was stopped is a health value: it is told to whoever asked, and not written to the chain.
        context.answer["wait_until"] = max(ends.values()).isoformat()
    return found


def judge_again(context: Context, therapy: Therapy, changed: Mapping[str, OpenFact], how: str) -> None:
    """Put eligibility in question when a changed fact no longer meets a rule; a good one clears it.

    Only findings about these facts count: others were judged when they were due, and may have run out since.
    """
    if not therapy.eligible or therapy.recipe is None or not changed:
        return
    found = judge_now(context, therapy, changed)
    mine = tuple(each for each in found if changed.keys() & set(each.fact.split(", ")))
    settle(context, therapy, set(changed), mine, f"{', '.join(sorted(changed))} was {how}")


def settle(context: Context, therapy: Therapy, about: set[str], mine: tuple[Finding, ...], how: str) -> None:
    """Hold or free an eligible therapy for what was found about these facts; findings about others stay."""
    before = therapy.holds.get(ELIGIBILITY, ())
    kept = tuple(finding for finding in before if not about & set(finding.fact.split(", ")))
    stream = f"therapy/{therapy.coi}"
    if mine:
        if (*kept, *mine) != before:
            context.add(stream, ev.TherapyHeld(ELIGIBILITY, (*kept, *mine)))
        hold_batches(context, therapy.coi, f"{how}: not eligible", ELIGIBILITY)
        context.answer["held"] = [finding.fact for finding in (*kept, *mine)]
    elif before and not kept:
        context.add(stream, ev.HoldLifted(ELIGIBILITY, f"{how} and meets every rule"))
        lift_batch_holds(context, therapy.coi, f"{how} and meets every rule", ELIGIBILITY)


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
    if therapy.eligible:
        names = {fact.name for fact in command.markers}
        found = judge_now(context, therapy, markers={fact.name: fact for fact in command.markers})
        mine = tuple(each for each in found if names & set(each.fact.split(", ")))
        settle(context, therapy, names, mine, f"{', '.join(sorted(names))} was recorded anew")


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
    findings = judge_now(context, therapy, gathered=command.findings)
    stream = f"therapy/{therapy.coi}"
    if findings:
        if therapy.holds.get(ELIGIBILITY) != findings:
            context.add(stream, ev.TherapyHeld(ELIGIBILITY, findings))
        context.answer["held"] = [finding.fact for finding in findings]
        return
    if ELIGIBILITY in therapy.holds:
        context.add(stream, ev.HoldLifted(ELIGIBILITY, "every rule is met by a known, valid fact"))
    rules = (*(rule.name for rule in recipe.eligibility), *(washout.name for washout in recipe.washouts))
    context.add(stream, ev.EligibilityConfirmed(rules))
