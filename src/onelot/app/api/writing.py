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
from onelot.app.presence import Proof
from onelot.app.sign_in import witness
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
        if "verified_by" in command.__dataclass_fields__:
            described += (
                " The second person proves to be there: X-Verifier-Password (their signing password),"
                f" X-Verifier-Badge with X-Verifier-Pin, or X-Verifier-Ticket from /confirmations/{name}."
            )
            api.post(f"/confirmations/{name}", name=f"confirm {name}")(_confirmation(doors, command))
        api.post(f"/commands/{name}", name=name, description=described)(_endpoint(doors, command))

    return api


def _endpoint(doors: Doors, command: type[Command]) -> Callable[..., dict[str, Any]]:
    def give(
        fields: Any,
        request: Request,
        x_signing_password: Annotated[str | None, Header()] = None,
        x_verifier_password: Annotated[str, Header(max_length=1000)] = "",
        x_verifier_badge: Annotated[str, Header(max_length=200)] = "",
        x_verifier_pin: Annotated[str, Header(max_length=12)] = "",
        x_verifier_ticket: Annotated[str, Header(max_length=100)] = "",
        idempotency_key: Annotated[str | None, Header(max_length=100, pattern=r"^[\w.-]+$")] = None,
    ) -> dict[str, Any]:
        doors.sent_on_purpose(request)
        actor = doors.actor(request)
        once = f"{actor.id}/{idempotency_key}" if idempotency_key else ""
        given = witness.Given(
            x_verifier_password, x_verifier_badge, x_verifier_pin, doors.tablet(request), x_verifier_ticket
        )
        proof = doors.witness.proof(fields, given, doors.where(request))
        done = handle(doors, fields, actor, x_signing_password, once, proof=proof)
        carry_out(doors.house)
        written = [{"stream": entry.stream, "seq": entry.seq, "type": entry.envelope["type"]} for entry in done.entries]
        return {"events": written, "answer": done.answer}

    # FastAPI reads the schema of the body from the annotation.
    give.__annotations__["fields"] = command
    return give


def _confirmation(doors: Doors, command: type[Command]) -> Callable[..., dict[str, str]]:
    def confirm(fields: Any, request: Request) -> dict[str, str]:
        """Confirm exactly this step as its second person, in your own session; the ticket is for who does it."""
        doors.sent_on_purpose(request)
        ticket, until = doors.witness.confirm(fields, doors.actor(request), doors.where(request))
        return {"ticket": ticket, "until": until.isoformat()}

    confirm.__annotations__["fields"] = command
    return confirm


def handle(
    doors: Doors,
    command: Command,
    actor: Actor,
    password: str | None,
    once: str = "",
    shown: Shown | None = None,
    proof: Proof | None = None,
) -> Done:
    """Give the command; wrong signing passwords count like wrong sign-in passwords, and lock (21 CFR 11.300(d)).

    shown: what a signer was shown, kept with the signature. proof: of the second person, where one is named.
    """
    login = actor.id.removeprefix("person/")
    if not command.meaning or password is None or not actor.signs:
        return doors.house.loop.handle(command, actor, password, once, shown, proof)
    with doors.sign_in.tries.signing(login) as tried:
        if shown and not shown.patient:
            doors.house.keep_seen(shown.text)
        try:
            done = doors.house.loop.handle(command, actor, password, once, shown, proof)
        except OnelotError:
            # Whatever was refused: only a right password takes the try back.
            tried.right = _opens(doors, login, password)
            raise
        # A repeated request is answered without its password being looked at: that takes no try back.
        tried.right = not done.again or _opens(doors, login, password)
        return done


def _opens(doors: Doors, login: str, password: str) -> bool:
    try:
        doors.house.people_keys.open(login, password)
    except NotAllowed:
        return False
    return True
