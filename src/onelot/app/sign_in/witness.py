"""Proofs of the second person that the desk can check: badge and PIN, a confirmation in their own session, or their
signing password with its tries counted."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from onelot.app import authority, presence
from onelot.app.commands import Command
from onelot.app.commands.everything import adapter_of
from onelot.app.context import Actor
from onelot.app.house import House
from onelot.app.sign_in.desk import SignIn
from onelot.app.sign_in.security_log import NOWHERE, Where
from onelot.app.sign_in.sessions import digest
from onelot.record.errors import NotAllowed

GOOD_FOR = timedelta(minutes=5)
_KIND = "witness"


@dataclass(frozen=True)
class Given:
    """What came with the doer's request to prove the second person; all empty when nothing came."""

    password: str = ""
    badge: str = ""
    pin: str = ""
    tablet: str = ""
    ticket: str = ""


@dataclass(frozen=True)
class Witness:
    """Makes proofs for one house."""

    house: House
    desk: SignIn

    def proof(self, command: Command, given: Given, where: Where = NOWHERE) -> presence.Proof | None:
        """What the loop asks; None when nothing was given."""
        if given.ticket:
            return lambda person: self._by_ticket(command, person, given.ticket)
        if given.badge:
            return lambda person: self._by_badge(command, person, given, where)
        if given.password:
            return lambda person: self._by_password(person, given.password, where)
        return None

    def confirm(self, command: Command, actor: Actor, where: Where = NOWHERE) -> tuple[str, datetime]:
        """The second person confirms exactly this command in their own session: a ticket for the doer, and until when.

        The ticket is good once, for this command with these fields, for five minutes.

        Raises:
            NotAllowed: somebody else is named, or their role may not verify this.
        """
        authority.check(type(command).__name__, actor)
        if getattr(command, "verified_by", "") != actor.id:
            raise NotAllowed(
                "this step does not name you as the second person",
                rule="everybody confirms for themselves",
                remedy="let your colleague name you in it",
            )
        ticket, now = secrets.token_urlsafe(16), self.desk.now()
        self._forget_old(now)
        value = {"person": actor.id, "command": _mark(command), "at": now.isoformat()}
        self.desk.box.put(_KIND, digest(ticket), value)
        self.desk.log.write("confirmed", actor.id.removeprefix("person/"), where, command=type(command).__name__)
        return ticket, now + GOOD_FOR

    def _by_ticket(self, command: Command, person: str, ticket: str) -> str:
        found = self.desk.box.take(_KIND, digest(ticket))
        if (
            found is None
            or found["person"] != person
            or found["command"] != _mark(command)
            or self.desk.now() - datetime.fromisoformat(found["at"]) > GOOD_FOR
        ):
            raise NotAllowed(
                "this confirmation is not for this step",
                rule="a confirmation is good once, for five minutes, for exactly what was confirmed",
                remedy="let your colleague look again, and confirm again",
            )
        return "own session"

    def _by_badge(self, command: Command, person: str, given: Given, where: Where) -> str:
        login, roles = self.desk.badge_holder(given.badge, given.pin, given.tablet, where)
        if f"person/{login}" != person or not roles & authority.roles_for(type(command).__name__):
            raise NotAllowed(
                "this badge is not the second person's",
                rule="the second person gives their own badge and PIN, in a role the site allows on its tablets",
                remedy="name whose badge it is, or take the right one",
            )
        return "badge and PIN"

    def _by_password(self, person: str, password: str, where: Where) -> str:
        with self.desk.tries.signing(person.removeprefix("person/"), where) as tried:
            how = presence.by_signing_password(self.house.people_keys, self.house.loop.reader.person, password)(person)
            tried.right = True
        return how

    def _forget_old(self, now: datetime) -> None:
        for name in self.desk.box.names(_KIND):
            found = self.desk.box.get(_KIND, name)
            if found and now - datetime.fromisoformat(found[0]["at"]) > GOOD_FOR:
                self.desk.box.remove(_KIND, name)


def _mark(command: Command) -> str:
    """A digest of the command with every field of it."""
    name = type(command).__name__
    return sha256(name.encode() + b"\0" + adapter_of(name).dump_json(command)).hexdigest()
