"""Small secrets of sign-in, encrypted before they come into the safe: the database alone opens none of them."""

from __future__ import annotations

import secrets
from hmac import digest
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from onelot.adapters.safe import Safe
from onelot.record.errors import Broken, NotAllowed


class Box:
    """Sealed JSON by kind and name, under a key that follows from the site's vault key (HKDF, AES-GCM).

    key: 32 bytes, or None where there is no site key, e.g. in a test of passwords; then nothing can be sealed.
    """

    def __init__(self, safe: Safe, key: bytes | None) -> None:
        self._safe = safe
        self._seal = AESGCM(_derive(key, b"onelot sign-in seal")) if key else None
        self._mark = _derive(key, b"onelot sign-in mark") if key else None

    def get(self, kind: str, name: str) -> tuple[dict[str, Any], bytes] | None:
        """The value, and the sealed bytes it stands for (for `swap`).

        Raises:
            Broken: it does not open with this site's key.
        """
        raw = self._safe.get(kind, name)
        return (self.open(kind, name, raw), raw) if raw is not None else None

    def put(self, kind: str, name: str, value: dict[str, Any]) -> None:
        """Seal and set a value."""
        self._safe.put(kind, name, self.seal(kind, name, value))

    def swap(self, kind: str, name: str, old: bytes | None, value: dict[str, Any]) -> bool:
        """Seal and set a value if what is there still is `old`; whether it was."""
        return self._safe.swap(kind, name, old, self.seal(kind, name, value))

    def take(self, kind: str, name: str) -> dict[str, Any] | None:
        """The value, removed: of many who take at once, one gets it."""
        found = self.get(kind, name)
        return found[0] if found and self._safe.remove(kind, name) else None

    def remove(self, kind: str, name: str) -> bool:
        """Remove a value; whether there was one."""
        return self._safe.remove(kind, name)

    def has(self, kind: str, name: str) -> bool:
        """Whether there is a value; it is not opened."""
        return self._safe.get(kind, name) is not None

    def names(self, kind: str) -> list[str]:
        """The names of a kind."""
        return self._safe.names(kind)

    def seal(self, kind: str, name: str, value: dict[str, Any]) -> bytes:
        """Sealed bytes that open under this kind and name only."""
        if self._seal is None:
            raise _no_key()
        nonce = secrets.token_bytes(12)
        return nonce + self._seal.encrypt(nonce, orjson.dumps(value), f"{kind}/{name}".encode())

    def open(self, kind: str, name: str, raw: bytes) -> dict[str, Any]:
        """What `seal` sealed."""
        if self._seal is None:
            raise _no_key()
        try:
            found: dict[str, Any] = orjson.loads(self._seal.decrypt(raw[:12], raw[12:], f"{kind}/{name}".encode()))
        except (InvalidTag, ValueError) as cause:
            raise Broken(
                f"the {kind} kept for {name} does not open",
                rule="secrets of sign-in are sealed under the site's vault key",
                remedy="use the keys folder that belongs to this database; or let the user administrator reset it",
            ) from cause
        return found

    def mark(self, what: str, value: str) -> str:
        """A keyed hash: whoever reads the database cannot try out badge numbers against it."""
        if self._mark is None:
            raise _no_key()
        return digest(self._mark, f"{what}/{value}".encode(), "sha256").hex()


def _derive(key: bytes, info: bytes) -> bytes:
    return HKDF(SHA256(), 32, None, info).derive(key)


def _no_key() -> NotAllowed:
    return NotAllowed(
        "second factors and badges are not available here",
        rule="their secrets are sealed under the site's vault key",
        remedy="run `onelot serve` on an installation",
    )
