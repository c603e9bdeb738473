from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onelot.app.commands.plan import BookSlots
from onelot.app.house import House
from onelot.app.web.timetable import first_of
from tests.app.web.test_screens import as_person, made

__all__ = ["made"]


def _bars(text: str) -> int:
    return text.count('class="bar ') - text.count('<span class="bar ')


def test_a_booked_suite_is_a_bar_with_its_batch_and_how_it_stands(made: tuple[House, str]) -> None:
    house, number = made
    page = as_person(made, "operator.plant").page("/screen/schedule?span=month")
    links = [given for tag, given in page.tags if tag == "a" and given.get("href") == f"/screen/batches/{number}"]
    assert links and "manufacture" in links[0]["aria-label"] and "UTC" in links[0]["aria-label"]
    # A batch in quarantine is made: its window is done, and nothing in its row is late.
    assert "done" in links[0]["aria-label"] and "late" not in links[0]["aria-label"]
    assert _bars(page.text) == sum(bool(house.journal.taken(f"equipment/suite-{n}")) for n in range(1, 13))
    assert not any(name == "style" for _, found in page.tags for name in found)


def test_a_window_whose_time_has_come_and_gone_is_late_in_words(made: tuple[House, str]) -> None:
    house, _ = made
    coi, row = next(iter(house.journal.rows("therapies").items()))
    soon = house.clock() + timedelta(hours=2)
    booked = house.loop.handle(
        BookSlots(coi, "bedside", "bedside", row["site"], soon, 6), house.loop.actor("planner.plant")
    ).answer
    path = f"/screen/schedule?kind=bedside&span=week&day={booked['starts_at']:%Y-%m-%d}"
    doctor = as_person(made, f"prescriber.{row['site']}")
    before = doctor.page(path).text
    assert booked["resource"] in before and "to come" in before and "3 h late" not in before
    house.clock.__self__.advance(booked["starts_at"] + timedelta(days=1, hours=3))  # type: ignore[attr-defined]
    after = doctor.page(path).text
    assert "1 d 3 h late" in after and "not begun" in after


def test_other_sites_are_not_shown(made: tuple[House, str]) -> None:
    coi = next(iter(made[0].journal.rows("therapies")))
    site = made[0].loop.reader.therapy(coi).site
    other = "hospital-south" if site == "hospital-north" else "hospital-north"
    page = as_person(made, f"prescriber.{other}").page("/screen/schedule?kind=apheresis&span=month")
    assert coi not in page.text and f"@{site}" not in page.text and f"@{other}" in page.text


def test_the_schedule_is_for_its_roles(made: tuple[House, str]) -> None:
    assert as_person(made, "it.plant").send("GET", "/screen/schedule").status_code == 403


@pytest.mark.parametrize("query", ["span=year&kind=none", "day=yesterday", "day=9999-12-31", "day=0001-01-01"])
def test_an_address_nobody_made_is_still_a_page(made: tuple[House, str], query: str) -> None:
    assert as_person(made, "operator.plant").send("GET", f"/screen/schedule?{query}").status_code == 200


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)), st.sampled_from(["week", "month"]))
def test_a_week_begins_on_its_monday(day: datetime, span: str) -> None:
    at = day.replace(tzinfo=UTC)
    first = first_of(f"{at:%Y-%m-%d}", span, at)
    assert first.isoweekday() == 1 and first <= at < first + timedelta(days=7)
