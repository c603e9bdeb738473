"""Pages as answers: templates, headers, the token on every form, times and identifiers as people read them."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
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
from onelot.app.tailoring import brief, number
from onelot.app.web.language import FIRST, LANGUAGES, preferred, words_of
from onelot.record.errors import NotAllowed
from onelot.record.identity import grouped

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
# state -> (class of the tag, shape); the word itself is the state's.
_NUMBER = re.compile(r"-?\d{1,40}(\.\d{1,40})?")
_HUMPS = re.compile(r"(?<=[a-z])(?=[A-Z])")
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


def chosen(request: Request, name: str) -> str:
    """What this browser chose, under either name of its cookie (`Doors.cookie`); "" for nothing."""
    return request.cookies.get(f"__Host-{name}", request.cookies.get(name, ""))


def language_of(request: Request) -> str:
    """The language of this browser."""
    return preferred(chosen(request, SPOKEN), request.headers.get("accept-language", ""))


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


def digits(value: object) -> str:
    """A plain number with its large digits in groups of three; anything else as it is."""
    text = str(value)
    return number(Decimal(text)) if _NUMBER.fullmatch(text) else text


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
    found = given["t"]["names"].get(name)
    if found:
        return str(found)
    if not _NAME.fullmatch(name):
        return name
    parts = _HUMPS.sub(" ", name).replace("_", " ").split(" ")
    return " ".join(each if len(each) > 1 and each.isupper() else each.lower() for each in parts).strip()


def shown_hour(at: datetime) -> str:
    """`09:12 UTC`."""
    return f"{at.astimezone(UTC):%H:%M} UTC"


# A name of ours, as in `PhaseStarted`, `in_process` or `pgx_ABCG2` (a gene keeps its letters); what is none, such as a
# lot's number, is shown as it stands.
_NAME = re.compile(r"[A-Z]?[a-z0-9_ ()]*([A-Z][a-z0-9]+)*|[a-z]+_[A-Z][A-Z0-9]*")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})")


@pass_context
def said(given: Given, value: str) -> str:
    """A text as it is read: each moment in it with its zone in words, everything else as it stands."""
    return _MOMENT.sub(lambda found: shown_time(given, found[0]), value)


def shown_number(value: Decimal | str) -> str:
    """A number as people read it: `92.3`, `4.1e8`; three digits from a million on."""
    value = Decimal(value)
    if abs(value) < 1_000_000:
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    digits, _, power = f"{value:.2e}".partition("e")
    return f"{digits.rstrip('0').rstrip('.')}e{int(power)}"


@pass_context
def shown_day(given: Given, at: datetime) -> str:
    """`22 Nov 2026`, of a moment in UTC."""
    at = at.astimezone(UTC)
    return f"{at:%d} {given['t']['common']['months'].split()[at.month - 1]} {at:%Y}"


def shown_unit(unit: str) -> str:
    """A UCUM unit as people read it: `{copies}/{cells}` is copies/cells. Braces hold UCUM's annotations (UCUM §12)."""
    return re.sub(r"\{([^{}]*)\}", r"\1", unit)


def fill(text: str, **values: object) -> str:
    """`{n} events` with its values."""
    return text.format(**values)


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
        self._cookie, self._idle = cookie, idle
        # What a tour puts on top of every page, None where none is on; the tour's room sets it.
        self.strip: Callable[[Request], object] = lambda request: None
        self._simulated, self._site, self.nav = house.mode == SIMULATION, house.site, nav
        self._templates = Environment(
            loader=PackageLoader("onelot.app.web", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters.update(
            time=shown_time,
            day=shown_day,
            hour=shown_hour,
            said=said,
            figure=shown_number,
            span=shown_span,
            tick=shown_tick,
            ident=shown_id,
            words=words,
            tag=tag,
            fill=fill,
            brief=brief,
            digits=digits,
            units=shown_unit,
        )
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
        return self._templates.get_template(name).render(t=words_of(language), language=language, **given)


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
