"""Commands over HTTP: one endpoint each, with the command's own fields as its schema.

A command needs the bearer token, or the cookie together with `X-Onelot: 1`, which another site's form cannot send.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from pydantic import BaseModel, Field

from onelot.app.api.doors import Doors
from onelot.app.authority import check, roles_for
from onelot.app.commands import Command, all_commands
from onelot.app.commands.everything import adapter_of
from onelot.app.context import Actor, Shown
from onelot.app.effects import carry_out
from onelot.app.loop import Done
from onelot.app.sign_in import check_password
from onelot.record.errors import NotAllowed


class Enrolment(BaseModel):
    """A person's first sign-in and signing passwords, or new ones."""

    login: str = Field(max_length=200)
    sign_in_password: str = Field(max_length=1000)
    signing_password: str = Field(max_length=1000)
    reason: str = Field(default="first key", max_length=500)


def router(doors: Doors) -> APIRouter:
    """One endpoint per command that a person may give."""
    api = APIRouter(tags=["commands"])
    for name, command in sorted(all_commands().items()):
        roles = roles_for(name) - {"system"}
        if not roles:
            continue
        adapter_of(name)
        described = f"{(command.__doc__ or '').strip()}\n\nFor: {', '.join(sorted(roles))}."
        if command.meaning:
            described += f" Signed: {command.meaning} (header X-Signing-Password)."
        api.post(f"/commands/{name}", name=name, description=described)(_endpoint(doors, command))

    @api.post("/enrolments", tags=["session"])
    def enrol(wanted: Enrolment, request: Request) -> dict[str, str]:
        """Set a person's sign-in password and make their signing key. For user administrators."""
        _sent_on_purpose(request)
        return {"key": enrol_person(doors, doors.actor(request), wanted)}

    return api


def enrol_person(doors: Doors, actor: Actor, wanted: Enrolment) -> str:
    """Set a person's sign-in password and make their signing key. Gives the public key.

    Raises:
        NotAllowed: not for this actor, a password is too short, or the two are the same.
    """
    check("EnrolKey", actor)
    check_password(wanted.signing_password)
    if wanted.sign_in_password == wanted.signing_password:
        raise NotAllowed(
            "sign-in and signing password are the same",
            rule="two passwords: whoever sees the one must not be able to sign",
            remedy="choose two",
        )
    # Nobody unknown gets a sign-in password.
    doors.house.loop.actor(wanted.login)
    doors.sign_in.set_password(wanted.login, wanted.sign_in_password)
    return doors.house.enrol(wanted.login, wanted.signing_password, actor, wanted.reason)


def _endpoint(doors: Doors, command: type[Command]) -> Callable[..., dict[str, Any]]:
    def give(
        fields: Any,
        request: Request,
        x_signing_password: Annotated[str | None, Header()] = None,
        idempotency_key: Annotated[str | None, Header(max_length=100, pattern=r"^[\w.-]+$")] = None,
    ) -> dict[str, Any]:
        _sent_on_purpose(request)
        actor = doors.actor(request)
        once = f"{actor.id}/{idempotency_key}" if idempotency_key else ""
        done = handle(doors, fields, actor, x_signing_password, once)
        carry_out(doors.house)
        written = [{"stream": entry.stream, "seq": entry.seq, "type": entry.envelope["type"]} for entry in done.entries]
        return {"events": written, "answer": done.answer}

    # FastAPI reads the schema of the body from the annotation.
    give.__annotations__["fields"] = command
    return give


def handle(
    doors: Doors, command: Command, actor: Actor, password: str | None, once: str = "", shown: Shown | None = None
) -> Done:
    """Give the command; wrong signing passwords count like wrong sign-in passwords, and lock (21 CFR 11.300(d)).

    shown: what a signer was shown, kept with the signature.
    """
    login = actor.id.removeprefix("person/")
    if command.meaning:
        doors.sign_in.check_lock(login)
    if shown and not shown.patient:
        doors.house.keep_seen(shown.text)
    try:
        return doors.house.loop.handle(command, actor, password, once, shown)
    except NotAllowed:
        if command.meaning and password is not None and not _opens(doors, login, password):
            doors.sign_in.failed(login)
        raise


def _opens(doors: Doors, login: str, password: str) -> bool:
    try:
        doors.house.people_keys.open(login, password)
    except NotAllowed:
        return False
    return True


def _sent_on_purpose(request: Request) -> None:
    bearer = request.headers.get("authorization", "").lower().startswith("bearer ")
    if not bearer and request.headers.get("x-onelot") != "1":
        raise NotAllowed(
            "this request could have been sent by another site's page",
            rule="cross-site request forgery: a command needs the bearer token, or the cookie with X-Onelot: 1",
            remedy="send the header",
        )
