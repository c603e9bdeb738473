"""People, documents, lots and equipment, folded from their streams."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from onelot.record.events import journal as ev
from onelot.record.journal import Entry
from onelot.record.life import advance
from onelot.record.terms.values import Cite


@dataclass(frozen=True)
class Person:
    """Who may do what, where, with which key. may_enrol: who allowed them to make a key of their own; "" for nobody."""

    state: str = "new"
    seq: int = 0
    login: str = ""
    printed_name: str = ""
    roles: frozenset[str] = frozenset()
    sites: frozenset[str] = frozenset()
    key: str = ""
    key_cite: Cite | None = None
    may_enrol: str = ""
    qualified: dict[str, datetime] = field(default_factory=dict)


def fold_person(entries: Iterable[Entry]) -> Person:
    """The person after these entries."""
    found = Person()
    for entry in entries:
        found = replace(found, state=advance("person", found.state, entry.envelope["type"]), seq=entry.seq)
        match entry.event:
            case ev.PersonRegistered(login, printed_name, roles, sites):
                found = replace(
                    found, login=login, printed_name=printed_name, roles=frozenset(roles), sites=frozenset(sites)
                )
            case ev.KeyEnrolled(key):
                found = replace(found, key=key, key_cite=entry.cite, may_enrol="")
            case ev.EnrolmentAllowed():
                found = replace(found, may_enrol=entry.by)
            case ev.RolesChanged(roles, sites):
                found = replace(found, roles=frozenset(roles), sites=frozenset(sites))
            case ev.Qualified(procedure, until):
                found = replace(found, qualified={**found.qualified, procedure: until})
            case ev.PersonLeft():
                found = replace(found, roles=frozenset(), key="", may_enrol="")
    return found


@dataclass(frozen=True)
class Document:
    """A version of a recipe, specification, rule or network; usable when approved and in effect."""

    state: str = "new"
    seq: int = 0
    kind: str = ""
    title: str = ""
    version: str = ""
    sha256: str = ""
    text: str = ""
    registered_by: str = ""
    approved_by: str = ""
    effective_from: datetime | None = None
    approved_at: datetime | None = None
    cite: Cite | None = None


def fold_document(entries: Iterable[Entry]) -> Document:
    """The document after these entries; `cite` points at the registration, which holds the text."""
    found = Document()
    for entry in entries:
        found = replace(found, state=advance("document", found.state, entry.envelope["type"]), seq=entry.seq)
        match entry.event:
            case ev.DocumentRegistered(kind, title, version, sha256, text):
                found = replace(
                    found,
                    kind=kind,
                    title=title,
                    version=version,
                    sha256=sha256,
                    text=text,
                    registered_by=entry.by,
                    cite=entry.cite,
                )
            case ev.DocumentApproved(_, _, effective_from):
                found = replace(found, approved_by=entry.by, approved_at=entry.at, effective_from=effective_from)
    return found


@dataclass(frozen=True)
class Lot:
    """An input: what it is, until when it may be used, whether it may be charged, and for whom alone (a mark)."""

    state: str = "new"
    seq: int = 0
    item: str = ""
    unit: str = ""
    expires_at: datetime | None = None
    cite: Cite | None = None
    made_for: str = ""


def fold_lot(entries: Iterable[Entry]) -> Lot:
    """The lot after these entries; `cite` points at the event that brought it here."""
    found = Lot()
    for entry in entries:
        found = replace(found, state=advance("lot", found.state, entry.envelope["type"]), seq=entry.seq)
        match entry.event:
            case ev.LotReceived() | ev.LotMadeFromBatch() as came:
                found = replace(found, item=came.item, unit=came.unit, expires_at=came.expires_at, cite=entry.cite)
                found = replace(found, made_for=came.made_for if isinstance(came, ev.LotReceived) else "")
    return found


@dataclass(frozen=True)
class Equipment:
    """A unit or device: its class, and until when it is qualified."""

    state: str = "new"
    seq: int = 0
    equipment_class: str = ""
    site: str = ""
    simulated: bool = False
    qualified_until: datetime | None = None


def fold_equipment(entries: Iterable[Entry]) -> Equipment:
    """The equipment after these entries."""
    found = Equipment()
    for entry in entries:
        found = replace(found, state=advance("equipment", found.state, entry.envelope["type"]), seq=entry.seq)
        match entry.event:
            case ev.EquipmentRegistered(equipment_class, site, _, simulated):
                found = replace(found, equipment_class=equipment_class, site=site, simulated=simulated)
            case ev.EquipmentQualified(until):
                found = replace(found, qualified_until=until)
    return found
