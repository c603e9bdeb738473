"""What is told of a refusal to whoever asked, and what is told of it to the logs.

An attempt at what somebody may not do leaves a line in the security log; what failed outside or inside is told to the
server's own log in full, and to the asker without its inner parts.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from datetime import UTC, datetime

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from onelot.app.api.doors import Doors, status_of
from onelot.app.sign_in import NotSignedIn
from onelot.app.sign_in.limits import Limits, TooOften
from onelot.record.errors import Broken, NotAllowed, OnelotError, Unreachable

LOG = logging.getLogger("onelot.server")
# Lines a minute and asker: enough to see an attack by, too few to fill a disk with.
MOST_LINES = 60
# The desk logs these itself, with how somebody tried (app/sign_in/tries.py).
_LOGGED_THERE = ("/session", "/me", "/screen/sign-in", "/screen/me")


class Refusals:
    """Notes and says refusals. headers: what the asker gets with an answer that no route gave."""

    def __init__(self, doors: Doors, headers: dict[str, str]) -> None:
        self._doors, self._headers = doors, headers
        self._lines = Limits(lambda: datetime.now(UTC), MOST_LINES)

    def note(self, request: Request, error: OnelotError) -> None:
        """Log an attempt at what is not allowed: who, from where, at which route, and why not."""
        route = getattr(request.scope.get("route"), "path", "")
        if not isinstance(error, NotAllowed) or isinstance(error, NotSignedIn) or route.startswith(_LOGGED_THERE):
            return
        known = getattr(request.state, "known", None)
        who, where = known[1].id if known else "", self._doors.where(request)
        # Couriers' links once stood in addresses as a shipment's number does now: an old one is in no log.
        about = {name: value[:80] for name, value in request.path_params.items() if name != "shipment"}
        try:
            self._lines.begin(who or where.address)
            self._doors.sign_in.log.write(
                "not allowed", who.removeprefix("person/"), where, route=f"{request.method} {route}",
                about=", ".join(about.values()), why=error.what[:200],
            )  # fmt: skip
        except TooOften:
            return
        except Unreachable:
            LOG.exception("a refusal could not be logged")

    def said(self, error: OnelotError) -> OnelotError:
        """The refusal as the asker gets it: an address or a folder of the inside goes to the log instead."""
        if not isinstance(error, Unreachable):
            return error
        LOG.error("unreachable: %s", error)
        return Unreachable(error.what.partition(":")[0], rule=error.rule, remedy=error.remedy)

    def unexpected(self, request: Request, error: Exception) -> Broken:
        """Log what nobody foresaw, with its traceback, under a number; give the refusal that names the number."""
        number = secrets.token_hex(4)
        route = getattr(request.scope.get("route"), "path", "no route")
        LOG.error("unexpected, number %s, at %s %s", number, request.method, route, exc_info=error)
        return Broken(
            f"something in onelot failed (number {number})",
            rule="a step is carried out whole or not at all; the cause stands in the server's log under this number",
            remedy="try again; if it stays so, give IT the number",
        )

    def install(self, app: FastAPI, page: Callable[[Request, OnelotError, int], Response]) -> None:
        """Answer refusals of the API as JSON, and what nobody foresaw as JSON or as a page.

        page: renders a refusal as a page.
        """

        @app.exception_handler(OnelotError)
        def refused(request: Request, error: OnelotError) -> JSONResponse:
            self.note(request, error)
            again = {"Retry-After": "60"} if isinstance(error, TooOften) else None
            return JSONResponse(self.said(error).as_dict(), status_code=status_of(error), headers=again)

        @app.exception_handler(Exception)
        def failed(request: Request, error: Exception) -> Response:
            refusal = self.unexpected(request, error)
            if request.url.path.startswith("/screen/"):
                answer = page(request, refusal, 500)
            else:
                answer = JSONResponse(refusal.as_dict(), status_code=500)
            # Outside of every middleware, which had put them on.
            for name, value in self._headers.items():
                answer.headers.setdefault(name, value)
            return answer
