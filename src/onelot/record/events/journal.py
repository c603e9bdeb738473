"""The journal's own first word, and what sites, people, documents, lots and equipment go through."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from onelot.record.events.base import Event, event
from onelot.record.terms.values import Cite


@event("journal")
@dataclass(frozen=True)
class JournalOpened(Event):
    """The first event of every journal says whether it is production or simulation; it can never change."""

    mode: str
    site: str
    onelot_version: str


@event("site")
@dataclass(frozen=True)
class SiteRegistered(Event):
    """A site: its kind (manufacturing, hospital, collection, courier) and its public key where it has one."""

    name: str
    kind: str
    public_key: str = ""
    badge_sign_in: bool = False


@event("person")
@dataclass(frozen=True)
class PersonRegistered(Event):
    """A person may work here, in these roles, at these sites. The sign-in secret lies in the vault."""

    login: str
    printed_name: str
    roles: tuple[str, ...]
    sites: tuple[str, ...]


@event("person")
@dataclass(frozen=True)
class KeyEnrolled(Event):
    """A person's public signing key (ed25519, 64 hex digits), signed by the site. A reset is a new key."""

    key: str
    replaces: str = ""
    reason: str = ""


@event("person")
@dataclass(frozen=True)
class EnrolmentAllowed(Event):
    """The administrator has seen who this is: the person may make a signing key under a password of their own, once."""

    reason: str


@event("person")
@dataclass(frozen=True)
class RolesChanged(Event):
    """What the person may do from now on."""

    roles: tuple[str, ...]
    sites: tuple[str, ...]
    reason: str


@event("person")
@dataclass(frozen=True)
class PersonLeft(Event):
    """The person may do nothing here any more; what was signed stays signed."""

    reason: str


@event("person")
@dataclass(frozen=True)
class Qualified(Event):
    """The person is trained for a procedure until a date."""

    procedure: str
    until: datetime


@event("document")
@dataclass(frozen=True)
class DocumentRegistered(Event):
    """A version of a recipe, specification, rule or network exists: kind, version, SHA-256 of its canonical form."""

    kind: str
    title: str
    version: str
    sha256: str
    text: str


@event("document")
@dataclass(frozen=True)
class DocumentApproved(Event):
    """A person approved this version for use."""

    version: str
    sha256: str
    effective_from: datetime


@event("document")
@dataclass(frozen=True)
class DocumentWithdrawn(Event):
    """No new batch may use this version; open batches keep it, pinned."""

    version: str
    reason: str


@event("lot")
@dataclass(frozen=True)
class LotReceived(Event):
    """A quantity of an input is here: item, supplier's lot and certificate, expiry.

    made_for: mark (`identity.own_mark`) of the one chain of identity it was made for; "" for what any batch may use.
    Lots are open to every site, so the number itself does not stand here.
    """

    item: str
    supplier_lot: str
    certificate_sha256: str
    amount: Decimal
    unit: str
    expires_at: datetime
    made_for: str = ""


@event("lot")
@dataclass(frozen=True)
class LotReleased(Event):
    """Incoming inspection is passed; the lot may be charged."""

    finding: str


@event("lot")
@dataclass(frozen=True)
class LotMadeFromBatch(Event):
    """A released stock batch gives its vials to this lot."""

    batch: Cite
    item: str
    amount: Decimal
    unit: str
    expires_at: datetime


@event("lot")
@dataclass(frozen=True)
class LotBlocked(Event):
    """The lot may not be used, for this reason."""

    reason: str


@event("equipment")
@dataclass(frozen=True)
class EquipmentRegistered(Event):
    """A unit or device: its class, site, serial number, and whether it is a part of the twin."""

    equipment_class: str
    site: str
    serial: str
    simulated: bool
    driver_verified: bool


@event("equipment")
@dataclass(frozen=True)
class EquipmentQualified(Event):
    """Fit for use until a date (qualification or calibration)."""

    until: datetime
    reference: str


@event("equipment")
@dataclass(frozen=True)
class EquipmentTakenOut(Event):
    """Not to be used, for this reason."""

    reason: str


@event("equipment")
@dataclass(frozen=True)
class ReadingsSealed(Event):
    """A segment of this device's readings, chained by digest; the readings themselves are kept in bulk."""

    channel: str
    starts_at: datetime
    ends_at: datetime
    count: int
    sha256: str
