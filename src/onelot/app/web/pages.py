"""Pages as answers: templates, headers, and the token on every form."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from hmac import compare_digest
from typing import Any

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context as Given

from onelot.app.authority import roles_of_page
from onelot.app.context import Actor
from onelot.app.house import SIMULATION, House
from onelot.app.web.language import FIRST, LANGUAGES, preferred, words_of
from onelot.app.web.reading import names
from onelot.app.web.shown import FILTERS
from onelot.app.web.speaking import Speakers, said, said_plain, told
from onelot.record.errors import NotAllowed

COOKIE, BEFORE = "onelot-session", "onelot-before"
SPOKEN, LIGHT = "onelot-language", "onelot-light"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def chosen(request: Request, name: str) -> str:
    """What this browser chose, under either name of its cookie (`Doors.cookie`); "" for nothing."""
    return request.cookies.get(f"__Host-{name}", request.cookies.get(name, ""))


def language_of(request: Request) -> str:
    """The language of this browser."""
    return preferred(chosen(request, SPOKEN), request.headers.get("accept-language", ""))


class Pages:
    """Renders pages of one house. nav: (page, address) of what stands in the head of every page; cookie: the name of
    the session's cookie; idle: minutes without use after which a session is over, a person's and a tablet's."""

    def __init__(
        self,
        house: House,
        nav: tuple[tuple[str, str], ...] = (),
        cookie: str = COOKIE,
        idle: tuple[int, int] = (30, 5),
    ) -> None:
        self._house, self._cookie, self._idle = house, cookie, idle
        # What a tour puts on top of every page, None where none is on; the tour's room sets it.
        self.strip: Callable[[Request], object] = lambda request: None
        self._simulated, self._site, self.nav = house.mode == SIMULATION, house.site, nav
        self._speakers = Speakers(house)
        self._templates = Environment(
            loader=PackageLoader("onelot.app.web", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters.update(FILTERS, said=said, said_plain=said_plain, told=told, named=named)
        self._templates.globals["new_once"] = lambda: secrets.token_urlsafe(16)

    def render(self, name: str, request: Request, actor: Actor | None, status: int = 200, **given: Any) -> Response:
        """A page, with its headers."""
        light = chosen(request, LIGHT)
        text = self.fragment(
            name,
            request,
            simulated=self._simulated,
            house_site=self._site,
            here=request.url.path,
            light=light if light in ("light", "dark") else "",
            languages=LANGUAGES,
            actor=actor,
            nav=[each for each in self.nav if actor and roles_of_page(each[0]) & actor.roles],
            idle=self._idle[not actor.signs] * 60 if actor else 0,
            csrf=csrf_of(request.cookies.get(self._cookie, "")) if actor else "",
            tour=self.strip(request),
            **given,
        )
        return HTMLResponse(text, status, dict(HEADERS))

    def fragment(self, name: str, request: Request | None, **given: Any) -> str:
        """A template in the reader's language, without a page around it."""
        language = language_of(request) if request else FIRST
        return self._templates.get_template(name).render(
            t=words_of(language),
            language=language,
            speaker=self._speakers.of(language, given, request),
            name_of=cache(lambda: names(self._house)),
            **given,
        )


@pass_context
def named(given: Given, stream: str) -> str:
    """A person by the name that is printed with their signature; a site, and whoever has none, as it stands."""
    if stream.startswith("courier-link/"):
        return str(given["t"]["courier"]["by_link"])
    return str(given["name_of"]()(stream))


def csrf_of(secret: str) -> str:
    """The token a form carries: it follows from the cookie, which no other page can read."""
    return sha256(b"csrf/" + secret.encode()).hexdigest()


def check_csrf(secret: str, given: str) -> None:
    """Refuse a form that was not made for this browser's session."""
    if not secret or not compare_digest(csrf_of(secret).encode(), given.encode()):
        raise NotAllowed(
            "this form was not made for your session",
            rule="every form carries a token of its own session",
            remedy="open the page again and fill the form in once more",
        )


def new_secret() -> str:
    """A secret for a browser that has not signed in yet."""
    return secrets.token_urlsafe(32)
