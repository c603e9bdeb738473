"""Keys: the site's, and each person's, wrapped by the signing password and opened for one signature.

The site's signing key and vault key are files (mode 0600) in a folder outside the database. A person's ed25519 key is
encrypted under a key derived from the signing password by argon2id; nobody else can sign for them, not even IT.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import orjson
from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from onelot.adapters.safe import Safe
from onelot.adapters.vault import Entropy
from onelot.record.errors import BadInput, Conflict, NotAllowed, Unreachable


@dataclass(frozen=True)
class Argon2:
    """Cost of turning a password into a key: memory in KiB, passes, lanes."""

    memory_kib: int = 64 * 1024
    passes: int = 3
    lanes: int = 1

    def derive(self, password: str, salt: bytes) -> bytes:
        """32 bytes from a password."""
        return hash_secret_raw(password.encode(), salt, self.passes, self.memory_kib, self.lanes, 32, Type.ID)


# OWASP's argon2id recommendation or stronger for people; a simulation signs thousands of times.
FOR_PEOPLE = Argon2()
FOR_SIMULATION = Argon2(memory_kib=8, passes=1)


def public_hex(private: Ed25519PrivateKey) -> str:
    """The public key, 64 hex digits."""
    return private.public_key().public_bytes_raw().hex()


@dataclass(frozen=True)
class SiteKeys:
    """The site's signing key, and the 32-byte key that wraps the patients' keys."""

    signing: Ed25519PrivateKey
    vault: bytes

    @property
    def public(self) -> str:
        """The site's public key, 64 hex digits."""
        return public_hex(self.signing)


def make_site_keys(entropy: Entropy) -> SiteKeys:
    """New keys for a site."""
    return SiteKeys(Ed25519PrivateKey.from_private_bytes(entropy("site/signing", 32)), entropy("site/vault", 32))


def write_site_keys(folder: Path, keys: SiteKeys) -> None:
    """Write the keys where only this user can read them; refuses to overwrite."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, data in (("site.key", keys.signing.private_bytes_raw()), ("vault.key", keys.vault)):
        try:
            handle = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError as cause:
            raise NotAllowed(
                f"{folder / name} is already there",
                rule="site keys are made once; a new key would orphan every seal",
                remedy="use the keys that are there, or another folder",
            ) from cause
        with os.fdopen(handle, "wb") as file:
            file.write(data.hex().encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())


def read_site_keys(folder: Path) -> SiteKeys:
    """The keys in this folder; refused when others than the owner can read them."""
    found = {}
    for name in ("site.key", "vault.key"):
        path = folder / name
        try:
            if path.stat().st_mode & 0o077:
                raise NotAllowed(
                    f"{path} can be read by others",
                    rule="private keys are readable by their owner only",
                    remedy=f"chmod 600 {path}",
                )
            found[name] = bytes.fromhex(path.read_text().strip())
        except OSError as cause:
            raise Unreachable(
                f"the site key {path} cannot be read: {cause.strerror}",
                rule="a site signs its seals with its own key",
                remedy="run `onelot init`, or point --keys at the folder that `init` made",
            ) from cause
        except ValueError as cause:
            raise BadInput(
                f"{path} does not hold a key",
                rule="64 hex digits",
                remedy="restore it from the backup",
                place=str(path),
            ) from cause
    return SiteKeys(Ed25519PrivateKey.from_private_bytes(found["site.key"]), found["vault.key"])


class PersonKeys:
    """People's keys, each wrapped by its owner's signing password."""

    def __init__(self, safe: Safe, entropy: Entropy, cost: Argon2 = FOR_PEOPLE) -> None:
        self._safe, self._entropy, self._cost = safe, entropy, cost

    def enrol(self, login: str, password: str, label: str = "") -> str:
        """Make a key for this person under this password; a reset is a new key. Gives the public key.

        label: unique per enrolment, so that a simulation's keys differ between resets.
        """
        private = Ed25519PrivateKey.from_private_bytes(self._entropy(f"person/{login}/{label}", 32))
        self._safe.put("person-key", login, self._wrapped(login, password, private.private_bytes_raw(), label))
        return public_hex(private)

    def _wrapped(self, login: str, password: str, secret: bytes, label: str) -> bytes:
        salt = self._entropy(f"person-salt/{login}/{label}", 16)
        nonce = self._entropy(f"person-nonce/{login}/{label}", 12)
        wrapped = AESGCM(self._cost.derive(password, salt)).encrypt(nonce, secret, login.encode())
        return orjson.dumps(
            {
                "salt": salt.hex(),
                "nonce": nonce.hex(),
                "wrapped": wrapped.hex(),
                "memory_kib": self._cost.memory_kib,
                "passes": self._cost.passes,
                "lanes": self._cost.lanes,
            }
        )

    def rewrap(self, login: str, old: str, new: str) -> None:
        """The same key under another password; nothing changes for what was signed.

        Raises:
            NotAllowed: no key, or the old password does not open it.
        """
        stored = self._safe.get("person-key", login)
        secret = self._unwrapped(login, old, stored)
        # Named after what it replaces, so that a simulation draws other bytes each time.
        label = f"rewrap/{sha256(stored or b'').hexdigest()}"
        if not self._safe.swap("person-key", login, stored, self._wrapped(login, new, secret, label)):
            raise Conflict(
                "your signing password was changed at the same moment",
                rule="one change at a time",
                remedy="try again with the password that holds now",
            )

    def open(self, login: str, password: str) -> tuple[str, Callable[[bytes], bytes]]:
        """The person's public key and a function that signs, for one signature.

        Raises:
            NotAllowed: no key, or the password does not open it (the two look alike from outside).
        """
        secret = self._unwrapped(login, password, self._safe.get("person-key", login))
        private = Ed25519PrivateKey.from_private_bytes(secret)
        return public_hex(private), private.sign

    def _unwrapped(self, login: str, password: str, stored: bytes | None) -> bytes:
        refusal = NotAllowed(
            "the signature was not made: sign-in name and signing password do not belong together",
            rule="21 CFR 11.200(a): two components at each signing",
            remedy="type the signing password again, or ask the user administrator for a new key",
        )
        if stored is None:
            raise refusal
        found = orjson.loads(stored)
        cost = Argon2(found["memory_kib"], found["passes"], found["lanes"])
        try:
            return AESGCM(cost.derive(password, bytes.fromhex(found["salt"]))).decrypt(
                bytes.fromhex(found["nonce"]), bytes.fromhex(found["wrapped"]), login.encode()
            )
        except InvalidTag as cause:
            raise refusal from cause
