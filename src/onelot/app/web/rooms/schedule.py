"""The schedule: suites and units as rows of a timetable, booked windows as bars, lateness in words."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from onelot.app.authority import roles_of_page
from onelot.app.web.screen import Screen
from onelot.app.web.timetable import SPANS, classes, first_of, timetable

PATH = "/screen/schedule"
NAV = (("schedule", PATH),)
# What is shown first: where the patient's own product is made.
_USUAL = "suite"
Word = Annotated[str, Query(max_length=100)]


def routes(router: APIRouter, screen: Screen) -> None:
    """The schedule's page."""
    house = screen.house

    @router.get("/schedule")
    def schedule(request: Request, kind: Word = "", site: Word = "", span: Word = "week", day: Word = "") -> Response:
        actor = screen.enter(request, "schedule")
        now, known = house.clock(), classes(house, actor)
        kind = kind if kind in known else (_USUAL if _USUAL in known or not known else known[0])
        span = span if span in SPANS else "week"
        first = first_of(day, span, now)
        table = timetable(house, actor, kind, site, first, SPANS[span], now)

        def address(**change: str) -> str:
            given = {"kind": kind, "site": site, "span": span, "day": f"{first:%Y-%m-%d}", **change}
            return f"{PATH}?{urlencode({name: value for name, value in given.items() if value})}"

        step = timedelta(days=SPANS[span])
        sites = sorted({row["site"] for row in house.journal.rows("equipment").values() if actor.may_see(row["site"])})
        return screen.render(
            "schedule.html", request, actor, table=table, kind=kind, site=site, span=span, now=now,
            kinds=[(each, address(kind=each)) for each in known],
            sites=[(each, address(site=each)) for each in ("", *sites)],
            spans=[(each, address(span=each)) for each in SPANS],
            before=address(day=f"{first - step:%Y-%m-%d}"), after=address(day=f"{first + step:%Y-%m-%d}"),
            today=address(day=""), may_stock=bool(roles_of_page("stock") & actor.roles),
        )  # fmt: skip
