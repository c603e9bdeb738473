"""Sessions: kept in the safe by the hash of their token; they end by idleness, by age, and when they are ended.

A session may be unfinished: the password was right, and something is still needed (`needs`) before it opens anything.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

import orjson

from onelot.adapters.safe import Safe
from onelot.app.sign_in.security_log import Where
from onelot.app.sign_in.settings import Settings
from onelot.record.errors import NotAllowed

# What may be needed before a session opens anything, in the order in which it is asked for.
CODE, ENROL, PASSWORDS = "second_factor", "second_factor_enrolment", "own_passwords"
UNFINISHED_FOR = timedelta(minutes=10)
_KIND = "session"
_PURGE_EVERY = timedelta(minutes=10)


class NotSignedIn(NotAllowed):
    """There is no session, or it has expired."""


class Unfinished(NotSignedIn):
    """Sign-in is not finished. needs: what comes next."""

    def __init__(self, needs: tuple[str, ...]) -> None:
        said = {
            CODE: "give your second factor",
            ENROL: "enrol a second factor: your role or site asks for one",
            PASSWORDS: "choose your own passwords",
        }
        super().__init__(
            "your sign-in is not finished",
            rule="a session opens nothing before every step of signing in is done",
            remedy=said.get(needs[0], "go on with signing in"),
        )
        self.needs = needs

    def as_dict(self) -> dict[str, str | None]:
        """The refusal, and what is needed next."""
        return {**super().as_dict(), "needs": ",".join(self.needs)}


@dataclass(frozen=True)
class Session:
    """Somebody signed in.

    id: names the session in lists; opens nothing. how: the proofs given. needs: what is still missing. device: the
    tablet, for a session by badge, which never signs and lasts short.
    """

    id: str
    login: str
    opened: str
    seen: str
    how: tuple[str, ...] = ("password",)
    needs: tuple[str, ...] = ()
    address: str = ""
    agent: str = ""
    device: str = ""
    site: str = ""

    @property
    def by_badge(self) -> bool:
        """Whether it was opened with a badge on a shared tablet."""
        return bool(self.device)


class Sessions:
    """Opens, finds, lists and ends sessions."""

    def __init__(self, safe: Safe, clock: Callable[[], datetime], settings: Settings) -> None:
        self._safe, self._clock, self._settings = safe, clock, settings
        self._purged = clock() - _PURGE_EVERY

    def open(self, login: str, how: tuple[str, ...], needs: tuple[str, ...], where: Where,
             device: str = "", site: str = "") -> str:  # fmt: skip
        """A new session's token: 256 bits, told once."""
        self._purge()
        token, now = secrets.token_urlsafe(32), self._clock().isoformat()
        agent = "".join(each for each in where.agent[:120] if each.isprintable())
        self._put(
            digest(token),
            Session(secrets.token_hex(8), login, now, now, how, needs, where.address[:64], agent, device, site),
        )
        return token

    def find(self, token: str, *, use: bool = True) -> Session:
        """The session behind a token, finished or not. use: whether this is a use of it, after which it lives on.

        Raises:
            NotSignedIn: there is none, or it has expired.
        """
        now, name = self._clock(), digest(token)
        found = self._get(name)
        if found is not None:
            if not self._expired(found, now):
                if use and now - datetime.fromisoformat(found.seen) > timedelta(minutes=1):
                    self._touch(name, found, now)
                return found
            self._safe.remove(_KIND, name)
        minutes, hours = self._settings.idle_minutes, self._settings.lasts_hours
        raise NotSignedIn(
            "you are not signed in",
            rule=f"a session ends {minutes} minutes after its last use, {hours} h at most; a tablet's sooner",
            remedy="sign in again",
        )

    def of(self, login: str) -> list[Session]:
        """The open sessions of one person, newest first."""
        now = self._clock()
        found = (each for _, each in self._all() if each.login == login and not self._expired(each, now))
        return sorted(found, key=lambda each: each.opened, reverse=True)

    def close(self, token: str) -> Session | None:
        """End a session; what it was, for the one caller who ended it."""
        found = self._get(digest(token))
        return found if self._safe.remove(_KIND, digest(token)) else None

    def end(self, login: str, wanted: Callable[[Session], bool] = lambda session: True) -> int:
        """End this person's sessions, or those wanted; how many."""
        return sum(self._safe.remove(_KIND, name) for name, each in self._all() if each.login == login and wanted(each))

    def end_device(self, device: str) -> int:
        """End every session on this tablet; how many."""
        return sum(self._safe.remove(_KIND, name) for name, each in self._all() if each.device == device)

    def _expired(self, found: Session, now: datetime) -> bool:
        opened, seen = datetime.fromisoformat(found.opened), datetime.fromisoformat(found.seen)
        lasts, idle = timedelta(hours=self._settings.lasts_hours), timedelta(minutes=self._settings.idle_minutes)
        if found.needs:
            lasts = UNFINISHED_FOR
        if found.by_badge:
            badge = self._settings.badge
            if badge is None:
                return True
            lasts, idle = timedelta(minutes=badge.lasts_minutes), timedelta(minutes=badge.idle_minutes)
        return now - opened >= lasts or now - seen >= idle

    def _touch(self, name: str, found: Session, now: datetime) -> None:
        # Swapped, not put: a session that was ended at this moment does not come back.
        self._safe.swap(_KIND, name, _packed(found), _packed(replace(found, seen=now.isoformat())))

    def _purge(self) -> None:
        now = self._clock()
        if now - self._purged < _PURGE_EVERY:
            return
        self._purged = now
        for name, each in list(self._all()):
            if self._expired(each, now):
                self._safe.remove(_KIND, name)

    def _all(self) -> Iterator[tuple[str, Session]]:
        for name in self._safe.names(_KIND):
            found = self._get(name)
            if found is not None:
                yield name, found

    def _get(self, name: str) -> Session | None:
        raw = self._safe.get(_KIND, name)
        if raw is None:
            return None
        found = orjson.loads(raw)
        # Sessions of an older version hold less; they end with the update.
        if "id" not in found:
            self._safe.remove(_KIND, name)
            return None
        return Session(**{**found, "how": tuple(found["how"]), "needs": tuple(found["needs"])})

    def _put(self, name: str, session: Session) -> None:
        self._safe.put(_KIND, name, _packed(session))


def _packed(session: Session) -> bytes:
    return orjson.dumps(asdict(session))


def digest(token: str) -> str:
    """The name under which a token's session is kept."""
    return sha256(token.encode()).hexdigest()
