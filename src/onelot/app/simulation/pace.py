"""How fast a simulation's clock goes while people look at it: slowed, paused, stepped. Real time moves it, never back.

Reached by the same moments as in one go, so that a run nobody touches writes the same record at any pace.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Condition
from time import monotonic

from onelot.twin.clock import SimulatedClock

# Simulated time in a second of real time; None: as fast as it goes.
SPEEDS: dict[str, timedelta | None] = {
    "minutes": timedelta(minutes=10),
    "hour": timedelta(hours=1),
    "hours": timedelta(hours=6),
    "day": timedelta(days=1),
    "all": None,
}
HOPS = {"hour": timedelta(hours=1), "day": timedelta(days=1)}
_TICK_S = 0.1


@dataclass
class Pace:
    """Moves the clock towards what is due next. Any thread may change it; one thread waits by it."""

    clock: SimulatedClock
    speed: str = "hour"
    paused: bool = False
    # Until then the clock does not wait: what lies before the first patient interests nobody.
    hurry_until: datetime | None = None
    _steps: int = 0
    _hop_to: datetime | None = None
    _stopped: bool = False
    _seen_at: float = field(default_factory=monotonic)
    _changed: Condition = field(default_factory=Condition)

    def choose(self, speed: str) -> None:
        """Go at this speed."""
        with self._changed:
            self.speed = speed
            self._changed.notify_all()

    def pause(self) -> None:
        """Stop where the clock stands."""
        with self._changed:
            self.paused, self._hop_to, self._steps, self.hurry_until = True, None, 0, None
            self._changed.notify_all()

    def go_on(self) -> None:
        """Go on."""
        with self._changed:
            self.paused = False
            self._changed.notify_all()

    def step(self) -> None:
        """Let one act happen, whenever it is due; and stand still then."""
        with self._changed:
            self.paused = True
            self._steps += 1
            self._changed.notify_all()

    def hop(self, by: timedelta) -> None:
        """Go on by so much at once, with all that is due on the way; and stand still then."""
        with self._changed:
            self.paused = True
            self._hop_to = (self._hop_to or self.clock.now()) + by
            self._changed.notify_all()

    def stop(self) -> None:
        """Let go of whoever waits, for good."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    @property
    def stopped(self) -> bool:
        """Whether it is over."""
        return self._stopped

    def reach(self, due: datetime | None, *, at_once: bool = False) -> bool:
        """Move a little towards `due` (None: nothing is due); whether it is reached. Waits a moment where it is not."""
        with self._changed:
            now, waited = self.clock.now(), min(monotonic() - self._seen_at, 1.0)
            self._seen_at = monotonic()
            if self._stopped:
                return False
            if self._hop_to is not None:
                return self._hopped(due, self._hop_to)
            if due is not None and self._steps:
                self._steps -= 1
                return self._to(due)
            if due is None or (self.paused and not at_once):
                self._changed.wait(_TICK_S)
                return False
            speed = SPEEDS[self.speed]
            if at_once or speed is None or due <= now or (self.hurry_until is not None and due <= self.hurry_until):
                return self._to(due)
            if now + speed * waited >= due:
                return self._to(due)
            self.clock.advance(now + speed * waited)
            self._changed.wait(_TICK_S)
            return False

    def _hopped(self, due: datetime | None, to: datetime) -> bool:
        if due is not None and due <= to:
            return self._to(due)
        self._to(to)
        self._hop_to = None
        return False

    def _to(self, at: datetime) -> bool:
        self.clock.advance(max(at, self.clock.now()))
        return True
