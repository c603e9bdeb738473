"""What a signed network allows: against an oracle that tries everything, and against the search that chose it."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onelot.plan import Rules, Window, earliest_allowed
from onelot.plan.network import network_document, plan_network, read_network, read_signed_network
from onelot.record.errors import Held, Refused
from tests.plan.network import booking_oracle as oracle
from tests.plan.network.made_up import small

MONDAY = date(2026, 11, 23)
DAY = timedelta(days=1)
DOCUMENT: dict[str, Any] = {
    "kind": "onelot.network/1",
    "recipes": ["cd19"],
    "starts_on": "2026-11-23",
    "limit_days": 20,
    "classes": [{"id": "urgent", "limit_days": 15}],
    "durations": {"collection": 1, "manufacture": 7, "qc": 5},
    "sites": [{"id": "ghent", "hospital": "ghent"}, {"id": "lyon", "hospital": "lyon"}],
    "plants": [
        {"id": "leiden", "lines": 2, "manufacture_days": 7, "qc_days": 5},
        {"id": "turin", "lines": 1, "manufacture_days": 6, "qc_days": 5, "open_day": 7},
    ],
    "lanes_in": [
        {"site": "ghent", "plant": "leiden", "mode": "road", "days": 1, "closed_weekdays": [5, 6], "served": True},
        {"site": "lyon", "plant": "leiden", "mode": "air", "days": 1, "customs_days": 1, "served": False},
        {"site": "lyon", "plant": "turin", "mode": "road", "days": 1, "served": True},
    ],
    "lanes_out": [
        {"plant": "leiden", "hospital": "ghent", "mode": "road", "days": 1, "closed_weekdays": [5, 6]},
        {"plant": "leiden", "hospital": "lyon", "mode": "air", "days": 1},
        {"plant": "turin", "hospital": "lyon", "mode": "road", "days": 2},
    ],
    "storage_days_max": 1,
    "closed": [{"place": "leiden", "days": ["2026-12-24", "2026-12-25"]}, {"place": "ghent", "days": ["2026-12-07"]}],
}


def rules(**changes: Any) -> Rules:
    return Rules(read_signed_network({**DOCUMENT, **changes}), "network/test/1")


def refused(rule: str, call: Any, *arguments: Any) -> Refused:
    with pytest.raises(Refused) as found:
        call(*arguments)
    assert found.value.rule.endswith(rule) and "network/test/1" in found.value.rule
    assert found.value.remedy
    return found.value


def test_a_way_has_the_lanes_days() -> None:
    way = rules().may_collect("ghent", "ghent", MONDAY)
    # ready Tuesday, at Leiden Wednesday 25 Nov, done 2 Dec, tested 7 Dec, home Tuesday 8 Dec
    assert (way.plant, way.arrives_on, way.returns_on, way.days) == (
        "leiden",
        date(2026, 11, 25),
        date(2026, 12, 8),
        15,
    )
    # ready on Saturday: the lane is closed until Monday 30 Nov
    assert rules().may_collect("ghent", "ghent", date(2026, 11, 27)).arrives_on == date(2026, 12, 1)


def test_what_is_not_served_is_refused_with_its_rule() -> None:
    mine, at = rules(), (MONDAY + DAY * 14, MONDAY + DAY * 16)
    assert "served by turin" in refused("lanes_in", mine.may_make, "leiden", "lyon", "lyon", *at).what
    assert "no plant of this network" in refused("plants", mine.may_make, "oslo", "lyon", "lyon", *at).what
    assert "no collection site" in refused("sites", mine.may_collect, "oslo", "oslo", MONDAY).what
    assert "goes back to lyon" in refused("sites", mine.may_collect, "lyon", "ghent", MONDAY).what
    refused("classes", mine.may_collect, "ghent", "ghent", MONDAY, "calm")


def test_times_that_no_lane_can_meet_are_refused() -> None:
    mine, make = rules(), ("leiden", "ghent", "ghent", MONDAY)
    assert "25 Nov 2026 at the earliest" in refused("lanes_in", mine.may_make, *make, date(2026, 11, 24)).what
    assert mine.may_make(*make, date(2026, 11, 26)).days == 16
    assert "would wait 2 days" in refused("storage_days_max", mine.may_make, *make, date(2026, 11, 27)).what
    # 16 days are within the network's limit and beyond the class's
    assert "limit is 15" in refused("limit_days", mine.may_make, *make, date(2026, 11, 26), "urgent").what
    assert "closed" in refused("closed", mine.may_make, *make[:3], date(2026, 12, 22), date(2026, 12, 24)).what
    assert "closed" in refused("closed", mine.may_collect, "ghent", "ghent", date(2026, 12, 7)).what
    assert "opens on" in refused("open_day", mine.may_make, "turin", "lyon", "lyon", MONDAY, date(2026, 11, 26)).what
    # done on 2 Dec, tested 7 Dec, home 8 Dec
    refused("lanes_out", mine.may_give, "leiden", "ghent", date(2026, 11, 25), date(2026, 12, 7))
    mine.may_give("leiden", "ghent", date(2026, 11, 25), date(2026, 12, 8))


def test_a_kit_counts_from_its_start() -> None:
    assert rules().may_make("turin", "lyon", "lyon", None, date(2026, 12, 1)).days == 13


def test_a_point_of_care_makes_for_its_own_site() -> None:
    plants = [*DOCUMENT["plants"], {"id": "site:lyon", "point_of_care_site": "lyon", "lines": 1,
                                    "manufacture_days": 3, "qc_days": 1}]  # fmt: skip
    mine = rules(plants=plants)
    assert mine.may_make("lyon", "lyon", "lyon", MONDAY, MONDAY + DAY).days == 5
    refused("lanes_in", mine.may_make, "lyon", "ghent", "ghent", MONDAY, MONDAY + DAY)


def test_lines_are_counted_by_day_also_those_a_newer_version_no_longer_has() -> None:
    mine, days = rules(), [MONDAY, MONDAY + DAY]
    assert mine.free_lines("leiden", {1: {MONDAY}}, days) == [2, 1]
    assert mine.free_lines("leiden", {7: {MONDAY}}, days) == [1, 1]
    assert "all 2 lines" in refused("lines", mine.free_lines, "leiden", {1: {MONDAY}, 7: {MONDAY}}, days).what


def test_the_search_goes_on_to_the_next_day_that_is_allowed() -> None:
    early = datetime(2026, 11, 23, 9, tzinfo=UTC)

    def may(window: Window) -> Any:
        return rules().may_make("leiden", "ghent", "ghent", MONDAY, window.starts_at.date())

    window, way = earliest_allowed({"s": []}, early, DAY, None, may, MONDAY + 20 * DAY)
    assert window.starts_at == datetime(2026, 11, 25, tzinfo=UTC) and way.days == 15
    busy = {"s": [(datetime(2026, 11, 25, tzinfo=UTC), datetime(2026, 12, 2, tzinfo=UTC))]}
    with pytest.raises(Refused, match="would wait"):
        earliest_allowed(busy, early, DAY, None, may, MONDAY + 20 * DAY)
    with pytest.raises(Refused, match="at the earliest"):
        earliest_allowed({"s": []}, early, DAY, early + DAY, may, MONDAY + 20 * DAY)
    with pytest.raises(Held, match="no resource"):
        earliest_allowed({}, early, DAY, None, may, MONDAY + 20 * DAY)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Small documents: two sites, two plants and maybe a point of care, lanes with calendars, closed days."""
    days, few = st.integers(0, 4), st.integers(1, 3)
    week = st.lists(st.integers(0, 6), max_size=4, unique=True)
    sites = [{"id": "a", "hospital": "a"}, {"id": "b", "hospital": draw(st.sampled_from(["a", "b"]))}]

    def maker(name: str, site: str | None) -> dict[str, Any]:
        return {"id": name, "point_of_care_site": site, "lines": 1, "open_day": draw(st.integers(0, 9)),
                "manufacture_days": draw(few), "qc_days": draw(days)}  # fmt: skip

    plants = [maker("p", None), maker("q", None)] + ([maker("site:a", "a")] if draw(st.booleans()) else [])

    def lane(**ends: str) -> dict[str, Any]:
        return {**ends, "days": draw(days), "customs_days": draw(st.integers(0, 2)), "closed_weekdays": draw(week)}

    pairs = [(site, plant) for site in "ab" for plant in "pq"]
    served = {pair: draw(st.booleans()) for pair in pairs} | {("a", "p"): True}
    dates = st.integers(0, 40).map(lambda n: (MONDAY + DAY * n).isoformat())
    places = ["a", "b", *(plant["id"] for plant in plants)]
    closed = draw(st.dictionaries(st.sampled_from(places), st.lists(dates, min_size=1, max_size=6)))
    return {
        **deepcopy(DOCUMENT),
        "limit_days": draw(st.integers(40, 60)),
        "durations": {"collection": draw(st.integers(0, 2)), "manufacture": 1, "qc": 1},
        "sites": sites,
        "plants": plants,
        "lanes_in": [
            {**lane(site=site, plant=plant, mode=mode), "served": served[site, plant]}
            for site, plant in pairs
            for mode in "xy"[: draw(few)]
        ],
        "lanes_out": [
            lane(plant=plant, hospital=hospital, mode="x")
            for plant in "pq"
            for hospital in sorted({site["hospital"] for site in sites})
        ],
        "storage_days_max": draw(st.integers(0, 4)),
        "closed": [{"place": place, "days": found} for place, found in closed.items()],
    }


