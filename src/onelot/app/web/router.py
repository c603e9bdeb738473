"""The screens, put together: one router, one module a room. Deny by default: `pages` in data/roles.json."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from onelot.app.api.doors import Doors, Said, status_of, unfit, unread
from onelot.app.api.refusals import Refusals
from onelot.app.context import Actor
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


def web_router(doors: Doors, refusals: Refusals, *, secure: bool = False, live: Live | None = None) -> APIRouter:
    """The screens over this house. secure: served over TLS, so that cookies travel under it only.

    live: the simulation that runs beside the server; without one its pages refuse, and are not named in the head.
    """
    here = [room for room in ROOMS if live is not None or not getattr(room, "SIMULATED", False)]
    nav = sorted((each for room in here for each in getattr(room, "NAV", ())), key=lambda each: _ORDER.index(each[0]))
    settings = doors.sign_in.settings
    idle = settings.idle_minutes, settings.badge.idle_minutes if settings.badge else settings.idle_minutes
    screen = Screen(doors, Pages(doors.house, tuple(nav), doors.cookie(COOKIE), idle), secure, live)
    router = APIRouter(prefix="/screen", include_in_schema=False, route_class=_refusing(screen, refusals))
    for room in ROOMS:
        room.routes(router, screen)
    return router


def refusal_page(doors: Doors) -> Said:
    """How a refusal is said where no page was reached: an address that is none, a defect."""
    pages = Pages(doors.house, (), doors.cookie(COOKIE))

    def said(request: Request, error: OnelotError, status: int) -> Response:
        return pages.render("refused.html", request, None, status, error=error)

    return said


def _refusing(screen: Screen, refusals: Refusals) -> type[APIRoute]:
    """Routes whose refusals are pages of three lines; nobody signed in is sent to sign in."""
    pages = screen.pages

    def known(request: Request) -> Actor | None:
        """Who is refused, so that the head of the page is theirs; nobody, where that is what was refused."""
        try:
            return screen.doors.recognise(request)
        except OnelotError:
            return None

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
                except RequestValidationError as error:
                    refusal = unfit(error, "every field of a form has a kind and a length")
                    return pages.render("refused.html", request, known(request), 422, error=refusal)
                except HTTPException as error:
                    return pages.render("refused.html", request, None, error.status_code, error=unread(error))
                except OnelotError as error:
                    await run_in_threadpool(refusals.note, request, error)
                    said = refusals.said(error)
                    return pages.render("refused.html", request, known(request), status_of(error), error=said)

            return handler

    return Refusing
