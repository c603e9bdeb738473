"""A clock that moves when told to, and an agenda of what waits for which moment.

Both are rebuilt from the record after a crash: the time is that of the last event, the agenda is every WaitUntil the
rooms give for the folded streams. Nothing of them is saved.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from onelot.record.errors import OutOfOrder


class SimulatedClock:
    """Time of the simulation; production refuses it."""

    simulated = True

    def __init__(self, now: datetime) -> None:
        if now.tzinfo is None:
            raise OutOfOrder("a clock without zone", rule="times are aware, in UTC", remedy="give a time with its zone")
        self._now = now

    def now(self) -> datetime:
        """The time now."""
        return self._now

    def advance(self, to: datetime) -> None:
        """Move on to a later time; never back.

        Raises:
            OutOfOrder: the time lies in the past.
        """
        if to < self._now:
            raise OutOfOrder(
                f"the clock stands at {self._now.isoformat()} and cannot go back to {to.isoformat()}",
                rule="time only goes on",
                remedy="rebuild clock and agenda from the record",
            )
        self._now = to


@dataclass
class Agenda:
    """What waits for which moment: a heap ordered by time, then by name, so that order never depends on luck.

    A name stands at one moment only: writing it down again moves it.
    """

    _heap: list[tuple[datetime, str]] = field(default_factory=list)
    _moment: dict[str, datetime] = field(default_factory=dict)

    def put(self, when: datetime, name: str) -> None:
        """Look at `name` again at this moment."""
        self._moment[name] = when
        heapq.heappush(self._heap, (when, name))

    def drop(self, name: str) -> None:
        """Forget `name`."""
        self._moment.pop(name, None)

    def take(self) -> tuple[datetime, str] | None:
        """The earliest entry, removed; None when nothing waits."""
        while self._heap:
            when, name = heapq.heappop(self._heap)
            if self._moment.get(name) == when:
                del self._moment[name]
                return when, name
        return None

    def __len__(self) -> int:
        return len(self._moment)

    def __iter__(self) -> Iterator[tuple[datetime, str]]:
        return iter(sorted((when, name) for name, when in self._moment.items()))
