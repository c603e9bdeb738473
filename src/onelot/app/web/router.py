"""The screens, put together: one router, one module a room. Deny by default: `pages` in data/roles.json."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute

from onelot.app.api.doors import Doors, status_of, unfit
from onelot.app.sign_in import NotSignedIn, Unfinished
from onelot.app.simulation.live import Live
from onelot.app.web import rooms
from onelot.app.web.language import FIRST, words_of
from onelot.app.web.pages import COOKIE, HEADERS, Pages
from onelot.app.web.rooms import signing_in
from onelot.app.web.screen import Screen
from onelot.record.errors import OnelotError

# Every module of the folder; the order in the head of the pages is that of the words in language/en/nav.json.
ROOMS = tuple(import_module(f"{rooms.__name__}.{each.name}") for each in iter_modules(rooms.__path__))
_ORDER = list(words_of(FIRST)["nav"])


def web_router(doors: Doors, *, secure: bool = False, live: Live | None = None) -> APIRouter:
    """The screens over this house. secure: served over TLS, so that cookies travel under it only.

    live: the simulation that runs beside the server; without one its pages refuse, and are not named in the head.
    """
    here = [room for room in ROOMS if live is not None or not getattr(room, "SIMULATED", False)]
    nav = sorted((each for room in here for each in getattr(room, "NAV", ())), key=lambda each: _ORDER.index(each[0]))
    screen = Screen(doors, Pages(doors.house, tuple(nav), doors.cookie(COOKIE)), secure, live)
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
                except RequestValidationError as error:
                    refusal = unfit(error, "every field of a form has a kind and a length")
                    return pages.render("refused.html", request, None, 422, error=refusal)

            return handler

    return Refusing
