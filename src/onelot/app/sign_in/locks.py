"""Wrong tries lock a name (21 CFR 11.300(d), NIST SP 800-63B 5.2.2).

A try is counted before it is looked at: a hundred guesses side by side are then no more than a hundred in a row. The
kinds of secrets are counted apart, so that a right sign-in password does not wipe out wrong signing passwords.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

import orjson

from onelot.adapters.safe import Safe
from onelot.record.errors import NotAllowed

MOST_FAILURES = 5
LOCKED_FOR = timedelta(minutes=15)
LONGEST = timedelta(days=1)
PASSWORD, SIGNING, SECOND_FACTOR, PIN = "sign-in", "signing", "second-factor", "pin"
_KIND = "lock"
_MOST_STRANGERS = 10_000


class Locks:
    """Counts tries by kind of secret and name, in the safe, so that every process sees them.

    A lock lasts 15 minutes, and twice as long each time until a right try; at most a day.
    """

    def __init__(self, safe: Safe, clock: Callable[[], datetime]) -> None:
        self._safe, self._clock, self._strangers = safe, clock, _Strangers()

    def check(self, what: str, name: str) -> None:
        """Refuse a name that is locked.

        Raises:
            NotAllowed: too many wrong tries.
        """
        self._refuse_locked(_read(self._safe.get(_KIND, f"{what}/{name}")))

    def begin(self, what: str, name: str, *, known: bool = True) -> None:
        """Count a try that is about to be looked at; `right` takes it back.

        known: whether there is such a name. A stranger's tries are counted in this process only, and lock in the same
        way, so that a lock does not tell who works here.

        Raises:
            NotAllowed: locked.
        """
        safe: Safe | _Strangers = self._safe if known else self._strangers
        key = f"{what}/{name}"
        while True:
            raw = safe.get(_KIND, key)
            found = _read(raw)
            self._refuse_locked(found)
            tries = int(found.get("tries", 0)) + 1
            # More tries at once than are allowed: they are locked before the first has been looked at.
            locked = tries > MOST_FAILURES
            if safe.swap(_KIND, key, raw, self._locked(found) if locked else _write({**found, "tries": tries})):
                if locked:
                    self._refuse_locked(_read(safe.get(_KIND, key)))
                return

    def right(self, what: str, name: str) -> None:
        """The try was right: nothing is counted any more."""
        self._safe.remove(_KIND, f"{what}/{name}")

    def wrong(self, what: str, name: str, *, known: bool = True) -> bool:
        """The try was wrong; whether the name is locked now."""
        safe: Safe | _Strangers = self._safe if known else self._strangers
        key = f"{what}/{name}"
        raw = safe.get(_KIND, key)
        found = _read(raw)
        if raw is None or int(found.get("tries", 0)) < MOST_FAILURES:
            return False
        return safe.swap(_KIND, key, raw, self._locked(found))

    def _locked(self, found: dict[str, Any]) -> bytes:
        times = int(found.get("times", 0))
        lasts = min(LOCKED_FOR * 2 ** min(times, 10), LONGEST)
        return _write({"tries": 0, "times": times + 1, "until": (self._clock() + lasts).isoformat()})

    def _refuse_locked(self, found: dict[str, Any]) -> None:
        until = found.get("until", "")
        if until and datetime.fromisoformat(until) > self._clock():
            raise NotAllowed(
                f"too many wrong tries: this name is locked until {datetime.fromisoformat(until):%H:%M %Z}",
                rule=f"{MOST_FAILURES} wrong tries lock a name for {LOCKED_FOR.seconds // 60} minutes, then for longer",
                remedy="wait, or ask the user administrator",
            )


class _Strangers:
    """Tries on names that nobody has; the oldest is forgotten when there are too many."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()

    def get(self, kind: str, name: str) -> bytes | None:
        return self._held.get(name[:200])

    def swap(self, kind: str, name: str, old: bytes | None, new: bytes) -> bool:
        with self._lock:
            if self._held.get(name[:200]) != old:
                return False
            self._held[name[:200]] = new
            self._held.move_to_end(name[:200])
            if len(self._held) > _MOST_STRANGERS:
                self._held.popitem(last=False)
            return True


def _read(raw: bytes | None) -> dict[str, Any]:
    return orjson.loads(raw) if raw else {}


def _write(found: dict[str, Any]) -> bytes:
    return orjson.dumps(found)
