"""Every red stop for a wrong thing leaves exactly one near miss on the record; what cannot be read leaves nothing."""

from __future__ import annotations

import re
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onelot.app.commands.stops import RefuseCollectionScan
from onelot.app.export import export_batch
from onelot.app.simulation.site import PLANT
from onelot.record import evidence
from onelot.record.errors import Mismatch
from onelot.record.identity import make_identifier
from onelot.release.evidence import unusual
from tests.app.web.hospital import Hospital, reach, send
from tests.app.web.plant import Plant
from tests.app.web.test_screens import as_person
from tests.app.web.test_step import Operator, plant_at
from tests.app.web.test_to_the_bedside import scan
from tests.record import offline_oracle

FEW = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
THERAPIES = st.integers(1, 36**12 - 1).map(make_identifier)
NAMES = st.text("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", min_size=4, max_size=9).map(lambda text: f"X-{text}")
# A bag's own label, a bare number of a bag, paperwork of somebody else; what each reads as is another therapy's.
FOREIGN = st.one_of(
    THERAPIES.map(lambda coi: f"(21){coi}-1-A(10)B-{coi}(17)300101(91){coi}(92)p"),
    THERAPIES.map(lambda coi: f"{coi}-1-A"),
    THERAPIES,
    NAMES,
)
UNREADABLE = st.one_of(
    st.sampled_from(["(21)x", "]d2999", "\x1d", "=1+1", "<b>", "a b/c", "\u202e", "(99)A(98)B"]),
    st.text('/<>()=?;"', min_size=1, max_size=30),
)


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Plant:
    return plant_at(tmp_path_factory.mktemp("stops"), "batch planned")


@pytest.fixture(scope="module")
def making(tmp_path_factory: pytest.TempPathFactory) -> Plant:
    return plant_at(tmp_path_factory.mktemp("lots"), "start activate")


@pytest.fixture(scope="module")
def collecting(tmp_path_factory: pytest.TempPathFactory) -> Hospital:
    return reach(tmp_path_factory.mktemp("collection"), lambda what: what == "collection booked")


def bodies(house: Any, stream: str, after: int) -> bytes:
    return b"".join(each.body for each in house.journal.read(stream, after))


@FEW
@given(text=FOREIGN, times=st.integers(1, 3))
def test_a_foreign_bag_at_the_plant_is_one_critical_near_miss(planned: Plant, text: str, times: int) -> None:
    operator = Operator(planned)
    before, form = operator.batch, operator.look("?take=1")
    for _ in range(times):
        assert operator.send(form, text).status_code == 409
    after = operator.batch
    (kept,) = after.near_misses[len(before.near_misses) :]
    assert kept.refused.severity == "critical" and kept.refused.deviation in after.deviations
    assert len(after.deviations) == len(before.deviations) + 1 and not after.holds and after.state == "planned"
    written = bodies(planned.house, f"batch/{planned.number}", before.seq)
    for number in re.findall(r"[0-9A-Z]{12}[0-9A-Z*]", text) or [text]:
        assert number.encode() not in written


@FEW
@given(text=UNREADABLE)
def test_what_cannot_be_read_leaves_nothing(planned: Plant, making: Plant, text: str) -> None:
    for place in (planned, making):
        operator = Operator(place)
        before, form = operator.batch.seq, operator.look("?take=1")
        found = operator.send(form, text)
        assert found.status_code in (200, 422), found.text
        assert operator.batch.seq == before


@FEW
@given(data=st.data(), times=st.integers(1, 3))
def test_a_wrong_lot_is_one_minor_near_miss_and_holds_nothing(making: Plant, data: st.DataObject, times: int) -> None:
    operator = Operator(making)
    vector = making.driver.stage.lot_for("vector-lenti-cd19", Decimal(0), "")[0]
    text = data.draw(st.one_of(st.just(vector), NAMES))
    before, form = operator.batch, operator.look("?take=1")
    assert form.one("kind") == "charge"
    for _ in range(times):
        assert operator.send(form, text).status_code == 409
    (kept,) = operator.batch.near_misses[len(before.near_misses) :]
    assert (kept.refused.severity, kept.refused.deviation) == ("minor", "")
    assert kept.refused.number == (vector if text == vector else "")
    assert operator.batch.deviations == before.deviations and operator.batch.running == before.running


