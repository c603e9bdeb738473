"""Stylesheet, script and sign: ours from this package, HTMX out of its installed wheel. Nothing from elsewhere."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from onelot.app.web.language import LANGUAGES
from onelot.app.web.pages import HEADERS, LIGHT, SPOKEN
from onelot.app.web.screen import HOME, Screen
from onelot.record.errors import OnelotError

_KINDS = {"css": "text/css", "svg": "image/svg+xml; charset=utf-8", "js": "text/javascript"}
_YEAR = 365 * 24 * 3600


def routes(router: APIRouter, screen: Screen) -> None:
    """Serve each file under its own name; and the choices of language and light."""
    ours = files("onelot.app.web") / "static"
    htmx = files("js_lib_htmx") / "static" / "htmx"
    for file in (*ours.iterdir(), htmx / "htmx.min.js", htmx / "ext" / "sse.js"):
        _serve(router, file)

    @router.get("")
    def front(request: Request) -> Response:
        """Where somebody begins: their first page, or to sign in."""
        try:
            return screen.go(screen.home(screen.doors.recognise(request)))
        except OnelotError:
            return screen.go("/screen/sign-in")

    @router.get("/choice")
    def choose(request: Request, language: str = "", light: str = "", back: Annotated[str, Query()] = HOME) -> Response:
        """Keep a choice of language or light in this browser, and go back to a page of ours."""
        answer = screen.go(back if back.startswith("/screen/") else HOME)
        for name, value, known in ((SPOKEN, language, LANGUAGES), (LIGHT, light, ("light", "dark", "auto"))):
            if value in known:
                answer.set_cookie(
                    screen.doors.cookie(name),
                    value,
                    max_age=_YEAR,
                    httponly=True,
                    samesite="strict",
                    secure=screen.secure,
                    path="/",
                )
        return answer


def _serve(router: APIRouter, file: Traversable) -> None:
    data, kind = file.read_bytes(), _KINDS.get(file.name.rpartition(".")[2])
    if kind is None:
        return

    @router.get(f"/static/{file.name}", name=f"static {file.name}")
    def serve() -> Response:
        return Response(data, media_type=kind, headers={**HEADERS, "Cache-Control": "max-age=300"})
