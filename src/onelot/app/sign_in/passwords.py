"""Sign-in passwords, apart from signing passwords: argon2id hashes in the safe, by sign-in name."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from threading import BoundedSemaphore
from typing import Any

import orjson
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from onelot.adapters.safe import Safe
from onelot.app.sign_in.guessable import check_guessable
from onelot.record.errors import NotAllowed

SHORTEST = 12
# A hash takes 64 MiB: this many at once, and the others wait.
_AT_ONCE = 4
_KIND = "sign-in"
# It is copied from paper: of signs that look like each other (0 o, 1 i l, 2 z, 5 s, 8 b, 9 g q, u v), one at most.
_LETTERS = "acdefghjkmnprtvwxy2345678"
_GROUPS, _GROUP = 7, 4


@dataclass(frozen=True)
class Found:
    """A password that fits: whether it is a temporary one, which has to be changed first."""

    temporary: bool


def check_password(password: str) -> None:
    """Refuse a password shorter than twelve characters, or of hardly any different ones."""
    if len(password) < SHORTEST or len(set(password)) < 4:
        raise NotAllowed(
            "the password is too short" if len(password) < SHORTEST else "the password is one sign over and over",
            rule=f"at least {SHORTEST} characters, four of them different; no default password exists",
            remedy="choose a longer one, e.g. four words",
        )


def check_own(login: str, printed_name: str, password: str, words: Iterable[str] = ()) -> None:
    """Refuse a password somebody could guess who knows the name, the house, or what people choose.

    words: further ones that are easy to guess here, e.g. the site's name.
    """
    check_password(password)
    names = [login, *login.replace(".", " ").split(), *printed_name.split()]
    if any(len(name) > 3 and name.casefold() in password.casefold() for name in names):
        raise NotAllowed(
            "your name is in the password",
            rule="a password does not hold the name it belongs to",
            remedy="choose another, e.g. four words",
        )
    check_guessable(password, (*names, *words))


def make_temporary() -> str:
    """A temporary password: seven groups of four out of 25 signs, 130 random bits."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))


def bare(password: str) -> str:
    """A temporary password without what copying changes: small letters and digits only."""
    return "".join(each for each in password.casefold() if each.isalnum())


def alike(one: str, other: str) -> bool:
    """Whether two passwords differ in case and separators at most."""
    return bare(one) == bare(other)


class Passwords:
    """Sets and checks. hasher: argon2id as the library recommends it, unless a test asks for less."""

    def __init__(self, safe: Safe, clock: Callable[[], datetime], hasher: PasswordHasher | None = None) -> None:
        self._safe, self._clock, self._hasher = safe, clock, hasher or PasswordHasher()
        self._room = BoundedSemaphore(_AT_ONCE)
        # Verified against when the name is unknown, so that the two take as long.
        self._nobody = self.hashed(secrets.token_hex(16))

    def hashed(self, secret: str) -> str:
        """The hash of a password or PIN."""
        with self._room:
            return self._hasher.hash(secret)

    def fits(self, hashed: str | None, secret: str) -> bool:
        """Whether the secret has this hash; as slow without a hash as with one."""
        with self._room:
            try:
                return self._hasher.verify(hashed or self._nobody, secret) and hashed is not None
            except (Argon2Error, InvalidHashError):
                return False

    def known(self, login: str) -> bool:
        """Whether there is a password for this name."""
        return self._safe.get(_KIND, login) is not None

    def put(self, login: str, password: str, until: datetime | None = None) -> None:
        """Set a password; with `until`, a temporary one, which is good in either case and with any separators."""
        check_password(password)
        lasts = {"until": until.isoformat()} if until else {}
        hashed = self.hashed(bare(password) if until else password)
        self._safe.put(_KIND, login, orjson.dumps({"hash": hashed, **lasts}))

    def look(self, login: str, password: str) -> Found | None:
        """What fits, or None: unknown name, another password, or a temporary one whose time has run out."""
        raw = self._safe.get(_KIND, login)
        found: dict[str, Any] = orjson.loads(raw) if raw else {}
        until = found.get("until")
        if not self.fits(found.get("hash"), bare(password) if until else password):
            return None
        if until and datetime.fromisoformat(until) <= self._clock():
            return None
        return Found(temporary=until is not None)
