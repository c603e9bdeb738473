"""What every endpoint asks first: who is it; and how a refusal is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from onelot.app.context import Actor, Context
from onelot.app.house import House
from onelot.app.sight import be_seen_as
from onelot.app.sign_in import NotSignedIn, SignIn, Where
from onelot.app.sign_in.account import Account
from onelot.app.sign_in.limits import TooOften
from onelot.app.sign_in.witness import Witness
from onelot.record.errors import BadInput, Broken, Conflict, Erased, NotAllowed, OnelotError, Refused, Unreachable

COOKIE, SCREEN_COOKIE, TABLET_COOKIE = "onelot", "onelot-session", "onelot-tablet"
_DOCUMENT = "the OpenAPI document at /openapi.json"
# On every answer that is not a page.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=()",
}
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
Said = Callable[[Request, OnelotError, int], Response]


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
        if self.by_bearer(request):
            return request.headers["authorization"][7:].strip()
        return request.cookies.get(self.cookie(self.cookie_of(request)), "")

    def by_bearer(self, request: Request) -> bool:
        """Whether this session's token comes as a bearer, from a program that keeps it itself."""
        return request.headers.get("authorization", "").lower().startswith("bearer ")

    def cookie_of(self, request: Request) -> str:
        """Which cookie this session is in: the screens' where there is one, since their scripts call the API."""
        on_screens = self.cookie(SCREEN_COOKIE) in request.cookies and not self.by_bearer(request)
        return SCREEN_COOKIE if on_screens else COOKIE

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
        if not self.by_bearer(request) and request.headers.get("x-onelot") != "1":
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

    def watches(self, request: Request) -> Actor:
        """Who still watches a page of the screens that is pushed to: asked anew each time, and no use of the session.

        Raises:
            NotSignedIn: their session has ended meanwhile.
        """
        token = request.cookies.get(self.cookie(SCREEN_COOKIE), "")
        return be_seen_as(self.sign_in.actor(token, self.house.loop.actor, use=False))

    def context(self, actor: Actor) -> Context:
        """A context to look through, as this actor."""
        house = self.house
        return Context(house.loop.reader, house.vault, actor, house.clock(), house.loop.entropy)


def status_of(error: OnelotError) -> int:
    """The HTTP status of a refusal."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 409)


def unfit(error: RequestValidationError, rule: str = _DOCUMENT) -> BadInput:
    """A request whose fields do not fit, as a refusal: the first of them, and where it stands."""
    first = error.errors()[0]
    return BadInput(
        f"the request does not fit: {first['msg']}",
        rule=rule,
        remedy="mend the field at this place",
        place="/".join(str(part) for part in first["loc"]),
    )


def unread(error: HTTPException) -> OnelotError:
    """What the framework itself refused: an address, a method, a body that cannot be read."""
    if error.status_code == 404:
        return NotAllowed("there is nothing at this address", rule=_DOCUMENT, remedy="go back, or to the first page")
    if error.status_code == 405:
        return NotAllowed("this address is not asked in this way", rule=_DOCUMENT, remedy="ask as the document says")
    return BadInput("the body of this request cannot be read", rule=_DOCUMENT, remedy="send it again, whole")


def errors(app: FastAPI, page: Said) -> None:
    """Say of a request that cannot be read what, by which rule, what to do now, where; never what was sent.

    page: how it is said on the screens; elsewhere it is JSON. What a command refuses is said by `Refusals`.
    """

    def said(request: Request, error: OnelotError, status: int, headers: Mapping[str, str] | None = None) -> Response:
        if request.url.path.startswith("/screen"):
            return page(request, error, status)
        return JSONResponse(error.as_dict(), status, headers)

    @app.exception_handler(RequestValidationError)
    async def does_not_fit(request: Request, error: RequestValidationError) -> JSONResponse:
        return JSONResponse(unfit(error).as_dict(), status_code=422)

    @app.exception_handler(HTTPException)
    async def not_read(request: Request, error: HTTPException) -> Response:
        return said(request, unread(error), error.status_code, error.headers)
