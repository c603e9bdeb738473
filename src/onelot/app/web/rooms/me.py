"""One's own sign-in: passwords, second factors, badge, open sessions, and what was tried on one's name."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from markupsafe import Markup

from onelot.app.web.pages import COOKIE
from onelot.app.web.rooms.signing_in import Secret, Word, keep, signed_out
from onelot.app.web.screen import Screen, Sent

HERE = "/screen/me"
NAV = (("me", HERE),)
_ATTEMPTS = 20
Checked = Annotated[Sent, Depends()]
Current = Annotated[str, Form(max_length=1000)]


def routes(router: APIRouter, screen: Screen) -> None:
    """The page and its forms. Each form gives the sign-in password again."""
    _page(router, screen)
    _forms(router, screen)


def _page(router: APIRouter, screen: Screen) -> None:
    desk = screen.doors.sign_in

    @router.get("/me")
    def me(request: Request) -> Response:
        actor = screen.enter(request, "me")
        session = desk.session(screen.token(request))
        login = session.login
        return screen.render(
            "me.html", request, actor, session=session, sessions=desk.sessions.of(login), onward=HERE,
            attempts=desk.log.last(login, _ATTEMPTS), app=desk.totp.enrolled(login), keys=desk.keys.of(login),
            may_keys=desk.keys.possible, needed=desk.needs_second_factor(login), badge=desk.badges.has(login),
            badges=desk.badge_is_for(login), signing=bool(screen.house.loop.reader.person(login).key),
            own=desk.passwords.known(login),
        )  # fmt: skip


def _forms(router: APIRouter, screen: Screen) -> None:
    doors, account = screen.doors, screen.doors.account

    def token(request: Request, sent: Sent) -> str:
        screen.enter(request, "me", sent)
        return screen.token(request)

    @router.post("/me/passwords")
    def passwords(
        request: Request,
        sent: Checked,
        current: Current = "",
        sign_in: Secret = "",
        signing: Secret = "",
        signing_now: Secret = "",
    ) -> Response:
        found = account.choose_passwords(
            token(request, sent), current, sign_in=sign_in, signing=signing, signing_now=signing_now,
            where=doors.where(request),
        )  # fmt: skip
        return keep(screen, screen.go(HERE), COOKIE, found)

    @router.post("/me/app")
    def offer(request: Request, sent: Checked, current: Current = "") -> Response:
        actor = screen.enter(request, "me", sent)
        offered = account.offer_app(screen.token(request), current, doors.where(request))
        return screen.render("me_app.html", request, actor, offered=offered, drawing=Markup(offered.svg))  # noqa: S704

    @router.post("/me/app/confirm")
    def confirm(request: Request, sent: Checked, code: Word = "") -> Response:
        return keep(
            screen, screen.go(HERE), COOKIE, account.confirm_app(token(request, sent), code, doors.where(request))
        )

    @router.post("/me/factors/remove")
    def remove(request: Request, sent: Checked, factor: Word = "", current: Current = "") -> Response:
        account.remove_factor(token(request, sent), current, factor, doors.where(request))
        return screen.go(HERE)

    @router.post("/me/badge")
    def badge(request: Request, sent: Checked, badge: Word = "", pin: Word = "", current: Current = "") -> Response:
        account.take_badge(token(request, sent), current, badge, pin, doors.where(request))
        return screen.go(HERE)

    @router.post("/me/badge/remove")
    def no_badge(request: Request, sent: Checked) -> Response:
        account.give_badge_back(token(request, sent), doors.where(request))
        return screen.go(HERE)

    @router.post("/me/sessions/end")
    def end(request: Request, sent: Checked, session: Word = "", current: Current = "") -> Response:
        here = screen.doors.sign_in.session(token(request, sent)).id
        account.end_session(screen.token(request), current, session, doors.where(request))
        return signed_out(screen) if session in ("", here) else screen.go(HERE)
