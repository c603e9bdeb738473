"""What every endpoint asks first: who is it; and how a refusal is said."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from onelot.app.context import Actor, Context
from onelot.app.house import House
from onelot.app.sight import be_seen_as
from onelot.app.sign_in import NotSignedIn, SignIn, Where
from onelot.app.sign_in.account import Account
from onelot.app.sign_in.limits import TooOften
from onelot.app.sign_in.witness import Witness
from onelot.record.errors import BadInput, Broken, Conflict, Erased, NotAllowed, OnelotError, Refused, Unreachable

COOKIE, SCREEN_COOKIE, TABLET_COOKIE = "onelot", "onelot-session", "onelot-tablet"
_STATUS: tuple[tuple[type[OnelotError], int], ...] = (
    (NotSignedIn, 401),
    (TooOften, 429),
    (Conflict, 409),
    (NotAllowed, 403),
    (Refused, 409),
    (BadInput, 422),
    (Erased, 410),
    (Broken, 500),
    (Unreachable, 503),
)


@dataclass(frozen=True)
class Doors:
    """The house, as whoever asks may see it (app/sight.py), and who is signed in.

    secure: served over TLS; then cookies carry the `__Host-` prefix.
    """

    house: House
    sign_in: SignIn
    secure: bool = False

    @property
    def account(self) -> Account:
        """What people and administrators do with sign-ins."""
        return Account(self.house, self.sign_in)

    @property
    def witness(self) -> Witness:
        """Proofs of the second person."""
        return Witness(self.house, self.sign_in)

    def tablet(self, request: Request) -> str:
        """The token of the enrolled tablet that asks; "" for any other browser."""
        return request.headers.get("x-onelot-tablet", "") or request.cookies.get(self.cookie(TABLET_COOKIE), "")

    def cookie(self, name: str) -> str:
        """The cookie's name: under TLS one that no other host or path can have set."""
        return f"__Host-{name}" if self.secure else name

    def token(self, request: Request) -> str:
        """The session's token: bearer, or the cookie, of the API or of the screens."""
        header = request.headers.get("authorization", "")
        if header.lower().startswith("bearer "):
            return header[7:].strip()
        return request.cookies.get(self.cookie(self.cookie_of(request)), "")

    def cookie_of(self, request: Request) -> str:
        """Which cookie this session is in: the screens' where there is one, since their scripts call the API."""
        bearer = request.headers.get("authorization", "").lower().startswith("bearer ")
        return SCREEN_COOKIE if self.cookie(SCREEN_COOKIE) in request.cookies and not bearer else COOKIE

    def where(self, request: Request) -> Where:
        """From where a request comes. What a proxy says about it counts only if it is a proxy of the site's own."""
        address = request.client.host if request.client else ""
        trusted = self.sign_in.settings.trusted_proxies
        passed = [each.strip() for each in request.headers.get("x-forwarded-for", "").split(",") if each.strip()]
        while address in trusted and passed:
            address = passed.pop()
        return Where(address, request.headers.get("user-agent", ""))

    def sent_on_purpose(self, request: Request) -> None:
        """Refuse what another site's page could have made a browser send."""
        bearer = request.headers.get("authorization", "").lower().startswith("bearer ")
        if not bearer and request.headers.get("x-onelot") != "1":
            raise NotAllowed(
                "this request could have been sent by another site's page",
                rule="cross-site request forgery: it needs the bearer token, or the cookie with X-Onelot: 1",
                remedy="send the header",
            )

    def actor(self, request: Request) -> Actor:
        """Who asks; from here on this request sees what their sites may see.

        A cookie alone gives no command: other sites can make a browser send it (see `writing`).
        """
        return self.recognise(request)

    def recognise(self, request: Request) -> Actor:
        """Who asks, looked up once a request and session: on the screens by their own cookie only."""
        on_screen = request.url.path.startswith("/screen/")
        token = request.cookies.get(self.cookie(SCREEN_COOKIE), "") if on_screen else self.token(request)
        known: tuple[str, Actor] | None = getattr(request.state, "known", None)
        if known is None or known[0] != token:
            known = token, self.sign_in.actor(token, self.house.loop.actor)
            request.state.known = known
        return be_seen_as(known[1])

    def context(self, actor: Actor) -> Context:
        """A context to look through, as this actor."""
        house = self.house
        return Context(house.loop.reader, house.vault, actor, house.clock(), house.loop.entropy)


def status_of(error: OnelotError) -> int:
    """The HTTP status of a refusal."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 409)


def unfit(error: RequestValidationError, rule: str) -> BadInput:
    """The refusal of a request whose fields do not fit: the first of them, and where it stands."""
    first = error.errors()[0]
    return BadInput(
        f"the request does not fit: {first['msg']}",
        rule=rule,
        remedy="mend the field at this place",
        place="/".join(str(part) for part in first["loc"]),
    )


def errors(app: FastAPI) -> None:
    """Say every refusal as JSON: what, by which rule, what to do now, where."""

    @app.exception_handler(OnelotError)
    async def refused(request: Request, error: OnelotError) -> JSONResponse:
        again = {"Retry-After": "60"} if isinstance(error, TooOften) else None
        return JSONResponse(error.as_dict(), status_code=status_of(error), headers=again)

    @app.exception_handler(RequestValidationError)
    async def refused_field(request: Request, error: RequestValidationError) -> JSONResponse:
        refusal = unfit(error, "the OpenAPI document at /openapi.json")
        return JSONResponse(refusal.as_dict(), status_code=422)
