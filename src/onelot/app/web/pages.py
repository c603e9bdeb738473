"""Pages as answers: templates, headers, the token on every form, times and identifiers as people read them."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from hashlib import sha256
from hmac import compare_digest
from typing import Any

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from onelot.app.authority import table
from onelot.app.context import Actor
from onelot.app.house import SIMULATION, House
from onelot.app.web.strings import STRINGS
from onelot.record.errors import NotAllowed
from onelot.record.identity import grouped

COOKIE, BEFORE = "onelot-session", "onelot-before"
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
    "rejected": ("stopped", "■"),
    "terminated": ("stopped", "■"),
    "returned": ("stopped", "■"),
    "quarantine": ("risk", "▲"),
    "exceptional_supply": ("risk", "▲"),
}


def shown_time(value: str | datetime | None) -> str:
    """`22 Nov 2026 09:12 UTC`, or nothing."""
    if not value:
        return ""
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return f"{at.astimezone(UTC):%d %b %Y %H:%M} UTC"


def shown_id(batch: str) -> str:
    """A batch number with its chain of identity in groups of four."""
    head, dash, tail = batch.partition("-")
    return f"{head} {grouped(tail)}" if dash and len(tail) == 13 and tail.isalnum() else batch


def tag(state: str) -> tuple[str, str]:
    """Class and shape of a state."""
    return _TAGS.get(state, ("now", "◐"))


def words(name: str) -> str:
    """`PhaseStarted` or `in_process` in plain words."""
    spaced = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)
    return spaced.replace("_", " ").strip()


class Pages:
    """Renders pages of one house."""

    def __init__(self, house: House) -> None:
        self._simulated = house.mode == SIMULATION
        self._site = house.site
        self._templates = Environment(
            loader=PackageLoader("onelot.app.web", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters.update(time=shown_time, ident=shown_id, words=words, tag=tag)

    def render(self, name: str, request: Request, actor: Actor | None, status: int = 200, **given: Any) -> Response:
        """A page, with its headers."""
        titles: dict[str, Any] = table()["roles"]
        who = ""
        if actor:
            roles = ", ".join(str(titles.get(role, {}).get("title", role)) for role in sorted(actor.roles))
            who = f"{actor.printed_name} · {roles}"
        text = self._templates.get_template(name).render(
            s=STRINGS,
            simulated=self._simulated,
            house_site=self._site,
            who=who,
            csrf=csrf_of(request.cookies.get(COOKIE, "")) if actor else "",
            **given,
        )
        return HTMLResponse(text, status, dict(HEADERS))


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
