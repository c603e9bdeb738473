"""Who has a step in hand. A notice, not a lock: the second person sees the first by name and time, and may take over.

Kept in the safe, which every process that serves the screens shares, and which outlives a restart of any of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson

from onelot.adapters.safe import Safe
from onelot.app.context import Actor

LASTS = timedelta(minutes=5)
# A notice that is younger than this is not written again: a page is looked at more often than a step is done.
FRESH = timedelta(minutes=1)
_KIND = "step in hand"


@dataclass(frozen=True)
class Lease:
    """Who has it, and since when they last looked."""

    by: str
    printed_name: str
    at: datetime


@dataclass(frozen=True)
class Leases:
    """The steps in hand, by batch."""

    safe: Safe

    def take(self, batch: str, actor: Actor, now: datetime, *, over: bool = False) -> Lease | None:
        """Take the batch's step in hand; or whoever has it already, when it is not taken over from them."""
        raw = self.safe.get(_KIND, batch)
        held = _read(raw)
        if held and held.by == actor.id and timedelta() <= now - held.at < FRESH:
            return None
        if held and held.by != actor.id and timedelta() <= now - held.at < LASTS and not over:
            return held
        mine = orjson.dumps({"by": actor.id, "printed_name": actor.printed_name, "at": now.isoformat()})
        if over or raw is not None:
            self.safe.put(_KIND, batch, mine)
            return None
        # Of two who open a step at the same moment one has it, and the other sees who.
        return None if self.safe.swap(_KIND, batch, None, mine) else _read(self.safe.get(_KIND, batch))

    def give_back(self, batch: str, actor: Actor) -> None:
        """The step is done: whoever comes next may have it."""
        held = _read(self.safe.get(_KIND, batch))
        if held and held.by == actor.id:
            self.safe.remove(_KIND, batch)


def _read(raw: bytes | None) -> Lease | None:
    if raw is None:
        return None
    found = orjson.loads(raw)
    return Lease(found["by"], found["printed_name"], datetime.fromisoformat(found["at"]))
