"""What must be known before a patient comes: sites, people, documents, equipment, lots."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import ClassVar

import orjson

from onelot.app.authority import table
from onelot.app.commands import Command, handles
from onelot.app.context import ANYWHERE, Context, mode_of
from onelot.app.document_kinds import NETWORK, check_kind
from onelot.app.rules import KINDS, MARK_REVIEWS
from onelot.record.chain import canonical
from onelot.record.errors import BadInput, NotAllowed
from onelot.record.events import journal as ev
from onelot.record.journal import Effect, TakeName
from onelot.record.signature import second_person


@dataclass(frozen=True)
class RegisterSite(Command):
    """Make a site known. kind: manufacturing, hospital, collection."""

    site: str
    name: str
    kind: str


@handles(RegisterSite)
def _register_site(context: Context, command: RegisterSite) -> None:
    stream = f"site/{command.site}"
    if context.journal.read(stream):
        raise NotAllowed(
            f"{command.site} is registered already",
            rule="a site is registered once; registering it again would drop its public key",
            remedy="choose another name",
        )
    context.new(stream)
    context.add(stream, ev.SiteRegistered(command.name, command.kind))


@dataclass(frozen=True)
class RegisterPerson(Command):
    """Let a person work here. Their sign-in secret and key are enrolled apart."""

    login: str
    printed_name: str
    roles: tuple[str, ...]
    sites: tuple[str, ...]


def _known_roles(roles: tuple[str, ...]) -> None:
    strange = sorted(set(roles) - set(table()["roles"]))
    if strange:
        raise BadInput(
            f"unknown role {', '.join(strange)}",
            rule="roles are data: data/roles.json",
            remedy=f"choose from {', '.join(sorted(table()['roles']))}",
        )


def _own_sites(context: Context, sites: Iterable[str]) -> None:
    """Refuse what reaches beyond the administrator's own sites."""
    beyond = sorted(set(sites) - context.actor.sites)
    if beyond and ANYWHERE not in context.actor.sites:
        raise NotAllowed(
            f"{', '.join(beyond)} is not yours to give or to change",
            rule="a user administrator lets people in at their own sites",
            remedy="ask an administrator of that site, or of all",
        )


@handles(RegisterPerson)
def _register_person(context: Context, command: RegisterPerson) -> None:
    _known_roles(command.roles)
    _own_sites(context, command.sites)
    stream = f"person/{command.login}"
    context.new(stream)
    context.add(stream, ev.PersonRegistered(command.login, command.printed_name, command.roles, command.sites))


@dataclass(frozen=True)
class ChangeRoles(Command):
    """Change what a person may do, and where."""

    login: str
    roles: tuple[str, ...]
    sites: tuple[str, ...]
    reason: str


def _keep_an_administrator(context: Context, login: str, roles: tuple[str, ...]) -> None:
    """Refuse what would leave nobody who can let people in."""
    people = context.journal.rows("people")
    left = [name for name, row in people.items() if name != login and "user_administrator" in row["roles"]]
    if not left and "user_administrator" not in roles:
        raise NotAllowed(
            f"{login} is the last user administrator",
            rule="a house always has somebody who can let people in",
            remedy="make somebody else user administrator first",
        )


@handles(ChangeRoles)
def _change_roles(context: Context, command: ChangeRoles) -> None:
    _known_roles(command.roles)
    if context.actor.id == f"person/{command.login}":
        raise NotAllowed(
            "you may not change your own roles",
            rule="nobody approves their own work",
            remedy="ask another user administrator",
        )
    _keep_an_administrator(context, command.login, command.roles)
    _own_sites(context, {*command.sites, *context.reader.person(command.login).sites})
    context.add(f"person/{command.login}", ev.RolesChanged(command.roles, command.sites, command.reason))


@dataclass(frozen=True)
class RemovePerson(Command):
    """Let a person leave; what they signed stays."""

    login: str
    reason: str


@handles(RemovePerson)
def _remove_person(context: Context, command: RemovePerson) -> None:
    _keep_an_administrator(context, command.login, ())
    _own_sites(context, context.reader.person(command.login).sites)
    context.add(f"person/{command.login}", ev.PersonLeft(command.reason))


@dataclass(frozen=True)
class RegisterDocument(Command):
    """Register a version of a recipe, specification, rule or network; `text` is its JSON."""

    name: str
    kind: str
    title: str
    version: str
    text: str


@handles(RegisterDocument)
def _register_document(context: Context, command: RegisterDocument) -> None:
    try:
        value = orjson.loads(command.text)
    except orjson.JSONDecodeError as cause:
        raise BadInput(
            f"the document is not JSON: {cause.msg}",
            rule="documents are data",
            remedy="mend the file at this place",
            place=f"line {cause.lineno}, column {cause.colno}",
        ) from cause
    check_kind(command.kind, command.name, value)
    stream = f"document/{command.name}/{command.version}"
    text = canonical(value).decode()
    context.new(stream)
    context.add(
        stream,
        ev.DocumentRegistered(command.kind, command.title, command.version, sha256(text.encode()).hexdigest(), text),
    )


@dataclass(frozen=True)
class ApproveDocument(Command):
    """Approve a registered version for use."""

    meaning: ClassVar[str] = "approves this document for use"
    name: str
    version: str
    effective_from: datetime


