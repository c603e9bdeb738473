"""Signing in over HTTP: first proof, second factor, session. A token is new after every step, and given once: in a
cookie that no script reads, or, to a program that asks for it, in the answer; never both."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from onelot.app.api.doors import COOKIE, Doors

# What a browser keeps of us when somebody signs out; cookies go by themselves, and an enrolled tablet keeps its own.
CLEARED = '"cache", "storage"'
Short = Annotated[str, Field(max_length=200)]
Secret = Annotated[str, Field(max_length=1000)]
# A security key's answer, as the browser writes it; a few kilobytes.
Answer = Annotated[dict[str, Any], Field(max_length=20)]


class Asked(BaseModel):
    """How the token is given."""

    bearer: bool = Field(False, description="give the token in the answer, and set no cookie: for programs")


class Credentials(Asked):
    """What somebody signs in with."""

    login: Short
    password: Secret


class Code(BaseModel):
    """Six digits from an app."""

    code: Annotated[str, Field(max_length=12)]


class KeyAnswer(BaseModel):
    """What a security key answered."""

    credential: Answer


class BadgeAndPin(BaseModel):
    """A badge's number as the reader types it, and the PIN."""

    badge: Short
    pin: Annotated[str, Field(max_length=12)]


class BadgeSignIn(BadgeAndPin, Asked):
    """A badge and its PIN, to sign in with."""


def router(doors: Doors) -> APIRouter:
    """The endpoints of a session's beginning and end."""
    api = APIRouter(tags=["session"])
    desk = doors.sign_in

    @api.post("/session")
    def sign_in_here(credentials: Credentials, request: Request, response: Response) -> dict[str, Any]:
        """Sign in. The session is a cookie that scripts cannot read, or with `bearer` a token in the answer.

        `needs` says what is still missing (second_factor, second_factor_enrolment, own_passwords); until it is empty
        the session opens nothing else. Each step gives a new token, in the way it was shown.
        """
        token = desk.open(credentials.login, credentials.password, doors.where(request))
        doors.house.loop.actor(credentials.login)
        return _begun(doors, request, response, token, bearer=credentials.bearer)

    @api.post("/session/code")
    def code(given: Code, request: Request, response: Response) -> dict[str, Any]:
        """Give the second factor by a code from an app."""
        doors.sent_on_purpose(request)
        token = desk.give_code(doors.token(request), given.code, doors.where(request))
        return go_on(doors, request, response, token)

    @api.post("/session/security-key/options")
    def ask_key(request: Request) -> dict[str, Any]:
        """What a browser needs to let a security key answer."""
        doors.sent_on_purpose(request)
        return desk.ask_key(doors.token(request))

    @api.post("/session/security-key")
    def key(given: KeyAnswer, request: Request, response: Response) -> dict[str, Any]:
        """Give the second factor by a security key."""
        doors.sent_on_purpose(request)
        token = desk.give_key(doors.token(request), given.credential, doors.where(request))
        return go_on(doors, request, response, token)

    _by_badge(api, doors)
    return api


def _begun(doors: Doors, request: Request, response: Response, token: str, *, bearer: bool) -> dict[str, Any]:
    if bearer:
        return _in_answer(doors, token)
    # Who signs in again in the same browser leaves no older session behind.
    doors.sign_in.close(request.cookies.get(doors.cookie(COOKIE), ""), doors.where(request))
    # Whatever a page of somebody else's makes a browser send here, the screens' session stays as it is.
    set_session(doors, response, token)
    return _needs(doors, token)


def go_on(doors: Doors, request: Request, response: Response, token: str) -> dict[str, Any]:
    """Give the token of a session's next step as its last was shown: in the answer to a bearer, else in the cookie."""
    if doors.by_bearer(request):
        return _in_answer(doors, token)
    set_session(doors, response, token, doors.cookie_of(request))
    return _needs(doors, token)


def _in_answer(doors: Doors, token: str) -> dict[str, Any]:
    return {"token": token, **_needs(doors, token)}


def _needs(doors: Doors, token: str) -> dict[str, Any]:
    return {"needs": list(doors.sign_in.sessions.find(token).needs)}


def _by_badge(api: APIRouter, doors: Doors) -> None:
    desk = doors.sign_in

    @api.post("/session/badge")
    def badge(
        given: BadgeSignIn,
        request: Request,
        response: Response,
    ) -> dict[str, Any]:
        """Sign in by badge and PIN on an enrolled tablet: a short session that never signs."""
        token = desk.open_by_badge(given.badge, given.pin, doors.tablet(request), doors.where(request))
        return _begun(doors, request, response, token, bearer=given.bearer)

    @api.delete("/session")
    def sign_out(request: Request, response: Response) -> dict[str, bool]:
        """End the session."""
        desk.close(doors.token(request), doors.where(request))
        response.delete_cookie(doors.cookie(doors.cookie_of(request)), secure=True, httponly=True, samesite="strict")
        response.headers["Clear-Site-Data"] = CLEARED
        return {"signed_in": False}


def set_session(doors: Doors, response: Response, token: str, name: str = COOKIE) -> None:
    """Set a session's cookie: no script reads it, no other site sends it, and it goes with the browser."""
    # The API's own cookie travels under TLS only, always; the screens are also served to this machine without.
    secure = doors.secure or name == COOKIE
    response.set_cookie(doors.cookie(name), token, httponly=True, samesite="strict", secure=secure, path="/")
