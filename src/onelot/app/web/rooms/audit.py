"""The audit trail: search by record, person, type, time and site; export as CSV, or a batch's signed evidence."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response

from onelot.app.context import Actor
from onelot.app.export import export_batch
from onelot.app.web import reading
from onelot.app.web.pages import HEADERS
from onelot.app.web.rooms.equipment import day_of
from onelot.app.web.screen import Screen, Sent, Text
from onelot.app.web.shown import shown_unit
from onelot.app.web.trail import Search, as_csv, bounds, fields, trail, visible
from onelot.app.web.typed import moment
from onelot.record.events import types

PATH = "/screen/audit"
NAV = (("audit", PATH),)
PAGE = 100
Word = Annotated[str, Query(max_length=200)]


class Asked:
    """The search as the address bar keeps it."""

    def __init__(
        self, stream: Word = "", person: Word = "", kind: Word = "", site: Word = "", since: Word = "",
        until: Word = "", before: Word = "",
    ) -> None:  # fmt: skip
        self.given = {
            "stream": stream, "person": person, "kind": kind, "site": site, "since": since, "until": until,
        }  # fmt: skip
        self.search = Search(
            stream.replace(" ", ""), person.strip(), kind, site, day_of(since) if since else None,
            day_of(until) + timedelta(days=1) if until else None,
        )  # fmt: skip
        # Where the search before this one ended: its older part is this one's.
        self.before = moment(before, "before") if before else None
        self.at = {"before": before} if before else {}

    def address(self, path: str = PATH, **change: object) -> str:
        """This search, at another page of it."""
        kept = {name: value for name, value in {**self.given, **self.at, **change}.items() if value}
        return path + (f"?{urlencode(kept)}" if kept else "")


def routes(router: APIRouter, screen: Screen) -> None:
    """The search and its exports."""
    house = screen.house

    @router.get("/audit")
    def audit(request: Request, asked: Annotated[Asked, Depends()], page: int = 1) -> Response:
        actor = screen.enter(request, "audit")
        found = trail(house, actor, asked.search, asked.before)
        count = len(found.entries)
        last = max(1, -(-count // PAGE))
        page = min(max(page, 1), last)
        shown = found.entries[(page - 1) * PAGE : page * PAGE]
        return screen.render(
            "audit.html", request, actor, asked=asked.given, count=count, found=found, page=page, last=last,
            further=asked.address(before=f"{found.older:%Y-%m-%dT%H:%MZ}") if found.older else "",
            newest=asked.address(before="") if found.until else "",
            rows=[
                (entry, knot, [(name, shown_unit(text) if name in reading.UNITS else text) for name, text in said])
                for entry, knot in zip(shown, reading.knots(house, shown), strict=True)
                for said in (fields(entry.envelope["data"]),)
            ],
            kinds=sorted(types()), csv=asked.address(f"{PATH}/export.csv"), people=_people(screen, actor),
            sites=sorted(site for site in house.journal.rows("sites") if actor.may_see(site)),
            before=asked.address(page=page - 1) if page > 1 else "",
            after=asked.address(page=page + 1) if page < last else "",
        )  # fmt: skip

    @router.get("/audit/export.csv")
    def export(request: Request, asked: Annotated[Asked, Depends()]) -> Response:
        actor = screen.enter(request, "audit")
        found = trail(house, actor, asked.search, asked.before)
        # Logged before it is given: an answer that left without a line would be worse than a line without an answer.
        house.log_look(
            actor.id, "audit", f"CSV export of {len(found.entries)} events: {urlencode(asked.given)} ({bounds(found)})"
        )
        return _file(as_csv(found), "text/csv; charset=utf-8", "onelot-audit.csv")

    @router.post("/audit/evidence")
    def evidence(request: Request, sent: Annotated[Sent, Depends()], batch: Text = "") -> Response:
        actor = screen.enter(request, "audit", sent)
        number = batch.strip()
        reading.open_batch(house, actor, number)
        house.log_look(actor.id, f"batch/{number}", "evidence export")
        data = export_batch(house.whole, house.site_keys, number, house.clock(), house.seals)
        return _file(data, "application/json", f"{number}.json")


def _people(screen: Screen, actor: Actor) -> list[tuple[str, str]]:
    rows = screen.house.journal.rows("people").items()
    seen = visible(screen.house, actor, [f"person/{login}" for login, _ in rows])
    return sorted((str(row["printed_name"]), login) for login, row in rows if f"person/{login}" in seen)


def _file(data: bytes, kind: str, name: str) -> Response:
    return Response(data, media_type=kind, headers={**HEADERS, "Content-Disposition": f'attachment; filename="{name}"'})
