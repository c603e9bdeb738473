from __future__ import annotations

import pytest

from onelot.record.errors import BadInput, Held, NotAllowed
from onelot.record.events.batch import DeviationAssessed
from onelot.release import assess_deviation, close_deviation, open_deviation
from tests.release.support import NOW, NURSE, OPERATOR, QP, world
from tests.release.test_disposition import GIVING, possible


@pytest.mark.parametrize(
    ("number", "severity", "what", "rule"),
    [("D", "grave", "w", "r"), ("", "minor", "w", "r"), ("D", "minor", " ", "r"), ("D", "minor", "w", "")],
)
def test_a_deviation_is_whole(number: str, severity: str, what: str, rule: str) -> None:
    with pytest.raises(BadInput):
        open_deviation(world().batch, deviation=number, severity=severity, what=what, rule=rule)


def test_it_is_closed_once_by_somebody_else_with_cause_and_impact() -> None:
    found = world()
    found.batches.add(open_deviation(found.batch, deviation="D", severity="major", what="w", rule="r"), NURSE, NOW)
    with pytest.raises(BadInput):
        open_deviation(found.batch, deviation="D", severity="major", what="w", rule="r")
    for by in (OPERATOR, NURSE, "system", ""):
        with pytest.raises(NotAllowed):
            close_deviation(found.batch, deviation="D", cause="c", impact="i", by=by)
    for cause, impact in (("", "i"), ("c", " ")):
        with pytest.raises(Held):
            close_deviation(found.batch, deviation="D", cause=cause, impact=impact, by=QP)
    found.batches.add(close_deviation(found.batch, deviation="D", cause="c", impact="i", by=QP), QP, NOW, signed=True)
    for number in ("D", "E"):
        with pytest.raises(BadInput):
            close_deviation(found.batch, deviation=number, cause="c", impact="i", by=QP)


def test_an_assessment_can_make_it_graver_and_never_lighter() -> None:
    found = world()
    for number, severity in (("D", "minor"), ("E", "critical")):
        opened = open_deviation(found.batch, deviation=number, severity=severity, what="w", rule="r")
        found.batches.add(opened, NURSE, NOW)
    told = {"impact": "this batch alone", "meanwhile": "nothing is dispatched"}
    for by in (OPERATOR, NURSE, "system", ""):
        with pytest.raises(NotAllowed):
            assess_deviation(found.batch, deviation="D", severity="major", by=by, **told)
    for lacking in told:
        with pytest.raises(Held):
            assess_deviation(found.batch, deviation="D", severity="major", by=QP, **{**told, lacking: " "})
    for number, severity in (("D", "grave"), ("X", "minor")):
        with pytest.raises(BadInput):
            assess_deviation(found.batch, deviation=number, severity=severity, by=QP, **told)
    for severity in ("minor", "major"):
        with pytest.raises(Held, match="stays so until it is closed"):
            assess_deviation(found.batch, deviation="E", severity=severity, by=QP, **told)
    assessed = assess_deviation(found.batch, deviation="D", severity="major", by=QP, **told)
    found.batches.add(assessed, QP, NOW, signed=True)
    now = found.batch.deviations["D"]
    assert now.severity == "major" and now.assessed and now.assessed.found.impact == told["impact"]
    assert now.assessed.by == QP and not now.closed_by
    # Again, while it is open: the newest counts, and the class only rises.
    again = assess_deviation(found.batch, deviation="D", severity="critical", by=QP, impact="others too", meanwhile="m")
    found.batches.add(again, QP, NOW, signed=True)
    assert found.batch.deviations["D"].severity == "critical"
    # An event that says less grave, as a reader of another journal may meet one, takes nothing away.
    found.batches.add(DeviationAssessed("D", "minor", "i", "m"), QP, NOW, signed=True)
    assert found.batch.deviations["D"].severity == "critical"
    found.batches.add(close_deviation(found.batch, deviation="D", cause="c", impact="i", by=QP), QP, NOW, signed=True)
    with pytest.raises(BadInput):
        assess_deviation(found.batch, deviation="D", severity="critical", by=QP, **told)


@pytest.mark.parametrize("opened", ["minor", "major", "critical"])
@pytest.mark.parametrize("assessed", ["minor", "major", "critical", "made up"])
def test_an_assessment_never_opens_what_the_deviation_keeps_shut(opened: str, assessed: str) -> None:
    found = world()
    found.batches.add(open_deviation(found.batch, deviation="D", severity=opened, what="w", rule="r"), NURSE, NOW)
    before = possible(found)
    found.batches.add(DeviationAssessed("D", assessed, "i", "m"), QP, NOW, signed=True)
    assert possible(found) <= before
    if {opened, assessed} != {"minor"}:
        assert not possible(found) & GIVING
