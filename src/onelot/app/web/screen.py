"""What the pages share: who is here, which page opens for whom, a command given once, a thing signed as seen."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from typing import Annotated, Any

from fastapi import Form, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup

from onelot.app.admission import check_verifier
from onelot.app.api.doors import Doors
from onelot.app.api.writing import handle
from onelot.app.authority import roles_of_page
from onelot.app.commands import Command
from onelot.app.context import Actor, Context, Shown
from onelot.app.effects import carry_out
from onelot.app.house import SIMULATION, House
from onelot.app.loop import Done
from onelot.app.presence import missing
from onelot.app.sign_in.witness import Given
from onelot.app.simulation.live import Live
from onelot.app.web.pages import COOKIE, HEADERS, Pages, check_csrf
from onelot.record.errors import BadInput, Conflict, NotAllowed
from onelot.record.subjects import Person

HOME = "/screen/board"
Text = Annotated[str, Form(max_length=2000)]


class Sent:
    """What every form of ours carries: the session's token, the request's own name, and what a signature needs."""

    def __init__(
        self,
        csrf: Annotated[str, Form(max_length=64)] = "",
        once: Annotated[str, Form(max_length=64, pattern=r"^[\w-]*$")] = "",
        password: Annotated[str, Form(max_length=1000)] = "",
        seen: Annotated[str, Form(max_length=64, pattern=r"^[0-9a-f]*$")] = "",
        verifier_password: Annotated[str, Form(max_length=1000)] = "",
        verifier_badge: Annotated[str, Form(max_length=200)] = "",
        verifier_pin: Annotated[str, Form(max_length=12)] = "",
        verifier_ticket: Annotated[str, Form(max_length=100)] = "",
    ) -> None:
        self.csrf, self.once, self.password, self.seen = csrf, once, password, seen
        self.verifier = (verifier_password, verifier_badge, verifier_pin, verifier_ticket)

    def for_scan(self, thing: str, text: str) -> Sent:
        """The same form under a name of this very scan: a wrong one is on the record once, however often it is sent,
        and the step that the form belongs to is still to be done under the form's own name."""
        named = copy(self)
        mark = sha256("\0".join((self.once, thing, text)).encode()).hexdigest()
        named.once = f"stop-{mark[:40]}" if self.once else ""
        named.password = ""
        return named


@dataclass(frozen=True)
class Artefact:
    """What a signer is shown, as one piece: its markup, its digest (64 hex digits), and whose values stand in it."""

    markup: Markup
    digest: str
    patient: str = ""