@settings(max_examples=150, deadline=None)
@given(documents(), st.integers(0, 20), st.integers(0, 25), st.sampled_from("ab"), st.integers(10, 45))
def test_a_start_is_allowed_exactly_when_trying_everything_finds_a_way(
    document: dict[str, Any], collected: int, wait: int, site: str, limit: int
) -> None:
    mine = Rules(read_signed_network(document), "network/test/1")
    hospital = next(each["hospital"] for each in document["sites"] if each["id"] == site)
    on = MONDAY + DAY * collected
    urgent = Rules(mine.network.model_copy(update={"limit_days": limit}), "network/test/1")
    for plant in document["plants"]:
        found = oracle.ways(document, site, on, plant["id"], on + DAY * wait)
        if found and min(found) <= limit:
            assert urgent.may_make(plant["id"], site, hospital, on, on + DAY * wait).days == min(found)
        else:
            with pytest.raises(Refused):
                urgent.may_make(plant["id"], site, hospital, on, on + DAY * wait)


@settings(max_examples=60, deadline=None)
@given(documents(), st.integers(0, 20), st.sampled_from("ab"))
def test_a_collection_is_allowed_exactly_when_some_start_follows(
    document: dict[str, Any], collected: int, site: str
) -> None:
    """Starting as early as may be is never beaten by waiting."""
    mine = Rules(read_signed_network(document), "network/test/1")
    hospital = next(each["hospital"] for each in document["sites"] if each["id"] == site)
    on = MONDAY + DAY * collected
    found = [
        days
        for plant in document["plants"]
        for wait in range(40)
        for days in oracle.ways(document, site, on, plant["id"], on + DAY * wait)
    ]
    allowed = bool(found) and min(found) <= document["limit_days"] and not oracle.shut(document, site, on)
    if allowed:
        assert mine.may_collect(site, hospital, on).days == min(found)
    else:
        with pytest.raises(Refused):
            mine.may_collect(site, hospital, on)