@FEW
@given(text=st.one_of(THERAPIES, NAMES, st.just("ROSSI^MARIA 1950")), place=st.integers(0, 2), times=st.integers(1, 2))
def test_a_foreign_label_at_a_collection_is_one_critical_near_miss(
    collecting: Hospital, text: str, place: int, times: int
) -> None:
    coi, browser = collecting.therapy.coi, collecting.browser("collection")
    path, page = f"/screen/collection/{coi}/scan", browser.page(f"/screen/collection/{coi}")
    for _ in range(place):
        page = scan(browser, path, page, coi)
    before = collecting.therapy
    for _ in range(times):
        stopped = scan(browser, path, page, text)
        assert stopped.status == 409 and "critical deviation is open" in stopped.text
    after = collecting.therapy
    (kept,) = after.near_misses[len(before.near_misses) :]
    assert kept.refused.thing == ("wristband", "paperwork", "bag")[place] and kept.refused.severity == "critical"
    assert len(after.deviations) == len(before.deviations) + 1 and len(after.notices) == len(before.notices) + 1
    assert not after.collections and not after.holds
    assert text.encode() not in bodies(collecting.house, f"therapy/{coi}", before.seq)


def test_quality_finds_it_in_thread_search_release_and_export(planned: Plant) -> None:
    operator = Operator(planned)
    assert operator.send(operator.look("?take=1"), make_identifier(77)).status_code == 409
    place = (planned.house, planned.number)
    quality = as_person(place, "qa_reviewer.plant")
    assert "wrong thing put down" in quality.page(f"/screen/batches/{planned.number}").text
    assert planned.number in quality.page("/screen/audit?kind=ScanRefused").text
    assert "label of another therapy" in quality.page(f"/screen/batches/{planned.number}/deviations").text
    reader = planned.house.loop.reader
    recipe = reader.recipe(operator.batch.recipe)  # type: ignore[arg-type]
    said = [each for each in unusual(recipe, operator.batch, None) if each.fact == "near_miss"]
    assert said and "label of another therapy (critical)" in said[-1].what
    house = planned.house
    data = export_batch(house.whole, house.site_keys, planned.number, house.clock(), house.seals)
    assert b"ScanRefused" in data
    key = house.site_keys.public
    assert not evidence.verify(data, key).problems and offline_oracle.holds(data, key)


def test_views_built_again_say_the_same(collecting: Hospital) -> None:
    journal = collecting.house.whole
    before = {view: dict(journal.rows(view)) for view in ("board", "therapies")}
    journal.rebuild()  # type: ignore[attr-defined]
    assert {view: dict(journal.rows(view)) for view in before} == before


def test_a_deviation_of_a_collection_is_seen_at_its_own_site_and_closed_by_quality_alone(collecting: Hospital) -> None:
    coi = collecting.therapy.coi
    if not collecting.therapy.open_deviations:
        browser = collecting.browser("collection")
        scan(browser, f"/screen/collection/{coi}/scan", browser.page(f"/screen/collection/{coi}"), make_identifier(5))
    deviation = collecting.therapy.open_deviations[0].deviation
    path = f"/screen/therapies/{coi}/deviations"
    collector = collecting.browser("collection")
    assert deviation in collector.page(path).text and "Close:" not in collector.page(path).text
    stranger = collecting.browser("collection", collecting.other)
    assert stranger.send("GET", path).status_code == 403


def test_a_deviation_of_a_collection_is_assessed_and_then_closed_by_the_quality_of_the_plant(tmp_path: Path) -> None:
    place = reach(tmp_path, lambda act: act == "batch planned")
    coi = place.therapy.coi
    with suppress(Mismatch):
        actor = place.house.loop.actor(f"collection.{place.case.hospital}")
        place.house.loop.handle(RefuseCollectionScan(coi, "bag", make_identifier(7)), actor)
    (deviation,) = place.therapy.open_deviations
    quality, path = place.browser("qa_reviewer", PLANT), f"/screen/therapies/{coi}/deviations"
    one = f"{path}/{deviation.deviation}"
    told = {"impact": "the other bag lay beside it", "password": place.password("qa_reviewer", PLANT)}
    page = quality.page(f"{one}/assess")
    for _ in range(2):
        done = send(quality, f"{one}/assess", page, severity="critical", meanwhile="no label is printed", **told)
        assert done.status_code == 303 and done.headers["location"] == path
    (found,) = place.therapy.open_deviations
    assert found.assessed and found.assessed.found.meanwhile == "no label is printed"
    assert "no label is printed" in quality.page(path).text
    close = quality.page(one)
    assert "the other bag lay beside it" in close.text
    assert send(quality, one, close, cause="two bags on one tray", **told).status_code == 303
    assert not place.therapy.open_deviations
