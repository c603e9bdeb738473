"""What a wrong scan weighs, and what a deviation of a collection blocks until quality has closed it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from onelot.record.errors import BadInput, Held, NotAllowed
from onelot.record.events.departures import DeviationOpened, ScanRefused
from onelot.record.near_miss import IDENTITY, Wrong, written
from onelot.record.subjects import Batch, Therapy
from onelot.record.subjects.departures import Deviation
from onelot.record.terms.values import Finding
from onelot.release import close_deviation
from onelot.release.evidence import deviations

NOW = datetime(2026, 11, 29, tzinfo=UTC)
DEVIATION = Deviation("DEV-T-1", "critical", "wrong wristband put down", "chain of identity", NOW, "person/collector")
THERAPY = Therapy(coi="T", deviations={"DEV-T-1": DEVIATION}, collectors=frozenset({"person/nurse"}))


@pytest.mark.parametrize("thing", [*sorted(IDENTITY), "lot", "equipment", "shipper"])
@pytest.mark.parametrize("seen", ["another_therapy", "another_batch", "lot", "equipment", "again", "unknown"])
def test_another_patient_s_is_critical_with_a_deviation_and_the_rest_minor_without(thing: str, seen: str) -> None:
    events = written(Wrong("receipt", thing, "what was due", seen, "", "rule", "put it down"), "0" * 64, "DEV-1")
    grave = seen == "another_therapy" or (seen == "unknown" and thing in {
        "patient", "container", "batch", "wristband", "paperwork", "bag", "label"
    })  # fmt: skip
    refused = [each for each in events if isinstance(each, ScanRefused)]
    opened = [each for each in events if isinstance(each, DeviationOpened)]
    assert [(each.severity, each.deviation) for each in refused] == [("critical", "DEV-1") if grave else ("minor", "")]
    assert [each.severity for each in opened] == (["critical"] if grave else [])


def test_a_deviation_of_the_collection_blocks_the_batch_until_it_is_closed() -> None:
    batch = Batch(batch="B")
    found = list(deviations(batch, THERAPY))
    assert [each.fact for each in found if isinstance(each, Finding)] == ["DEV-T-1"]
    closed = replace(THERAPY, deviations={"DEV-T-1": replace(DEVIATION, closed_by="person/qa")})
    assert not [each for each in deviations(batch, closed) if isinstance(each, Finding)]
    assert not [each for each in deviations(batch, None) if isinstance(each, Finding)]


def test_quality_closes_it_and_nobody_who_collected_or_opened_it() -> None:
    for by in ("person/collector", "person/nurse", "system", ""):
        with pytest.raises(NotAllowed):
            close_deviation(THERAPY, deviation="DEV-T-1", cause="mixed up", impact="none", by=by)
    with pytest.raises(Held):
        close_deviation(THERAPY, deviation="DEV-T-1", cause=" ", impact="none", by="person/qa")
    with pytest.raises(BadInput):
        close_deviation(THERAPY, deviation="DEV-T-2", cause="mixed up", impact="none", by="person/qa")
    assert close_deviation(THERAPY, deviation="DEV-T-1", cause="c", impact="i", by="person/qa").cause == "c"
