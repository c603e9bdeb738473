"""Who has a step in hand. A notice, not a lock: the second person sees the first by name and time, and may take over.

Kept in memory: a site's screens are served by one process, and after a restart nobody has anything in hand.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from onelot.app.context import Actor

LASTS = timedelta(minutes=5)


@dataclass(frozen=True)
class Lease:
    """Who has it, and since when they last looked."""

    by: str
    printed_name: str
    at: datetime


@dataclass
class Leases:
    """The steps in hand, by batch."""

    _held: dict[str, Lease] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def take(self, batch: str, actor: Actor, now: datetime, *, over: bool = False) -> Lease | None:
        """Take the batch's step in hand; or whoever has it already, when it is not taken over from them."""
        with self._lock:
            held = self._held.get(batch)
            if held and held.by != actor.id and now - held.at < LASTS and not over:
                return held
            self._held[batch] = Lease(actor.id, actor.printed_name, now)
            return None

    def give_back(self, batch: str, actor: Actor) -> None:
        """The step is done: whoever comes next may have it."""
        with self._lock:
            held = self._held.get(batch)
            if held and held.by == actor.id:
                del self._held[batch]
