"""What people do with their own sign-in (`/me`), and what administrators do for others."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from onelot.app.api.doors import TABLET_COOKIE, Doors
from onelot.app.api.signing_in import Answer, Asked, BadgeAndPin, Code, Secret, Short, go_on
from onelot.app.sign_in.sessions import Session


class Again(BaseModel):
    """The sign-in password, given again."""

    password: Secret = ""


class Ending(Again):
    """Which session ends: its id, or "" for all of them."""

    session: Annotated[str, Field(max_length=120)]


class Passwords(BaseModel):
    """The sign-in password now, the new ones, and the signing password now where it is changed."""

    password: Secret
    new_sign_in_password: Secret = ""
    new_signing_password: Secret = ""
    signing_password: Secret = ""


class NewKey(BaseModel):
    """What a security key answered, and what its owner calls it."""

    credential: Answer
    name: Annotated[str, Field(max_length=60)] = ""


class NewBadge(BadgeAndPin):
    """A badge, a PIN, and the sign-in password again."""

    password: Secret = ""


class Enrolment(BaseModel):
    """Who is let in, and why. signing: they choose a signing password too, and make a key."""

    login: Short
    reason: Annotated[str, Field(max_length=500)] = "first key"
    signing: bool = True


class Reason(BaseModel):
    """Why."""

    reason: Annotated[str, Field(max_length=500)]


class NewTablet(Asked):
    """A shared tablet: what it is called, and at which site it stays."""

    name: Annotated[str, Field(max_length=60)]
    site: Annotated[str, Field(max_length=120)]


def router(doors: Doors) -> APIRouter:
    """Every endpoint about people's sign-ins."""
    api = APIRouter(tags=["session"])
    _me(api, doors)
    _factors(api, doors)
    _badge(api, doors)
    _others(api, doors)
    _tablets(api, doors)
    return api


def shown(session: Session, here: Session) -> dict[str, Any]:
    """A session as its owner sees it."""
    return {
        "id": session.id,
        "opened": session.opened,
        "seen": session.seen,
        "how": list(session.how),
        "from": session.address,
        "agent": session.agent,
        "tablet": session.device,
        "this": session.id == here.id,
    }


def _me(api: APIRouter, doors: Doors) -> None:
    desk, account = doors.sign_in, doors.account

    @api.get("/me")
    def me(request: Request) -> dict[str, Any]:
        """Who is signed in, with which roles, for which sites, and whether this session may sign."""
        actor = doors.actor(request)
        return {
            "id": actor.id,
            "printed_name": actor.printed_name,
            "roles": sorted(actor.roles),
            "sites": sorted(actor.sites),
            "signs": actor.signs,
            "mode": doors.house.mode,
        }

    @api.post("/me/passwords")
    def passwords(wanted: Passwords, request: Request, response: Response) -> dict[str, Any]:
        """Choose new passwords, also the first of one's own after a temporary one. Every other session ends."""
        doors.sent_on_purpose(request)
        token = account.choose_passwords(
            doors.token(request),
            wanted.password,
            sign_in=wanted.new_sign_in_password,
            signing=wanted.new_signing_password,
            signing_now=wanted.signing_password,
            where=doors.where(request),
        )
        return go_on(doors, request, response, token)

    @api.get("/me/sessions")
    def sessions(request: Request) -> dict[str, Any]:
        """One's own open sessions, newest first."""
        here = desk.session(doors.token(request))
        return {"sessions": [shown(each, here) for each in desk.sessions.of(here.login)]}

    @api.post("/me/sessions/end")
    def end(given: Ending, request: Request) -> dict[str, int]:
        """End one of one's own sessions, or all of them, this one too; the sign-in password is asked for again."""
        doors.sent_on_purpose(request)
        ended = account.end_session(doors.token(request), given.password, given.session, doors.where(request))
        return {"ended": ended}

    @api.get("/me/attempts")
    def attempts(request: Request) -> dict[str, Any]:
        """The last sign-ins and refusals on one's own name."""
        return {"attempts": desk.log.last(desk.who(doors.token(request)), 50)}