@handles(ApproveDocument)
def _approve_document(context: Context, command: ApproveDocument) -> None:
    stream = f"document/{command.name}/{command.version}"
    document = context.reader.document(f"{command.name}/{command.version}")
    second_person(document.registered_by, context.actor.id, what="approving a document")
    if document.kind == NETWORK:
        # One registered by an onelot that did not yet read networks would stop every booking.
        check_kind(document.kind, command.name, orjson.loads(document.text))
    context.at(stream, document.seq)
    context.add(stream, ev.DocumentApproved(command.version, document.sha256, command.effective_from), signed=True)
    if document.kind in KINDS:
        context.effect(Effect(f"reviews/{command.name}/{command.version}", MARK_REVIEWS, {}))


@dataclass(frozen=True)
class WithdrawDocument(Command):
    """Withdraw a version; open batches keep it, pinned."""

    meaning: ClassVar[str] = "withdraws this document"
    name: str
    version: str
    reason: str


@handles(WithdrawDocument)
def _withdraw_document(context: Context, command: WithdrawDocument) -> None:
    context.add(
        f"document/{command.name}/{command.version}",
        ev.DocumentWithdrawn(command.version, command.reason),
        signed=True,
    )


@dataclass(frozen=True)
class RegisterEquipment(Command):
    """Make a unit or device known. simulated: it is a part of the twin; production refuses those."""

    equipment: str
    equipment_class: str
    site: str
    serial: str
    simulated: bool
    driver_verified: bool


@handles(RegisterEquipment)
def _register_equipment(context: Context, command: RegisterEquipment) -> None:
    mode = mode_of(context.journal)
    if command.simulated and mode == "production":
        raise NotAllowed(
            f"{command.equipment} is a part of the twin",
            rule="a production journal refuses the twin's parts",
            remedy="register the real device, or use a journal of a simulation",
        )
    stream = f"equipment/{command.equipment}"
    context.new(stream)
    context.add(
        stream,
        ev.EquipmentRegistered(
            command.equipment_class, command.site, command.serial, command.simulated, command.driver_verified
        ),
    )


@dataclass(frozen=True)
class QualifyEquipment(Command):
    """Declare a unit fit for use until a date."""

    meaning: ClassVar[str] = "declares this equipment qualified"
    equipment: str
    until: datetime
    reference: str


@handles(QualifyEquipment)
def _qualify_equipment(context: Context, command: QualifyEquipment) -> None:
    context.add(f"equipment/{command.equipment}", ev.EquipmentQualified(command.until, command.reference), signed=True)


@dataclass(frozen=True)
class TakeOutEquipment(Command):
    """Take a unit out of use."""

    equipment: str
    reason: str


@handles(TakeOutEquipment)
def _take_out_equipment(context: Context, command: TakeOutEquipment) -> None:
    context.add(f"equipment/{command.equipment}", ev.EquipmentTakenOut(command.reason))


@dataclass(frozen=True)
class EnrolKey(Command):
    """Enrol a person's public signing key, signed in the site's name. A reset is a new key."""

    login: str
    key: str
    reason: str = ""


@handles(EnrolKey)
def _enrol_key(context: Context, command: EnrolKey) -> None:
    person = context.reader.person(command.login)
    if person.state != "active":
        raise NotAllowed(
            f"{command.login} does not work here",
            rule="only registered, active people have keys",
            remedy="register the person first",
        )
    _own_sites(context, person.sites)
    context.at(f"person/{command.login}", person.seq)
    context.claim(TakeName(f"key/{command.key}"))
    context.add(f"person/{command.login}", ev.KeyEnrolled(command.key, person.key, command.reason), by_site=True)


@dataclass(frozen=True)
class AllowEnrolment(Command):
    """Let a person make a signing key under a password of their own, once: who they are was looked at."""

    login: str
    reason: str


@handles(AllowEnrolment)
def _allow_enrolment(context: Context, command: AllowEnrolment) -> None:
    person = context.reader.person(command.login)
    if person.state != "active" or context.actor.id == f"person/{command.login}":
        raise NotAllowed(
            f"{command.login} cannot be let in by you",
            rule="21 CFR 11.100(b): somebody else looks at who a person is before they sign here",
            remedy="register the person first; for yourself, ask another user administrator",
        )
    _own_sites(context, person.sites)
    context.at(f"person/{command.login}", person.seq)
    context.add(f"person/{command.login}", ev.EnrolmentAllowed(command.reason))


@dataclass(frozen=True)
class EnrolOwnKey(Command):
    """Enrol one's own public signing key, signed in the site's name, once the administrator has allowed it."""

    key: str


@handles(EnrolOwnKey)
def _enrol_own_key(context: Context, command: EnrolOwnKey) -> None:
    stream = context.actor.id
    person = context.reader.person(stream.removeprefix("person/"))
    if not person.may_enrol:
        raise NotAllowed(
            "nobody has allowed you a signing key",
            rule="21 CFR 11.100(b): the user administrator looks at who you are first",
            remedy="ask the user administrator to let you in",
        )
    context.at(stream, person.seq)
    context.claim(TakeName(f"key/{command.key}"))
    reason = f"under a password of their own, as {person.may_enrol} allowed"
    context.add(stream, ev.KeyEnrolled(command.key, person.key, reason), by_site=True)
