"""An address that fails too often waits. Kept in memory, bounded: an attacker with many addresses fills no table."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from ipaddress import IPv6Address, ip_address
from threading import Lock

from onelot.record.errors import NotAllowed

MOST_ADDRESSES = 10_000


class TooOften(NotAllowed):
    """Too many failures from one address."""


class Limits:
    """A bucket of failures for each address: it holds `per_minute`, and that many leak out in a minute."""

    def __init__(self, clock: Callable[[], datetime], per_minute: int) -> None:
        self._clock, self._per_minute = clock, per_minute
        self._held: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._held)

    def begin(self, address: str) -> None:
        """Count a try from this address before it is looked at; `right` takes it back.

        Raises:
            TooOften: the address has to wait.
        """
        if not address:
            return  # not over a network
        place, now = _block(address), self._clock().timestamp()
        with self._lock:
            level = self._level(place, now)
            if level + 1 > self._per_minute:
                raise TooOften(
                    "too many failures from this address",
                    rule=f"at most {self._per_minute} failed sign-ins a minute from one address",
                    remedy="wait a minute, then try again",
                )
            self._set(place, level + 1, now)

    def right(self, address: str) -> None:
        """The try was right: it is not counted."""
        place, now = _block(address), self._clock().timestamp()
        with self._lock:
            self._set(place, max(0.0, self._level(place, now) - 1), now)

    def _level(self, place: str, now: float) -> float:
        level, at = self._held.get(place, (0.0, now))
        return max(0.0, level - max(0.0, now - at) * self._per_minute / 60)

    def _set(self, place: str, level: float, now: float) -> None:
        self._held[place] = (level, now)
        self._held.move_to_end(place)
        if len(self._held) > MOST_ADDRESSES:
            self._held.popitem(last=False)


def _block(address: str) -> str:
    """What counts as one address: an IPv6 network of 64 bits belongs to one subscriber."""
    try:
        found = ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or IPv6Address(int(found) >> 64 << 64))
    return str(found)
