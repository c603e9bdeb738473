"""The quality decision on a batch: what is proven, what is missing, and which dispositions are still possible.

    released                 every requirement met, every test passes
    conditionally_released   every requirement met, release tests pass, final tests pass or are negative to date,
                             and the recipe allows it
    exceptional_supply       every requirement met, every test judged, at least one out of specification and none of
                             those an identity test; needs request, risk evaluation, acceptance and authority
    rejected                 wherever the life table allows it

Leaving evidence out (a result, a closure, a signature, an answer) only adds to what is missing. What speaks against a
batch (a failed result, a hold, a withdrawal) only takes away; that none of it was dropped is the chain's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from onelot.record.errors import Held, NotAllowed
from onelot.record.events import batch as ev
from onelot.record.life import BATCH
from onelot.record.recipe import MasterRecipe
from onelot.record.signature import second_person
from onelot.record.subjects.batch import Batch, Result
from onelot.record.subjects.therapy import Therapy
from onelot.record.terms.values import Cite, Finding
from onelot.release import evidence
from onelot.release.evidence import Proof
from onelot.release.specification import CORRECTED, OUT, PASS, TO_DATE, limit_shown, standing

RELEASED = "released"
CONDITIONAL = "conditionally_released"
EXCEPTIONAL = "exceptional_supply"
REJECTED = "rejected"

_EVENT: Mapping[str, str] = {
    RELEASED: "Released",
    CONDITIONAL: "ConditionallyReleased",
    EXCEPTIONAL: "ExceptionalSupply",
    REJECTED: "Rejected",
}


@dataclass(frozen=True)
class Assessment:
    """What quality sees before the sign box.

    missing: what blocks a release (`possible` says which dispositions remain); outstanding: final tests that are
    negative to date; out_of_specification: tests that failed.
    """

    proven: tuple[Proof, ...]
    missing: tuple[Finding, ...]
    unusual: tuple[Finding, ...]
    possible: frozenset[str]
    outstanding: tuple[str, ...] = ()
    out_of_specification: tuple[str, ...] = ()


def assess(recipe: MasterRecipe, batch: Batch, therapy: Therapy | None, now: datetime) -> Assessment:
    """Judge the whole record of a batch at `now`; pure, deny unless proven."""
    answers = [
        *evidence.making(recipe, batch),
        *evidence.shelf_life(batch, now),
        *evidence.deviations(batch, therapy),
        *evidence.holds(batch, therapy),
        *evidence.patient(recipe, batch, therapy, now),
    ]
    proven = [each for each in answers if isinstance(each, Proof)]
    missing = [each for each in answers if isinstance(each, Finding)]
    found = {test.name: standing(test, batch, now) for test in recipe.specification}
    states = {name: state for name, (state, _) in found.items()}
    possible = _possible(recipe, batch, not missing, states)
    for test in recipe.specification:
        state, result = found[test.name]
        if state == PASS and result is not None:
            what = f"{test.title}: {result.result.value} {result.result.unit}".rstrip() + f" ({limit_shown(test)})"
            proven.append(Proof(f"specification, test {test.name}", what, result.cite))
        else:
            missing.append(_test_finding(recipe, test.name, test.title, state, result))
    if not recipe.specification:
        rule = "an empty specification releases nothing"
        missing.append(Finding(rule, "specification", recipe.identifier, "no test at all", "approve a specification"))
    return Assessment(
        proven=tuple(proven),
        missing=tuple(missing),
        unusual=tuple(evidence.unusual(recipe, batch, therapy)),
        possible=frozenset(possible),
        outstanding=tuple(name for name, state in states.items() if state == TO_DATE),
        out_of_specification=tuple(name for name, state in states.items() if state == OUT),
    )


def _possible(recipe: MasterRecipe, batch: Batch, met: bool, states: Mapping[str, str]) -> set[str]:
    """The dispositions still open, from what the requirements and tests say and the life table allows."""
    row = BATCH.get(batch.state, {})
    possible = {REJECTED} if "Rejected" in row else set()
    tests = recipe.specification
    if not met or not tests:
        return possible
    if not batch.late_failures:
        if all(states[test.name] == PASS for test in tests):
            possible.add(RELEASED)
        elif recipe.conditional_release and all(
            states[test.name] == PASS or (test.stage == "final" and test.to_date and states[test.name] == TO_DATE)
            for test in tests
        ):
            possible.add(CONDITIONAL)
    judged = all(states[test.name] in (PASS, OUT, TO_DATE) for test in tests)
    failed = [test for test in tests if states[test.name] == OUT]
    if judged and failed and not any(test.identity for test in failed):
        possible.add(EXCEPTIONAL)
    return {each for each in possible if _EVENT[each] in row}


def _test_finding(recipe: MasterRecipe, name: str, title: str, state: str, result: Result | None) -> Finding:
    value = f": {result.result.value} {result.result.unit}".rstrip() if result else ""
    what, remedy = {
        OUT: (f"{title} is out of specification{value}", "reject, or weigh exceptional supply with the physician"),
        TO_DATE: (f"{title} is negative to date", "wait for the final result, or release conditionally if allowed"),
        CORRECTED: (f"{title} was corrected and not judged anew{value}", "judge the corrected result anew"),
    }.get(state, (f"{title} has no valid result", "test by the specification's method, against today's limit"))
    return Finding(f"specification of {recipe.identifier}, test {name}", name, recipe.identifier, what, remedy)


def release_events(
    recipe: MasterRecipe, batch: Batch, therapy: Therapy | None, now: datetime, *, by: str
) -> tuple[ev.Released, ...]:
    """Certify the batch. `by`: who signs, `person/...`.

    Raises:
        Held: something is missing. NotAllowed: the signer worked on the batch.
    """
    certificate = _may(recipe, batch, therapy, now, RELEASED, by)
    if batch.for_study:
        return (ev.Released(certificate, "for a toxicology study only: never dispatched to a patient, never given"),)
    return (ev.Released(certificate, f"EU GMP Part IV 11; every test of {recipe.identifier} complies"),)


def conditional_release_events(
    recipe: MasterRecipe, batch: Batch, therapy: Therapy | None, now: datetime, *, by: str
) -> tuple[ev.ConditionallyReleased, ...]:
    """Release on evidence that is negative to date, where the recipe allows it; names the tests still out.

    Raises:
        Held: something is missing, or the recipe allows none. NotAllowed: the signer worked on the batch.
    """
    certificate = _may(recipe, batch, therapy, now, CONDITIONAL, by)
    outstanding = assess(recipe, batch, therapy, now).outstanding
    rule = f"recipe {recipe.identifier}: conditional release; final results follow"
    return (ev.ConditionallyReleased(certificate, outstanding, rule),)


def exceptional_supply_events(
    recipe: MasterRecipe,
    batch: Batch,
    therapy: Therapy | None,
    now: datetime,
    *,
    request: str,
    risk_evaluation: str,
    acceptance: str,
    authority: str,
    by: str,
) -> tuple[ev.ExceptionalSupply, ...]:
    """Supply out of specification at the physician's request; never a release.

    Args:
        request: the physician's, with who and when.
        risk_evaluation: the manufacturer's, or where it stands.
        acceptance: the physician's, after reading the evaluation.
        authority: who was notified, and when.

    Raises:
        Held: nothing is out of specification, something else is missing, or one of the four texts.
    """
    texts = {
        "request": request,
        "risk evaluation": risk_evaluation,
        "acceptance": acceptance,
        "authority": authority,
    }
    empty = [name for name, text in texts.items() if not text.strip()]
    if empty:
        raise Held(
            f"exceptional supply of {batch.batch} lacks: {', '.join(empty)}",
            rule="EU GMP Part IV 11.53-11.54: request, risk evaluation, acceptance, notification",
            remedy="obtain and record what is lacking; until then the batch stays where it is",
            place=batch.batch,
        )
    _may(recipe, batch, therapy, now, EXCEPTIONAL, by, certified=False)
    tests = assess(recipe, batch, therapy, now).out_of_specification
    return (ev.ExceptionalSupply(request, risk_evaluation, acceptance, authority, tests),)


def reject_events(recipe: MasterRecipe, batch: Batch, *, reason: str, now: datetime) -> tuple[ev.Rejected, ...]:
    """Decide that the batch may not be given. The failed tests are named from the record.

    Raises:
        Held: no reason, or the life table does not allow a rejection now.
    """
    if not reason.strip():
        raise Held(
            f"the rejection of {batch.batch} gives no reason",
            rule="21 CFR 211.192: a rejection is investigated and says why",
            remedy="say why in one sentence",
            place=batch.batch,
        )
    if "Rejected" not in BATCH.get(batch.state, {}):
        raise Held(
            f"{batch.batch} is {batch.state} and cannot be rejected now",
            rule="life table of batch",
            remedy="terminate a batch in process; a rejected one stays rejected",
            place=batch.batch,
        )
    failed = tuple(test.name for test in recipe.specification if standing(test, batch, now)[0] == OUT)
    return (ev.Rejected(reason, failed),)


def _may(
    recipe: MasterRecipe,
    batch: Batch,
    therapy: Therapy | None,
    now: datetime,
    wanted: str,
    by: str,
    *,
    certified: bool = True,
) -> Cite:
    """Refuse unless this disposition is possible, the signer is free of the work, and the certificate is current."""
    found = assess(recipe, batch, therapy, now)
    if wanted not in found.possible:
        why = [each.what for each in found.missing] or [f"the batch is {batch.state}"]
        if batch.late_failures and wanted != EXCEPTIONAL:
            why.append("a late result failed")
        if wanted == CONDITIONAL and not recipe.conditional_release:
            why.append("the recipe allows no conditional release")
        remedy = found.missing[0].remedy if found.missing else "see which dispositions are possible"
        raise Held(
            f"{batch.batch} cannot be {wanted.replace('_', ' ')}: " + "; ".join(why),
            rule=found.missing[0].rule if found.missing else f"recipe {recipe.identifier} and life table of batch",
            remedy=remedy,
            place=batch.batch,
        )
    if not by.startswith("person/"):
        raise NotAllowed(
            "a disposition is a person's decision",
            rule="EU GMP Part IV 11; 21 CFR 211.22",
            remedy="have a qualified person sign",
            place=batch.batch,
        )
    workers = batch.workers | {each.by for each in batch.results}
    second_person(by if by in workers else "", by, what=f"the disposition of {batch.batch}")
    if not certified:
        return batch.certificate or Cite("", 0, "")
    if batch.certificate is None or any(each.cite.seq > batch.certificate.seq for each in batch.results):
        raise Held(
            f"{batch.batch} has no certificate that covers all its results",
            rule="21 CFR 211.165, EU GMP Part IV 11: certified on a certificate of analysis",
            remedy="issue the certificate, then sign the disposition",
            place=batch.batch,
        )
    return batch.certificate