@dataclass(frozen=True)
class Screen:
    """The house as the pages see it. secure: served over TLS, so that cookies travel under it only.

    live: the simulation that runs beside the server, if one does.
    """

    doors: Doors
    pages: Pages
    secure: bool = False
    live: Live | None = None

    @property
    def simulation(self) -> Live:
        """The simulation that runs beside the server.

        Raises:
            NotAllowed: none does; production has no clock to turn and nobody to be in the place of.
        """
        if self.live is None or self.house.mode != SIMULATION:
            raise NotAllowed(
                "no simulation runs here",
                rule="a clock that can be turned, and people one can be in the place of, are a simulation's",
                remedy="start one with `onelot demo`",
            )
        return self.live

    @property
    def house(self) -> House:
        """The house."""
        return self.doors.house

    def token(self, request: Request) -> str:
        """The session's token in this browser; "" without one."""
        return request.cookies.get(self.doors.cookie(COOKIE), "")

    def enter(self, request: Request, page: str, sent: Sent | None = None) -> Actor:
        """Who is here, if the page opens for one of their roles; see `pages` in data/roles.json.

        sent: what the form carried, where one was sent; its token is checked before anything is read out of it.

        Raises:
            NotSignedIn: nobody is signed in. NotAllowed: the page is not for them, or the form is not theirs.
        """
        actor = self.doors.recognise(request)
        if sent is not None:
            check_csrf(self.token(request), sent.csrf)
        self._opens(page, actor)
        return actor

    def watch(self, request: Request, page: str) -> Actor:
        """Who watches a page that is pushed to, asked anew before each push; watching keeps no session alive.

        Raises:
            NotSignedIn: their session has ended. NotAllowed: the page is for them no more.
        """
        actor = self.doors.watches(request)
        self._opens(page, actor)
        return actor

    @staticmethod
    def _opens(page: str, actor: Actor) -> None:
        roles = roles_of_page(page)
        if not roles & actor.roles:
            raise NotAllowed(
                "this page is not for your role",
                rule=f"role table: {page} is for {', '.join(sorted(roles)) or 'nobody'}",
                remedy="ask somebody with that role, or the user administrator",
            )

    def context(self, actor: Actor) -> Context:
        """A context to look through as this person: unknown and not yours look alike."""
        return self.doors.context(actor)

    def render(self, name: str, request: Request, actor: Actor | None, status: int = 200, **given: Any) -> Response:
        """A page."""
        return self.pages.render(name, request, actor, status, **given)

    def artefact(self, name: str, request: Request, patient: str = "", **given: Any) -> Artefact:
        """What a signer will sign: a template under `signed/`, without times that pass and without tokens.

        patient: whose health values stand in it; it is then kept sealed.

        Rendered again when the form comes back: what has changed since is not signed (`sign`).
        """
        text = self.pages.fragment(f"signed/{name}", request, **given)
        return Artefact(Markup(text), sha256(text.encode()).hexdigest(), patient)  # noqa: S704 - ours, escaped

    def give(self, request: Request, actor: Actor, command: Command, sent: Sent, shown: Artefact | None = None) -> Done:
        """Give a command that a form asks for: once, however often the form is sent."""
        check_csrf(self.token(request), sent.csrf)
        if not sent.once:
            raise BadInput(
                "this form does not carry its own name",
                rule="every form is carried out once",
                remedy="open the page again and fill the form in once more",
            )
        kept = Shown(str(shown.markup), shown.patient) if shown else None
        password, badge, pin, ticket = sent.verifier
        given = Given(password, badge, pin, self.doors.tablet(request), ticket)
        proof = self.doors.witness.proof(command, given, self.doors.where(request))
        second = str(getattr(command, "verified_by", ""))
        if second and proof is None and not self.done_before(actor, command, sent):
            # On a page the name alone never does, in a simulation either: what is tried there is done here.
            check_verifier(type(command).__name__, actor, second, self._person(second))
            raise missing(second)
        done = handle(self.doors, command, actor, sent.password or None, f"{actor.id}/{sent.once}", kept, proof)
        carry_out(self.house)
        return done

    def done_before(self, actor: Actor, command: Command, sent: Sent) -> Done | None:
        """What this very form led to before, if it was carried out."""
        return self.house.loop.repeated(command, actor, f"{actor.id}/{sent.once}") if sent.once else None

    def _person(self, stream: str) -> Person:
        return self.house.loop.reader.person(stream.removeprefix("person/"))

    def sign(self, request: Request, actor: Actor, command: Command, sent: Sent, shown: Artefact) -> Done:
        """Give a command under a signature that names what its signer saw; refused when that has changed since.

        Raises:
            Conflict: the page is no longer what it was.
        """
        check_csrf(self.token(request), sent.csrf)
        # Sent again because its answer was lost: the page has moved on, by this very signature.
        before = self.done_before(actor, command, sent)
        if before:
            return before
        if not compare_digest(shown.digest, sent.seen):
            raise Conflict(
                "the record has moved on since you opened this page",
                rule="a signature covers what the signer has seen",
                remedy="open the page again, read what is new, and sign then",
            )
        return self.give(request, actor, command, sent, shown)

    def home(self, actor: Actor) -> str:
        """Where somebody begins: the board, or the first page in the head that opens for them."""
        return next((path for page, path in self.pages.nav if roles_of_page(page) & actor.roles), HOME)

    @staticmethod
    def go(path: str) -> Response:
        """Go on to another page of ours."""
        return RedirectResponse(path, 303, dict(HEADERS))