def _factors(api: APIRouter, doors: Doors) -> None:
    desk, account = doors.sign_in, doors.account

    @api.get("/me/factors")
    def factors(request: Request) -> dict[str, Any]:
        """One's own second factors and badge."""
        login = desk.who(doors.token(request))
        return {
            "app": desk.totp.enrolled(login),
            "security_keys": desk.keys.of(login),
            "badge": desk.badges.has(login),
            "needed": desk.needs_second_factor(login),
        }

    @api.post("/me/factors/app")
    def offer_app(given: Again, request: Request) -> dict[str, str]:
        """A secret for an app that makes codes, as text, address and QR code; it counts once a code confirms it."""
        doors.sent_on_purpose(request)
        return asdict(account.offer_app(doors.token(request), given.password, doors.where(request)))

    @api.post("/me/factors/app/confirm")
    def confirm_app(given: Code, request: Request, response: Response) -> dict[str, Any]:
        """Take the app into use with a code it made."""
        doors.sent_on_purpose(request)
        token = account.confirm_app(doors.token(request), given.code, doors.where(request))
        return go_on(doors, request, response, token)

    @api.post("/me/factors/security-keys/options")
    def offer_key(given: Again, request: Request) -> dict[str, Any]:
        """What a browser needs to register a security key."""
        doors.sent_on_purpose(request)
        return account.offer_key(doors.token(request), given.password, doors.where(request))

    @api.post("/me/factors/security-keys")
    def add_key(given: NewKey, request: Request, response: Response) -> dict[str, Any]:
        """Register the security key that answered."""
        doors.sent_on_purpose(request)
        token = account.add_key(doors.token(request), given.credential, given.name, doors.where(request))
        return go_on(doors, request, response, token)

    @api.post("/me/factors/{factor}/remove")
    def remove(factor: str, given: Again, request: Request) -> dict[str, bool]:
        """Give up a factor: `app`, or a security key's id."""
        doors.sent_on_purpose(request)
        account.remove_factor(doors.token(request), given.password, factor, doors.where(request))
        return {"removed": True}


def _badge(api: APIRouter, doors: Doors) -> None:
    account = doors.account

    @api.put("/me/badge")
    def badge(given: NewBadge, request: Request) -> dict[str, bool]:
        """Enrol one's own badge with a PIN."""
        doors.sent_on_purpose(request)
        account.take_badge(doors.token(request), given.password, given.badge, given.pin, doors.where(request))
        return {"badge": True}

    @api.delete("/me/badge")
    def no_badge(request: Request) -> dict[str, bool]:
        """Forget one's own badge."""
        doors.sent_on_purpose(request)
        account.give_badge_back(doors.token(request), doors.where(request))
        return {"badge": False}


def _others(api: APIRouter, doors: Doors) -> None:
    account = doors.account

    @api.post("/enrolments")
    def enrol(wanted: Enrolment, request: Request) -> dict[str, str]:
        """Let somebody in who was looked at: a temporary sign-in password, told once. For user administrators.

        With it the person signs in once and chooses both passwords; the administrator knows neither.
        """
        doors.sent_on_purpose(request)
        actor = doors.actor(request)
        password, until = account.let_in(
            wanted.login, actor, wanted.reason, new_key=wanted.signing, where=doors.where(request)
        )
        return {"login": wanted.login, "temporary_password": password, "until": until.isoformat()}

    @api.post("/people/{login}/recovery")
    def recover(login: str, given: Reason, request: Request) -> dict[str, int]:
        """Take somebody's lost factors away. For user administrators, never for oneself."""
        doors.sent_on_purpose(request)
        return account.recover(login, doors.actor(request), given.reason, doors.where(request))

    @api.delete("/people/{login}/sessions")
    def end_sessions(login: str, request: Request) -> dict[str, int]:
        """End all of somebody's sessions. For user administrators."""
        doors.sent_on_purpose(request)
        return {"ended": account.end_sessions_of(login, doors.actor(request), doors.where(request))}


def _tablets(api: APIRouter, doors: Doors) -> None:
    account = doors.account

    @api.get("/tablets")
    def tablets(request: Request) -> dict[str, Any]:
        """The enrolled shared tablets. For user administrators and IT."""
        return {"tablets": [asdict(each) for each in account.tablets(doors.actor(request))]}

    @api.post("/tablets")
    def add(wanted: NewTablet, request: Request, response: Response) -> dict[str, Any]:
        """Enrol the tablet that sends this: its token is set as its cookie, or with `bearer` told once, in the answer.

        A program on the tablet sends a told one as `X-Onelot-Tablet`.
        """
        doors.sent_on_purpose(request)
        token, tablet = account.add_tablet(wanted.name, wanted.site, doors.actor(request), doors.where(request))
        if wanted.bearer:
            return {"token": token, **asdict(tablet)}
        set_tablet(doors, response, token)
        return asdict(tablet)

    @api.delete("/tablets/{tablet}")
    def remove(tablet: str, request: Request) -> dict[str, int]:
        """Take a tablet out; sessions on it end."""
        doors.sent_on_purpose(request)
        return {"ended": account.remove_tablet(tablet, doors.actor(request), doors.where(request))}


def set_tablet(doors: Doors, response: Response, token: str) -> None:
    """Set the cookie that makes this browser an enrolled tablet, for a year."""
    response.set_cookie(
        doors.cookie(TABLET_COOKIE), token, httponly=True, samesite="strict", secure=doors.secure, path="/",
        max_age=365 * 24 * 3600,
    )  # fmt: skip
