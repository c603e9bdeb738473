"""Signing in over HTTP: first proof, second factor, session. A token is new after every step, and told once."""

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


class Credentials(BaseModel):
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


def router(doors: Doors) -> APIRouter:
    """The endpoints of a session's beginning and end."""
    api = APIRouter(tags=["session"])
    desk = doors.sign_in

    def told(request: Request, token: str, response: Response) -> dict[str, Any]:
        set_session(doors, response, token, doors.cookie_of(request))
        return {"token": token, "needs": list(desk.sessions.find(token).needs)}

    @api.post("/session")
    def sign_in_here(credentials: Credentials, request: Request, response: Response) -> dict[str, Any]:
        """Sign in. The token is given, and set as a cookie that scripts cannot read.

        `needs` says what is still missing (second_factor, second_factor_enrolment, own_passwords); until it is empty
        the token opens nothing else.
        """
        token = desk.open(credentials.login, credentials.password, doors.where(request))
        doors.house.loop.actor(credentials.login)
        return _begun(doors, request, response, token)

    @api.post("/session/code")
    def code(given: Code, request: Request, response: Response) -> dict[str, Any]:
        """Give the second factor by a code from an app."""
        doors.sent_on_purpose(request)
        return told(request, desk.give_code(doors.token(request), given.code, doors.where(request)), response)

    @api.post("/session/security-key/options")
    def ask_key(request: Request) -> dict[str, Any]:
        """What a browser needs to let a security key answer."""
        doors.sent_on_purpose(request)
        return desk.ask_key(doors.token(request))

    @api.post("/session/security-key")
    def key(given: KeyAnswer, request: Request, response: Response) -> dict[str, Any]:
        """Give the second factor by a security key."""
        doors.sent_on_purpose(request)
        return told(request, desk.give_key(doors.token(request), given.credential, doors.where(request)), response)

    _by_badge(api, doors)
    return api


def _begun(doors: Doors, request: Request, response: Response, token: str) -> dict[str, Any]:
    # Who signs in again in the same browser leaves no older session behind.
    doors.sign_in.close(request.cookies.get(doors.cookie(COOKIE), ""), doors.where(request))
    # Whatever a page of somebody else's makes a browser send here, the screens' session stays as it is.
    set_session(doors, response, token)
    return {"token": token, "needs": list(doors.sign_in.sessions.find(token).needs)}


def _by_badge(api: APIRouter, doors: Doors) -> None:
    desk = doors.sign_in

    @api.post("/session/badge")
    def badge(
        given: BadgeAndPin,
        request: Request,
        response: Response,
    ) -> dict[str, Any]:
        """Sign in by badge and PIN on an enrolled tablet: a short session that never signs."""
        return _begun(
            doors,
            request,
            response,
            desk.open_by_badge(given.badge, given.pin, doors.tablet(request), doors.where(request)),
        )

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
