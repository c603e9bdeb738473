"""The screens, put together: one router, one module a room. Deny by default: `pages` in data/roles.json."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute

from onelot.app.api.doors import Doors, status_of
from onelot.app.sign_in import NotSignedIn, Unfinished
from onelot.app.simulation.live import Live
from onelot.app.web.pages import COOKIE, HEADERS, Pages
from onelot.app.web.rooms import (
    administration,
    assets,
    audit,
    batch_record,
    board,
    clock,
    documents,
    equipment,
    me,
    network,
    release,
    schedule,
    signing_in,
    tailoring,
    tour,
)
from onelot.app.web.screen import Screen
from onelot.record.errors import OnelotError

ROOMS = (
    assets, signing_in, board, batch_record, release, schedule, network, tailoring, administration, equipment,
    documents, audit, clock, tour, me,
)  # fmt: skip
# Their pages refuse wherever no simulation runs, and are not named in the head there.
SIMULATED = (clock, tour)


def web_router(doors: Doors, *, secure: bool = False, live: Live | None = None) -> APIRouter:
    """The screens over this house. secure: served over TLS, so that cookies travel under it only.

    live: the simulation that runs beside the server.
    """
    rooms = [room for room in ROOMS if live is not None or room not in SIMULATED]
    nav = tuple(each for room in rooms for each in getattr(room, "NAV", ()))
    screen = Screen(doors, Pages(doors.house, nav, doors.cookie(COOKIE)), secure, live)
    router = APIRouter(prefix="/screen", include_in_schema=False, route_class=_refusing(screen.pages))
    for room in ROOMS:
        room.routes(router, screen)
    return router


def _refusing(pages: Pages) -> type[APIRoute]:
    """Routes whose refusals are pages of three lines; nobody signed in is sent to sign in."""

    class Refusing(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            inner = super().get_route_handler()

            async def handler(request: Request) -> Response:
                try:
                    return await inner(request)
                except Unfinished as error:
                    if request.method == "GET" and not request.url.path.startswith("/screen/sign-in"):
                        return RedirectResponse(signing_in.NEXT, 303, dict(HEADERS))
                    return pages.render("refused.html", request, None, 401, error=error)
                except NotSignedIn as error:
                    if not request.url.path.endswith("/sign-in"):
                        return RedirectResponse("/screen/sign-in", 303, dict(HEADERS))
                    return pages.render("refused.html", request, None, 401, error=error)
                except OnelotError as error:
                    return pages.render("refused.html", request, None, status_of(error), error=error)

            return handler

    return Refusing
