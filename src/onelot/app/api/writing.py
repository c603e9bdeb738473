"""Commands over HTTP: one endpoint each, with the command's own fields as its schema.

A command needs the bearer token, or the cookie together with `X-Onelot: 1`, which another site's form cannot send.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request

from onelot.app.api.doors import Doors
from onelot.app.authority import roles_for
from onelot.app.commands import Command, all_commands
from onelot.app.commands.everything import adapter_of
from onelot.app.context import Actor, Shown
from onelot.app.effects import carry_out
from onelot.app.loop import Done
from onelot.record.errors import NotAllowed, OnelotError


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

    return api


def _endpoint(doors: Doors, command: type[Command]) -> Callable[..., dict[str, Any]]:
    def give(
        fields: Any,
        request: Request,
        x_signing_password: Annotated[str | None, Header()] = None,
        idempotency_key: Annotated[str | None, Header(max_length=100, pattern=r"^[\w.-]+$")] = None,
    ) -> dict[str, Any]:
        doors.sent_on_purpose(request)
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
    if not command.meaning or password is None or not actor.signs:
        return doors.house.loop.handle(command, actor, password, once, shown)
    with doors.sign_in.tries.signing(login) as tried:
        if shown and not shown.patient:
            doors.house.keep_seen(shown.text)
        try:
            done = doors.house.loop.handle(command, actor, password, once, shown)
        except OnelotError:
            # Whatever was refused: only a right password takes the try back.
            tried.right = _opens(doors, login, password)
            raise
        tried.right = True
        return done


def _opens(doors: Doors, login: str, password: str) -> bool:
    try:
        doors.house.people_keys.open(login, password)
    except NotAllowed:
        return False
    return True
