"""Sign-in: a password apart from the signing password, lock-out, and sessions that expire.

Kept in the safe: argon2id hashes by sign-in name, failures, and sessions by the hash of their token.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import orjson
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from onelot.adapters.safe import Safe
from onelot.record.errors import NotAllowed

LASTS = timedelta(hours=8)
IDLE = timedelta(minutes=30)
MOST_FAILURES = 5
LOCKED_FOR = timedelta(minutes=15)
SHORTEST = 12

_SECRET, _SESSION = "sign-in", "session"


class NotSignedIn(NotAllowed):
    """There is no session, or it has expired."""


def check_password(password: str) -> None:
    """Refuse a password shorter than twelve characters."""
    if len(password) < SHORTEST:
        raise NotAllowed(
            "the password is too short",
            rule=f"at least {SHORTEST} characters; no default password exists",
            remedy="choose a longer one, e.g. four words",
        )


class SignIn:
    """Who is signed in. `clock` is the wall clock: a session's life is real time, also beside a simulation."""

    def __init__(self, safe: Safe, clock: Callable[[], datetime], hasher: PasswordHasher | None = None) -> None:
        self._safe, self._clock, self._hasher = safe, clock, hasher or PasswordHasher()
        # Verified against when the name is unknown, so that the two take as long.
        self._nobody = self._hasher.hash(secrets.token_hex(16))

    def set_password(self, login: str, password: str) -> None:
        """Set a person's sign-in password; open sessions end."""
        check_password(password)
        self._safe.put(_SECRET, login, orjson.dumps({"hash": self._hasher.hash(password), "failures": 0}))
        for token in self._safe.names(_SESSION):
            found = self._read(_SESSION, token)
            if found and found["login"] == login:
                self._safe.remove(_SESSION, token)

    def open(self, login: str, password: str) -> str:
        """A session's token.

        Raises:
            NotAllowed: name and password do not belong together, or the name is locked.
        """
        now = self._clock()
        found = self._read(_SECRET, login)
        self.check_lock(login)
        if not self._fits(found["hash"] if found else self._nobody, password) or not found:
            self._count_failure(login, found, now)
            raise NotAllowed(
                "sign-in name and password do not belong together",
                rule="21 CFR 11.300: sign-in by name and password",
                remedy="type them again, or ask the user administrator",
            )
        self._safe.put(_SECRET, login, orjson.dumps({"hash": found["hash"], "failures": 0}))
        token = secrets.token_urlsafe(32)
        session = {"login": login, "opened": now.isoformat(), "seen": now.isoformat()}
        self._safe.put(_SESSION, _digest(token), orjson.dumps(session))
        return token

    def check_lock(self, login: str) -> None:
        """Refuse a name that is locked.

        Raises:
            NotAllowed: too many wrong passwords, of sign-in or of signing.
        """
        found = self._read(_SECRET, login)
        if found and found.get("locked_until", "") > self._clock().isoformat():
            raise NotAllowed(
                "too many wrong passwords: this name is locked for a while",
                rule=f"{MOST_FAILURES} wrong passwords lock a name for {LOCKED_FOR.seconds // 60} minutes",
                remedy="wait, or ask the user administrator",
            )

    def failed(self, login: str) -> None:
        """Count a wrong signing password."""
        self._count_failure(login, self._read(_SECRET, login), self._clock())

    def _fits(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (Argon2Error, InvalidHashError):
            return False

    def _count_failure(self, login: str, found: dict[str, Any] | None, now: datetime) -> None:
        if found is None:
            return
        failures = int(found.get("failures", 0)) + 1
        locked = {"locked_until": (now + LOCKED_FOR).isoformat()} if failures >= MOST_FAILURES else {}
        kept = {"hash": found["hash"], "failures": 0 if locked else failures, **locked}
        self._safe.put(_SECRET, login, orjson.dumps(kept))

    def who(self, token: str) -> str:
        """The sign-in name behind a token.

        Raises:
            NotAllowed: no session, or it has expired.
        """
        now, name = self._clock(), _digest(token)
        found = self._read(_SESSION, name)
        if found:
            opened, seen = datetime.fromisoformat(found["opened"]), datetime.fromisoformat(found["seen"])
            if now - opened < LASTS and now - seen < IDLE:
                if now - seen > timedelta(minutes=1):
                    self._safe.put(_SESSION, name, orjson.dumps({**found, "seen": now.isoformat()}))
                login: str = found["login"]
                return login
            self._safe.remove(_SESSION, name)
        raise NotSignedIn(
            "you are not signed in",
            rule=f"a session ends {IDLE.seconds // 60} minutes after its last use, {LASTS.seconds // 3600} h at most",
            remedy="sign in again",
        )

    def close(self, token: str) -> None:
        """End a session."""
        self._safe.remove(_SESSION, _digest(token))

    def _read(self, kind: str, name: str) -> dict[str, Any] | None:
        data = self._safe.get(kind, name)
        return orjson.loads(data) if data else None


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
