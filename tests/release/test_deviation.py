from __future__ import annotations

import pytest

from onelot.record.errors import BadInput, Held, NotAllowed
from onelot.release import close_deviation, open_deviation
from tests.release.support import NOW, NURSE, OPERATOR, QP, world


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
