"""The clock of a simulation: slowed, paused, stepped; with the board beside it, pushed as things happen."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from time import monotonic
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from onelot.app.context import Actor
from onelot.app.simulation.live import Live
from onelot.app.simulation.pace import HOPS, SPEEDS, Pace
from onelot.app.web import reading
from onelot.app.web.pages import HEADERS
from onelot.app.web.screen import Screen, Sent, Text
from onelot.record.errors import BadInput, OnelotError

PATH = "/screen/clock"
NAV, SIMULATED = (("clock", PATH),), True
_ROWS, _EVERY_S = 25, 1.0
_FRAGMENTS = ("time", "happened", "batches")
# Said when nothing else is, so that a connection that is gone is noticed.
_STILL_S = 15.0


def routes(router: APIRouter, screen: Screen) -> None:
    """The clock's page, what it pushes, and its buttons."""

    @router.get("/clock")
    def clock(request: Request) -> Response:
        actor = screen.enter(request, "clock")
        return screen.render("clock.html", request, actor, **_seen(screen, actor))

    @router.post("/clock")
    def turn(request: Request, sent: Annotated[Sent, Depends()], do: Text = "") -> Response:
        screen.enter(request, "clock", sent)
        _turn(screen.simulation.pace, do)
        return screen.go(PATH)

    @router.get("/clock/stream")
    def stream(request: Request) -> Response:
        """Server-sent events: the clock and the board as fragments, whenever they have changed."""
        screen.watch(request, "clock")
        pushed = _push(screen, request, screen.simulation)
        return StreamingResponse(pushed, media_type="text/event-stream", headers=dict(HEADERS))


def _seen(screen: Screen, actor: Actor) -> dict[str, Any]:
    live, house = screen.simulation, screen.house
    now = house.clock()
    rows = reading.board(house, actor, "", "", now)
    mine = {coi for coi, row in house.journal.rows("therapies").items() if actor.may_see(*row["sites"])}
    return {
        "now": now, "live": live, "pace": live.pace, "speeds": list(SPEEDS), "hops": list(HOPS),
        "rows": [reading.weighed(row, now) for row in rows if row["open"]][:_ROWS],
        "counts": sorted(Counter(str(row["state"]) for row in rows).items()), "orders": len(mine),
        "unordered": sorted(Counter(found for _, found in live.unordered).items(), key=lambda each: each[0].place),
        "lines": [line for line in list(live.lines) if not line.coi or line.coi in mine],
    }  # fmt: skip


def _turn(pace: Pace, do: str) -> None:
    verb, _, which = do.partition(" ")
    match verb:
        case "pause":
            pace.pause()
        case "go":
            pace.go_on()
        case "step":
            pace.step()
        case "hop" if which in HOPS:
            pace.hop(HOPS[which])
        case "speed" if which in SPEEDS:
            pace.choose(which)
            pace.go_on()
        case _:
            raise BadInput("the clock does not know that", rule="pause, go, step, hop, speed", remedy="use its buttons")


async def _push(screen: Screen, request: Request, live: Live) -> AsyncIterator[bytes]:
    """As long as the session lives, which watching does not keep alive; the last word says why it ended."""

    def fragments() -> list[tuple[str, str]]:
        # Asked again each time: whoever was signed out, or lost a role, is told nothing more.
        given = _seen(screen, screen.watch(request, "clock"))
        return [(name, screen.pages.fragment(f"live/{name}.html", request, **given)) for name in _FRAGMENTS]

    last: dict[str, str] = {}
    why, said_at = "session", monotonic()
    while True:
        try:
            found = await run_in_threadpool(fragments)
        except OnelotError:
            break
        for name, text in found:
            if last.get(name) != text:
                last[name], said_at = text, monotonic()
                yield _event(name, text)
        if live.pace.stopped:
            why = "simulation"
            break
        if monotonic() - said_at > _STILL_S:
            said_at = monotonic()
            yield b": still here\n\n"
        await asyncio.sleep(_EVERY_S)
    yield _event("ended", screen.pages.fragment("live/ended.html", request, why=why))


def _event(name: str, text: str) -> bytes:
    return "".join([f"event: {name}\n", *(f"data: {line}\n" for line in text.split("\n")), "\n"]).encode()
