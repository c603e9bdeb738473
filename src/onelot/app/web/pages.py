"""Pages as answers: templates, headers, the token on every form, times and identifiers as people read them."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import Any

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context as Given
from markupsafe import Markup, escape

from onelot.app.advice import PGX
from onelot.app.authority import roles_of_page
from onelot.app.context import Actor
from onelot.app.house import SIMULATION, House
from onelot.app.tailoring import brief
from onelot.app.web.language import FIRST, LANGUAGES, preferred, words_of
from onelot.app.web.speaking import Speakers, said, said_plain, told
from onelot.record.errors import NotAllowed
from onelot.record.identity import grouped

COOKIE, BEFORE = "onelot-session", "onelot-before"
SPOKEN, LIGHT = "onelot-language", "onelot-light"
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
# state -> (class of the tag, shape); the word itself is the state's.
_TAGS = {
    "released": ("done", "●"),
    "administered": ("done", "●"),
    "approved": ("done", "●"),
    "optimal": ("done", "●"),
    "infeasible": ("stopped", "■"),
    "withdrawn": ("stopped", "■"),
    "draft": ("risk", "▲"),
    "rejected": ("stopped", "■"),
    "terminated": ("stopped", "■"),
    "returned": ("stopped", "■"),
    "held": ("stopped", "■"),
    "quarantine": ("risk", "▲"),
    "exceptional_supply": ("risk", "▲"),
}


def language_of(request: Request) -> str:
    """The language of this browser."""
    return preferred(request.cookies.get(SPOKEN, ""), request.headers.get("accept-language", ""))


@pass_context
def shown_time(given: Given, value: str | datetime | None) -> str:
    """`22 Nov 2026 09:12 UTC`, or nothing."""
    if not value:
        return ""
    at = (datetime.fromisoformat(value) if isinstance(value, str) else value).astimezone(UTC)
    month = given["t"]["common"]["months"].split()[at.month - 1]
    return f"{at:%d} {month} {at:%Y %H:%M} UTC"


@pass_context
def shown_span(given: Given, value: timedelta) -> str:
    """`2 d 4 h`, or `35 min` below an hour."""
    word, minutes = given["t"]["common"], max(int(value.total_seconds() // 60), 0)
    if minutes < 60:
        return f"{minutes} {word['minutes']}"
    days, hours = divmod(minutes // 60, 24)
    return " ".join(f"{n} {word[unit]}" for n, unit in ((days, "days"), (hours, "hours")) if n)


@pass_context
def shown_tick(given: Given, at: datetime, span: str) -> str:
    """A mark on a time axis: the hour of a day, else weekday and day, with the month where it is needed."""
    if span == "day":
        return f"{at:%H:%M}"
    word = given["t"]["common"]
    month = word["months"].split()[at.month - 1] if span == "month" or at.day == 1 else ""
    return f"{word['weekdays'].split()[at.weekday()]} {at.day} {month}".strip()


def shown_id(name: str) -> str:
    """A batch number or chain of identity with its number in groups of four."""
    head, dash, tail = name.rpartition("-")
    number = tail if dash else name
    if len(number) == 13 and number.isalnum():
        return f"{head} {grouped(number)}".strip()
    return name


def tag(state: str) -> tuple[str, str]:
    """Class and shape of a state."""
    return _TAGS.get(state, ("now", "◐"))


@pass_context
def words(given: Given, name: str) -> str:
    """`PhaseStarted` or `in_process` in plain words of the reader's language."""
    if name.startswith(PGX):
        return name.removeprefix(PGX)  # a gene is called by its symbol
    found = given["speaker"].word(name)
    if found:
        return str(found)
    spaced = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)
    return spaced.replace("_", " ").strip()


def shown_unit(unit: str) -> str:
    """A UCUM unit as people read it: `{copies}/{cells}` is copies/cells. Braces hold UCUM's annotations (UCUM §12)."""
    return re.sub(r"\{([^{}]*)\}", r"\1", unit)


def fill(text: str, **values: object) -> str:
    """`{n} events` with its values; marked up where one of them is."""
    marked = any(isinstance(each, Markup) for each in values.values())
    return escape(text).format(**values) if marked else text.format(**values)


class Pages:
    """Renders pages of one house. nav: (page, address) of what stands in the head of every page; cookie: the name of
    the session's cookie."""

    def __init__(self, house: House, nav: tuple[tuple[str, str], ...] = (), cookie: str = COOKIE) -> None:
        self._cookie = cookie
        self._simulated, self._site, self.nav = house.mode == SIMULATION, house.site, nav
        self._speakers = Speakers(house)
        self._templates = Environment(
            loader=PackageLoader("onelot.app.web", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters.update(
            time=shown_time,
            span=shown_span,
            tick=shown_tick,
            ident=shown_id,
            words=words,
            tag=tag,
            fill=fill,
            brief=brief,
            units=shown_unit,
            said=said,
            said_plain=said_plain,
            told=told,
        )
        self._templates.globals["new_once"] = lambda: secrets.token_urlsafe(16)

    def render(self, name: str, request: Request, actor: Actor | None, status: int = 200, **given: Any) -> Response:
        """A page, with its headers."""
        light = request.cookies.get(LIGHT, "")
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
            csrf=csrf_of(request.cookies.get(self._cookie, "")) if actor else "",
            **given,
        )
        return HTMLResponse(text, status, dict(HEADERS))

    def fragment(self, name: str, request: Request | None, **given: Any) -> str:
        """A template in the reader's language, without a page around it."""
        language = language_of(request) if request else FIRST
        return self._templates.get_template(name).render(
            t=words_of(language), language=language, speaker=self._speakers.of(language, given), **given
        )


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
