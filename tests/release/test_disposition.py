"""What may be given: one wrong thing at a time, then everything left out at random."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onelot.record.errors import Held, NotAllowed, OutOfOrder
from onelot.record.events import batch, therapy
from onelot.record.terms.values import Cite, Finding, Sealed
from onelot.release import (
    assess,
    conditional_release_events,
    exceptional_supply_events,
    judge_again,
    late_result,
    reject_events,
    release_events,
)
from tests.release.support import NOW, OPERATOR, QC, QC2, QP, T0, World, add_result, shipped, test_named, world

GIVING = {"released", "conditionally_released", "exceptional_supply"}
TEXTS = {"request": "Dr A, 20 Nov", "risk_evaluation": "RE-1", "acceptance": "Dr A, 21 Nov", "authority": "notified"}


def possible(found: World) -> frozenset[str]:
    return assess(found.recipe, found.batch, found.therapy, NOW).possible


def test_a_complete_record_may_be_released_and_only_that() -> None:
    found = world()
    assert possible(found) == {"released", "rejected"}
    with pytest.raises(Held, match="certificate"):
        release_events(found.recipe, found.batch, found.therapy, NOW, by=QP)
    found.certify()
    (event,) = release_events(found.recipe, found.batch, found.therapy, NOW, by=QP)
    found.batches.add(event, QP, NOW, signed=True)
    assert found.batch.disposition == "released"


@pytest.mark.parametrize("name", ["cd19-flat", "cd34-edited"])
def test_the_other_patient_recipes_release_too(name: str) -> None:
    assert "released" in possible(world(shipped(name)))


def _withdrawn(w: World) -> None:
    w.therapies.add(therapy.ConsentWithdrawn(("manufacture",), "asked"))


def _correct_weight(w: World) -> None:
    fact = w.therapy.facts["weight_kg"].fact
    new = replace(fact, value=Sealed("77" * 32, fact.value.patient))
    w.therapies.add(therapy.FactCorrected(new, fact.value.commitment, "typo"))


def _other_tailoring(w: World) -> None:
    w.batches.add(batch.TailoringAdopted(Cite("therapy/other", 6, "00" * 32), "?"))


BLOCKERS: dict[str, Callable[[World], None]] = {
    "consent withdrawn": _withdrawn,
    "stale": _correct_weight,
    "another tailoring": _other_tailoring,
    "batch held": lambda w: w.batches.add(batch.BatchHeld("why", "rule")),
    "therapy held": lambda w: w.therapies.add(therapy.TherapyHeld("make", (Finding("r", "f", "p", "w", "m"),))),
    "therapy ended": lambda w: w.therapies.add(therapy.TherapyEnded("died", "r")),
    "major open": lambda w: w.batches.add(batch.DeviationOpened("D", "major", "w", "r")),
    "critical open": lambda w: w.batches.add(batch.DeviationOpened("D", "critical", "w", "r")),
    "unknown class open": lambda w: w.batches.add(batch.DeviationOpened("D", "grave", "w", "r")),
    "unsigned again": lambda w: w.therapies.add(
        therapy.RecipeTailored(w.therapy.tailoring.recipe, tuple(w.therapy.tailoring.parameters.values()))  # type: ignore[union-attr]
    ),
}


@pytest.mark.parametrize("why", BLOCKERS)
def test_each_of_these_blocks_everything_but_rejection(why: str) -> None:
    found = world()
    BLOCKERS[why](found)
    assert possible(found) == {"rejected"}
    found.certify()
    with pytest.raises(Held):
        release_events(found.recipe, found.batch, found.therapy, NOW, by=QP)


def test_a_minor_deviation_is_unusual_and_does_not_block() -> None:
    found = world()
    found.batches.add(batch.DeviationOpened("D", "minor", "label crooked", "SOP"))
    answer = assess(found.recipe, found.batch, found.therapy, NOW)
    assert "released" in answer.possible
    assert any("label crooked" in each.what for each in answer.unusual)


def test_a_command_without_answer_blocks() -> None:
    found = world()
    at = next(i for i, (event, *_) in enumerate(found.batches.drafts) if isinstance(event, batch.CommandAnswered))
    event, *rest = found.batches.drafts[at]
    found.batches.drafts[at] = (batch.CommandAnswered("k1", "unknown"), *rest)
    assert possible(found) == {"rejected"}
    del found.batches.drafts[at]
    assert possible(found) == {"rejected"}


def test_an_empty_specification_releases_nothing() -> None:
    assert possible(world(specification=())) == {"rejected"}


def test_no_therapy_at_hand_and_expiry_block() -> None:
    found = world()
    assert assess(found.recipe, found.batch, None, NOW).possible == {"rejected"}
    late = NOW + timedelta(days=400)
    assert assess(found.recipe, found.batch, found.therapy, late).possible == {"rejected"}


def _to_date(found: World) -> None:
    """As the batch stands before the final sterility result."""
    found.batches.drafts = [
        each for each in found.batches.drafts if not (isinstance(each[0], batch.Tested) and each[0].test == "sterility")
    ]
    add_result(found.batches, test_named(found.recipe, "sterility"), "negative to date", "")


def test_conditional_release_and_a_late_failure() -> None:
    found = world()
    _to_date(found)
    assert possible(found) == {"conditionally_released", "rejected"}
    found.certify()
    (event,) = conditional_release_events(found.recipe, found.batch, found.therapy, NOW, by=QP)
    assert event.outstanding == ("sterility",)
    found.batches.add(event, QP, NOW, signed=True)
    add_result(found.batches, test_named(found.recipe, "sterility"), "growth", "", NOW)
    failed, notice = late_result(found.recipe, found.batch, found.therapy, found.batch.results[-1])
    assert isinstance(failed, batch.LateResultFailed) and isinstance(notice, therapy.NoticeSent)
    assert notice.to == "person/prescriber" and "not dispatched" in notice.what
    found.batches.add(failed)
    assert late_result(found.recipe, found.batch, found.therapy, found.batch.results[-1]) == ()
    assert possible(found) == {"rejected", "exceptional_supply"}


def test_a_late_pass_calls_for_nothing_but_certification() -> None:
    found = world()
    _to_date(found)
    found.certify()
    (event,) = conditional_release_events(found.recipe, found.batch, found.therapy, NOW, by=QP)
    found.batches.add(event, QP, NOW, signed=True)
    add_result(found.batches, test_named(found.recipe, "sterility"), "no growth", "", NOW)
    assert late_result(found.recipe, found.batch, found.therapy, found.batch.results[-1]) == ()
    later = NOW + timedelta(days=11)
    with pytest.raises(Held, match="certificate"):
        release_events(found.recipe, found.batch, found.therapy, later, by=QP)
    found.certify()
    assert release_events(found.recipe, found.batch, found.therapy, later, by=QP)


def test_no_conditional_release_where_the_recipe_allows_none() -> None:
    found = world(conditional_release=False)
    _to_date(found)
    assert possible(found) == {"rejected"}
    found.certify()
    with pytest.raises(Held):
        conditional_release_events(found.recipe, found.batch, found.therapy, NOW, by=QP)


def _fail(found: World, name: str, value: str, unit: str) -> None:
    found.batches.drafts = [
        each for each in found.batches.drafts if not (isinstance(each[0], batch.Tested) and each[0].test == name)
    ]
    add_result(found.batches, test_named(found.recipe, name), value, unit)


def test_exceptional_supply_needs_all_four_texts_and_a_failed_test() -> None:
    found = world()
    with pytest.raises(Held):
        exceptional_supply_events(found.recipe, found.batch, found.therapy, NOW, by=QP, **TEXTS)
    _fail(found, "viability", "71", "%")
    assert possible(found) == {"exceptional_supply", "rejected"}
    for name in TEXTS:
        with pytest.raises(Held, match="lacks"):
            exceptional_supply_events(found.recipe, found.batch, found.therapy, NOW, by=QP, **{**TEXTS, name: " "})
    (event,) = exceptional_supply_events(found.recipe, found.batch, found.therapy, NOW, by=QP, **TEXTS)
    assert event.tests == ("viability",)


def test_a_failed_identity_test_can_only_be_rejected() -> None:
    found = world()
    _fail(found, "identity", "no match", "")
    assert possible(found) == {"rejected"}
    (event,) = reject_events(found.recipe, found.batch, reason="not this patient's cells", now=NOW)
    assert event.tests == ("identity",)


def test_a_pass_beside_a_failure_does_not_pass() -> None:
    found = world()
    add_result(found.batches, test_named(found.recipe, "viability"), "60", "%")
    add_result(found.batches, test_named(found.recipe, "viability"), "95", "%")
    assert "released" not in possible(found)


def test_a_corrected_result_blocks_until_judged_anew() -> None:
    found = world()
    target = found.batch.result("viability")
    assert target is not None
    found.batches.add(batch.EntryCorrected(target.cite, "88", "transposed digits"), QC)
    assert possible(found) == {"rejected"}
    corrected = next(each for each in found.batch.results if each.cite == target.cite)
    again = judge_again(test_named(found.recipe, "viability"), corrected, {}, verified_by=QC2)
    found.batches.add(again, QC, NOW)
    assert possible(found) == {"released", "rejected"}


def test_a_correction_to_a_failure_is_a_failure() -> None:
    found = world()
    target = found.batch.result("viability")
    assert target is not None
    found.batches.add(batch.EntryCorrected(target.cite, "8.8", "decimal point"), QC)
    corrected = next(each for each in found.batch.results if each.cite == target.cite)
    found.batches.add(judge_again(test_named(found.recipe, "viability"), corrected, {}, verified_by=QC2), QC, NOW)
    assert "released" not in possible(found)


@pytest.mark.parametrize("by", [OPERATOR, QC, "system", ""])
def test_nobody_releases_their_own_work_and_no_machine_does(by: str) -> None:
    found = world()
    found.certify()
    with pytest.raises(NotAllowed):
        release_events(found.recipe, found.batch, found.therapy, NOW, by=by)


def test_a_rejection_says_why() -> None:
    found = world()
    with pytest.raises(Held):
        reject_events(found.recipe, found.batch, reason=" ", now=NOW)


_GRANTING = (
    batch.PhaseCompleted, batch.CommandAnswered, batch.Filled, batch.ManufactureCompleted, batch.Tested,
    batch.DeviationClosed, batch.BatchHoldLifted, therapy.ConsentRecorded, therapy.EligibilityConfirmed,
    therapy.TailoringApproved, therapy.HoldLifted, therapy.InfectionMarkersRecorded,
)  # fmt: skip


def _history(to_date: bool, failed: bool, closed: bool, lifted: bool) -> World:
    found = world()
    if to_date:
        _to_date(found)
    if failed:
        _fail(found, "viability", "71", "%")
    found.batches.add(batch.DeviationOpened("D", "major", "w", "r"), OPERATOR, NOW)
    if closed:
        found.batches.add(batch.DeviationClosed("D", "c", "i"), QP, NOW)
    found.batches.add(batch.BatchHeld("w", "r"), "system", NOW)
    if lifted:
        found.batches.add(batch.BatchHoldLifted("w", "r"), "system", NOW)
    return found


@settings(max_examples=150, deadline=None)
@given(st.booleans(), st.booleans(), st.booleans(), st.booleans(), st.data())
def test_leaving_evidence_out_never_turns_a_deny_into_an_allow(
    to_date: bool, failed: bool, closed: bool, lifted: bool, data: st.DataObject
) -> None:
    whole = _history(to_date, failed, closed, lifted)
    before = possible(whole)
    for stream in (whole.batches, whole.therapies):
        can = [
            at
            for at, (event, *_) in enumerate(stream.drafts)
            if isinstance(event, _GRANTING) and getattr(event, "verdict", "pass") != "out_of_specification"
        ]
        dropped = data.draw(st.sets(st.sampled_from(can), max_size=3), label="left out")
        stream.drafts = [each for at, each in enumerate(stream.drafts) if at not in dropped]
    try:
        after = possible(whole)
    except OutOfOrder:
        return
    assert not (after & GIVING) - before, f"became possible: {(after & GIVING) - before}"


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(sorted(BLOCKERS)), min_size=1, max_size=4, unique=True), st.booleans())
def test_what_speaks_against_a_batch_only_takes_away(whys: list[str], to_date: bool) -> None:
    found = world()
    if to_date:
        _to_date(found)
    before = possible(found)
    for why in whys:
        try:
            BLOCKERS[why](found)
            found.batch, found.therapy  # noqa: B018
        except OutOfOrder:
            return
    assert possible(found) <= before


def test_results_by_another_method_or_limit_or_unverified_are_no_evidence() -> None:
    for changes in ({"method": "guess"}, {"limit": "≥ 1 %"}, {"verified_by": QC}, {"sampled_at": NOW + timedelta(1)}):
        found = world()
        at = max(i for i, (event, *_) in enumerate(found.batches.drafts) if getattr(event, "test", "") == "viability")
        event, *rest = found.batches.drafts[at]
        found.batches.drafts[at] = (replace(event, **changes), *rest)  # type: ignore[arg-type]
        assert possible(found) == {"rejected"}, changes


def test_a_recorded_pass_that_plainly_fails_is_a_failure() -> None:
    found = world()
    at = max(i for i, (event, *_) in enumerate(found.batches.drafts) if getattr(event, "test", "") == "viability")
    event, *rest = found.batches.drafts[at]
    found.batches.drafts[at] = (replace(event, value=str(Decimal(3))), *rest)  # type: ignore[arg-type]
    assert "released" not in possible(found)
    assert T0 < NOW
