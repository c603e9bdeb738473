"""The board: all batches, what needs a person soonest first. Filters are links; the address bar keeps them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from onelot.app.authority import roles_of_page, sees_personal_data
from onelot.app.context import Actor
from onelot.app.web import reading
from onelot.app.web.rooms.work import next_of
from onelot.app.web.screen import HOME, Screen

NAV = (("board", HOME),)


def routes(router: APIRouter, screen: Screen) -> None:
    """The board's page."""

    @router.get("/board")
    def board(request: Request, state: str = "", site: str = "", role: str = "", page: int = 1) -> Response:
        actor = screen.enter(request, "board")
        now = screen.house.clock()
        seen = reading.board(screen.house, actor, "", "", now)
        steps = {row["batch"]: next_of(row) for row in seen}
        rows = [
            row
            for row in seen
            if state in ("", row["state"])
            and site in ("", row["site"])
            and (not role or role in steps[row["batch"]][1])
        ]
        last = max(1, -(-len(rows) // reading.PAGE))
        page = min(max(page, 1), last)
        first = (page - 1) * reading.PAGE

        def address(**change: object) -> str:
            given = {"state": state, "site": site, "role": role, **change}
            kept = {name: value for name, value in given.items() if value not in ("", 1)}
            return HOME + (f"?{urlencode(kept)}" if kept else "")

        filters = [
            (name, [("", address(**{name: ""})), *((each, address(**{name: each})) for each in found)], chosen)
            for name, found, chosen in (
                ("state", sorted({row["state"] for row in seen}), state),
                ("site", sorted({row["site"] for row in seen}), site),
                ("role", sorted({each for _, roles, _ in steps.values() for each in roles}), role),
            )
        ]
        page_rows = rows[first : first + reading.PAGE]
        aliases = _aliases(screen, actor, page_rows)
        shown = [_with_next(row, steps[row["batch"]], actor, now, aliases) for row in page_rows]
        return screen.render(
            "board.html", request, actor, rows=shown,
            filters=filters, count=len(rows), page=page, last=last,
            before=address(page=page - 1) if page > 1 else "", after=address(page=page + 1) if page < last else "",
        )  # fmt: skip


def _aliases(screen: Screen, actor: Actor, rows: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Therapy -> what others call it, for roles that see who the patient is; others read the chain of identity."""
    if not sees_personal_data(actor):
        return {}
    wanted = sorted({coi for row in rows for coi in row["therapies"]})
    found = screen.house.journal.rows("therapies", wanted) if wanted else {}
    return {coi: row.get("aliases", []) for coi, row in found.items()}


def _with_next(
    row: dict[str, Any], step: tuple[str, tuple[str, ...], str], actor: Actor, now: datetime,
    aliases: dict[str, list[str]],
) -> dict[str, Any]:  # fmt: skip
    """The row with what comes next, for whom, and whether this person may open it."""
    word, roles, page = step
    row = reading.weighed(row, now)
    return {
        **row, "next": word, "next_roles": roles, "page": page,
        "may_next": bool(roles_of_page(page) & actor.roles),
        "aliases": [each for coi in row["therapies"] for each in aliases.get(coi, [])],
    }  # fmt: skip