@pytest.mark.parametrize("seed", range(60))
def test_whatever_the_search_planned_may_be_booked(seed: int) -> None:
    """On real dates, flow by flow: the start is allowed, and never later home than the flow said."""
    question = small(seed, *("calendar", "storage", "point_of_care", "growth", "classes")[: 1 + seed % 5])
    network = read_network(question)
    answer = plan_network(network)
    if answer.objective is None:
        return
    first = MONDAY + DAY * network.first_weekday
    document = network_document(answer, network, starts_on=first)
    mine = Rules(read_signed_network(document), "network/made-up/1")
    hospitals = {site.id: site.hospital for site in network.sites}
    total = 0
    for flow in answer.flows:
        on, hospital = first + DAY * flow.day, hospitals[flow.site]
        mine.may_collect(flow.site, hospital, on, flow.urgency or "")
        lane = next((n for n in document["lanes_in"] if (n["site"], n["plant"], n["mode"]) ==
                     (flow.site, flow.plant, flow.mode_in)), None)  # fmt: skip
        ready = on + DAY * network.durations.collection
        there = oracle.arrival(document, lane, flow.site, flow.plant, ready) if lane else ready
        way = mine.may_make(flow.plant, flow.site, hospital, on, there + DAY * flow.wait_days, flow.urgency or "")
        total += way.days * flow.count
    assert answer.patient_days is not None and total <= answer.patient_days + 1e-9


def test_a_line_is_held_from_the_start_for_the_days_of_manufacture() -> None:
    assert rules().held_on("leiden", MONDAY) == [MONDAY + DAY * n for n in range(7)]
    assert rules().longest_run("leiden") == timedelta(days=7)
    assert datetime.combine(MONDAY, time(), UTC).weekday() == 0
