"""The vault: who a pseudonym is, and the values behind the seals.

Two keys per patient, both wrapped by the site's vault key, which lies outside the database:

traceability  opens the identity (name, birth date, numbers); its destruction is refused before retention ends
health        opens the sealed values; erasable: then the chain stays valid and the values answer "erased"
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from onelot.adapters.safe import Safe
from onelot.record.chain import canonical
from onelot.record.errors import Broken, Erased, NotAllowed
from onelot.record.journal import Payload
from onelot.record.terms.opened import Value
from onelot.record.terms.values import Sealed

# Traceability: 30 years after the expiry of the product (SmPC texts, process.md §5); years, cited there.
RETENTION_YEARS = 30

Entropy = Callable[[str, int], bytes]


@dataclass(frozen=True)
class Identity:
    """Who the patient is. Lives here only."""

    name: str
    birth_date: str
    identifiers: tuple[str, ...]


def _pack(value: Value) -> bytes:
    if isinstance(value, bool):
        return canonical({"flag": value})
    if isinstance(value, Decimal):
        return canonical({"number": str(value)})
    return canonical({"text": value})


def _unpack(data: bytes) -> Value:
    ((kind, value),) = orjson.loads(data).items()
    return Decimal(value) if kind == "number" else value


class Vault:
    """Seals and opens. `entropy(label, n)` gives n random bytes; a simulation derives them from seed and label."""

    def __init__(self, safe: Safe, site_key: bytes, entropy: Entropy) -> None:
        self._safe, self._site, self._entropy = safe, AESGCM(site_key), entropy
        self._marks = sha256(b"onelot marks" + site_key).digest()
        self._open: dict[tuple[str, str], bytes] = {}

    def mark(self, data: bytes) -> str:
        """A keyed digest, 64 hex digits: tells whether two things are the same, and nothing about them."""
        return hmac.digest(self._marks, data, "sha256").hex()

    def _key(self, kind: str, patient: str, *, make: bool = False) -> bytes:
        at = (kind, patient)
        # A health key is asked of the safe each time: another process may have destroyed it since.
        if kind != "health" and at in self._open:
            return self._open[at]
        wrapped = self._safe.get(kind, patient)
        if wrapped and at in self._open:
            return self._open[at]
        if wrapped == b"":
            self._open.pop(at, None)
            raise Erased(
                f"the {kind} key of this patient was destroyed",
                rule="erasure of health data on request; every chain stays valid",
                remedy="nothing: the value cannot be had any more",
            )
        if wrapped is None:
            if not make:
                raise Broken(
                    f"there is no {kind} key for {patient}",
                    rule="every patient has a key from the order on",
                    remedy="restore the vault from the backup that belongs to this journal",
                )
            key = self._entropy(f"{kind}/{patient}", 32)
            self._safe.put(kind, patient, self._wrap(key, f"{kind}/{patient}"))
        else:
            key = self._unwrap(wrapped, f"{kind}/{patient}")
        self._open[at] = key
        return key

    def _wrap(self, key: bytes, label: str) -> bytes:
        nonce = self._entropy(f"wrap/{label}", 12)
        return nonce + self._site.encrypt(nonce, key, label.encode())

    def _unwrap(self, wrapped: bytes, label: str) -> bytes:
        try:
            return self._site.decrypt(wrapped[:12], wrapped[12:], label.encode())
        except InvalidTag as cause:
            raise Broken(
                f"the key {label} does not open with this site's vault key",
                rule="keys are wrapped by the site's vault key",
                remedy="use the keys folder that belongs to this journal; `onelot doctor` tells",
            ) from cause

    def admit(self, patient: str, identity: Identity) -> None:
        """Keep who this pseudonym is, and make both keys."""
        self._key("health", patient, make=True)
        key = self._key("traceability", patient, make=True)
        value = canonical(
            {"name": identity.name, "birth_date": identity.birth_date, "identifiers": list(identity.identifiers)}
        )
        nonce = self._entropy(f"identity/{patient}/{sha256(value).hexdigest()}", 12)
        self._safe.put("identity", patient, nonce + AESGCM(key).encrypt(nonce, value, patient.encode()))

    def identify(self, patient: str) -> Identity:
        """Who this pseudonym is. The caller logs the look."""
        data = self._safe.get("identity", patient)
        if data is None:
            raise Broken(
                f"the vault does not know {patient}",
                rule="identity lives only in the vault",
                remedy="restore the vault from the backup that belongs to this journal",
            )
        value = orjson.loads(AESGCM(self._key("traceability", patient)).decrypt(data[:12], data[12:], patient.encode()))
        return Identity(value["name"], value["birth_date"], tuple(value["identifiers"]))

    def pseudonym_of(self, identifier: str) -> str | None:
        """The pseudonym of the patient with this identifier (`system|value`), if admitted; found by keyed hash."""
        found = self._safe.get("lookup", self._lookup(identifier))
        return found.decode() if found else None

    def remember(self, identifier: str, patient: str) -> None:
        """Let `pseudonym_of` find the patient by this identifier."""
        self._safe.put("lookup", self._lookup(identifier), patient.encode())

    def _lookup(self, identifier: str) -> str:
        key = self._key("lookup", "site", make=True)
        return sha256(key + identifier.encode()).hexdigest()

    def seal(self, patient: str, value: Value, label: str) -> tuple[Sealed, Payload]:
        """Seal a value under the patient's health key. label: unique for this value (stream, number, name)."""
        packed = _pack(value)
        salt = self._entropy(f"salt/{patient}/{label}", 16)
        commitment = sha256(salt + packed).hexdigest()
        nonce = sha256(b"nonce" + salt).digest()[:12]
        data = nonce + AESGCM(self._key("health", patient, make=True)).encrypt(
            nonce, salt + packed, commitment.encode()
        )
        return Sealed(commitment, patient), Payload(commitment, patient, data)

    def open(self, sealed: Sealed, payload: Payload | None) -> Value:
        """The value behind a seal.

        Raises:
            Erased: the health key or the payload is gone. Broken: the payload is not what was committed to.
        """
        key = self._key("health", sealed.patient)
        if payload is None:
            raise Erased(
                "this value was erased",
                rule="erasure of health data on request; every chain stays valid",
                remedy="nothing: the value cannot be had any more",
            )
        try:
            plain = AESGCM(key).decrypt(payload.data[:12], payload.data[12:], sealed.commitment.encode())
        except InvalidTag as cause:
            raise Broken(
                "a sealed value does not open",
                rule="AES-GCM: the value was changed or belongs to another patient",
                remedy="restore the payload from a backup; the chain shows which value was committed to",
                place=sealed.commitment,
            ) from cause
        if sha256(plain).hexdigest() != sealed.commitment:
            raise Broken(
                "a sealed value is not the one committed to",
                rule="salted commitment in the chain",
                remedy="restore the payload from a backup",
                place=sealed.commitment,
            )
        return _unpack(plain[16:])

    def erase_health(self, patient: str) -> None:
        """Destroy the health key. The values cannot be had any more, here or in any backup of the database."""
        self._safe.put("health", patient, b"")
        self._open.pop(("health", patient), None)

    def destroy_traceability(self, patient: str, now: datetime, expired_at: datetime | None) -> None:
        """Destroy the traceability key; refused before retention ends.

        expired_at: when the patient's last product expired; None while unknown.
        """
        if expired_at is None or now < expired_at.replace(year=expired_at.year + RETENTION_YEARS):
            raise NotAllowed(
                "the traceability key may not be destroyed yet",
                rule=f"traceability is kept {RETENTION_YEARS} years after the expiry of the product",
                remedy="erase the health key if the patient asks for erasure; identity stays in the vault",
            )
        self._safe.put("traceability", patient, b"")
        self._safe.remove("identity", patient)
        self._open.pop(("traceability", patient), None)
