"""Signing in and out: password, badge and PIN, the site's identity provider; then what the session still needs."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from markupsafe import Markup

from onelot.app.api.doors import TABLET_COOKIE
from onelot.app.api.signing_in import CLEARED
from onelot.app.sign_in import NotSignedIn
from onelot.app.sign_in.oidc import GOOD_FOR
from onelot.app.sign_in.sessions import CODE, ENROL, PASSWORDS
from onelot.app.web.pages import BEFORE, COOKIE, check_csrf, csrf_of, new_secret
from onelot.app.web.screen import Screen
from onelot.record.errors import NotAllowed

PAGE, NEXT = "/screen/sign-in", "/screen/sign-in/next"
_OIDC = "onelot-oidc"
_LONGEST_QUERY = 4096
Csrf = Annotated[str, Form(max_length=64)]
Word = Annotated[str, Form(max_length=200)]
Secret = Annotated[str, Form(max_length=1000)]


def routes(router: APIRouter, screen: Screen) -> None:
    """The pages before a session, and its end."""
    _first(router, screen)
    _oidc(router, screen)
    _next(router, screen)
    _steps(router, screen)


def keep(
    screen: Screen, response: Response, name: str, value: str, *, lax: bool = False, lasts: int | None = None
) -> Response:
    """Set a cookie that no script reads; under TLS one that no other host can have set.

    lax: also sent when another site sends the browser here, as an identity provider does. lasts: seconds.
    """
    response.set_cookie(
        screen.doors.cookie(name), value, max_age=lasts, httponly=True, samesite="lax" if lax else "strict",
        secure=screen.secure, path="/",
    )  # fmt: skip
    return response


def drop(screen: Screen, response: Response, name: str) -> Response:
    """Take a cookie away."""
    response.delete_cookie(screen.doors.cookie(name), path="/", secure=screen.secure, httponly=True)
    return response


def signed_out(screen: Screen) -> Response:
    """Back to the first page; nothing of ours stays in the browser."""
    answer = drop(screen, screen.go(PAGE), COOKIE)
    answer.headers["Clear-Site-Data"] = CLEARED
    return answer


def _first(router: APIRouter, screen: Screen) -> None:
    doors, desk = screen.doors, screen.doors.sign_in

    def before(request: Request) -> str:
        return request.cookies.get(doors.cookie(BEFORE), "")

    def on_tablet(request: Request) -> str:
        return request.cookies.get(doors.cookie(TABLET_COOKIE), "")

    def entered(request: Request, token: str) -> Response:
        # Who signs in again in the same browser leaves no older session behind.
        desk.close(screen.token(request), doors.where(request))
        needs = desk.sessions.find(token).needs
        return keep(
            screen,
            screen.go(NEXT if needs else screen.home(screen.house.loop.actor(desk.sessions.find(token).login))),
            COOKIE,
            token,
        )

    @router.get("/sign-in")
    def sign_in_page(request: Request) -> Response:
        secret = before(request) or new_secret()
        tablet = desk.badges.tablet(on_tablet(request)) if desk.settings.badge else None
        page = screen.render(
            "sign_in.html", request, None, form_token=csrf_of(secret), tablet=tablet,
            oidc=desk.settings.oidc.label if desk.settings.oidc else "",
        )  # fmt: skip
        return keep(screen, page, BEFORE, secret)

    @router.post("/sign-in")
    def sign_in(request: Request, login: Word = "", password: Secret = "", csrf: Csrf = "") -> Response:
        check_csrf(before(request), csrf)
        token = desk.open(login, password, doors.where(request))
        screen.house.loop.actor(login)
        return entered(request, token)

    @router.post("/sign-in/badge")
    def by_badge(request: Request, badge: Word = "", pin: Word = "", csrf: Csrf = "") -> Response:
        check_csrf(before(request), csrf)
        return entered(request, desk.open_by_badge(badge, pin, on_tablet(request), doors.where(request)))

    @router.post("/sign-out")
    def sign_out(request: Request, csrf: Csrf = "") -> Response:
        token = screen.token(request)
        check_csrf(token, csrf)
        desk.close(token, doors.where(request))
        return signed_out(screen)


def _oidc(router: APIRouter, screen: Screen) -> None:
    doors, desk = screen.doors, screen.doors.sign_in

    @router.get("/sign-in/oidc")
    def begin(request: Request) -> Response:
        # A page of somebody else's that sends a browser here would sign its owner in unasked.
        if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return screen.go(PAGE)
        address, cookie = desk.begin_oidc(doors.where(request))
        # Sent along when the provider sends the browser back, which is another site: hence lax.
        return keep(screen, screen.go(address), _OIDC, cookie, lax=True, lasts=GOOD_FOR.seconds)

    @router.get("/sign-in/oidc/back")
    def back(request: Request) -> Response:
        given = {name: value[:_LONGEST_QUERY] for name, value in request.query_params.items()}
        cookie = request.cookies.get(doors.cookie(_OIDC), "")
        token = desk.open_by_oidc(cookie, given, doors.where(request))
        desk.close(screen.token(request), doors.where(request))
        # A page, not a redirect: a browser that comes from the provider does not send the new, strict cookie yet.
        page = screen.render("signed_in.html", request, None, onward=NEXT)
        return drop(screen, keep(screen, page, COOKIE, token), _OIDC)


def _next(router: APIRouter, screen: Screen) -> None:
    doors, desk, account = screen.doors, screen.doors.sign_in, screen.doors.account

    @router.get("/sign-in/next")
    def next_step(request: Request) -> Response:
        token = screen.token(request)
        session = desk.sessions.find(token)
        if not session.needs:
            return screen.go(screen.home(screen.house.loop.actor(session.login)))
        need, login = session.needs[0], session.login
        given: dict[str, Any] = {"form_token": csrf_of(token), "onward": NEXT}
        if need == CODE:
            given |= {"app": desk.totp.enrolled(login), "keys": desk.keys.enrolled(login)}
            return screen.render("sign_in_code.html", request, None, **given)
        if need == ENROL:
            # Drawn anew each time the page is opened: a page left open elsewhere enrols nothing.
            offered = account.offer_app(token, None, doors.where(request))
            return screen.render(
                "sign_in_enrol.html",
                request,
                None,
                offered=offered,
                drawing=Markup(offered.svg),  # noqa: S704 - drawn by us
                may_keys=desk.keys.possible,
                **given,
            )
        if need == PASSWORDS:
            person = screen.house.loop.reader.person(login)
            return screen.render("sign_in_passwords.html", request, None, signing=bool(person.may_enrol), **given)
        raise NotSignedIn("your sign-in cannot go on", rule="known steps only", remedy="sign in again")


def _steps(router: APIRouter, screen: Screen) -> None:
    doors, desk, account = screen.doors, screen.doors.sign_in, screen.doors.account

    def onward(token: str) -> Response:
        return keep(screen, screen.go(NEXT), COOKIE, token)

    @router.post("/sign-in/code")
    def code(request: Request, code: Word = "", csrf: Csrf = "") -> Response:
        check_csrf(screen.token(request), csrf)
        return onward(desk.give_code(screen.token(request), code, doors.where(request)))

    @router.post("/sign-in/key")
    def no_script() -> Response:
        # The script sends these forms. Without it they come here, in a body and never in an address.
        raise NotAllowed(
            "your browser did not run this page's script",
            rule="a security key answers through the browser's script",
            remedy="load the page again and wait until it is there; or use a code",
        )

    @router.post("/sign-in/app")
    def enrol(request: Request, code: Word = "", csrf: Csrf = "") -> Response:
        check_csrf(screen.token(request), csrf)
        return onward(account.confirm_app(screen.token(request), code, doors.where(request)))

    @router.post("/sign-in/passwords")
    def passwords(
        request: Request, current: Secret = "", sign_in: Secret = "", signing: Secret = "", csrf: Csrf = ""
    ) -> Response:
        check_csrf(screen.token(request), csrf)
        token = account.choose_passwords(
            screen.token(request), current, sign_in=sign_in, signing=signing, where=doors.where(request)
        )
        return onward(token)
