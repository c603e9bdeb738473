"""Simulated devices behind the port of `make.equipment`, and their readings.

A device remembers every key: the same key again changes nothing. Where a fault says so, the command takes effect but
its first answer is lost, which is what a broken line looks like from here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import numpy as np

from onelot.make.equipment import MOVE, Answer
from onelot.make.readings import Segment, microseconds
from onelot.twin.draws import generator
from onelot.twin.memory import Memory, Remembered


def _never(key: str) -> bool:
    return False


class TwinDevice:
    """A simulated device. `loses(key)`: whether the answers to this key are lost until it is sent again."""

    simulated = True

    def __init__(self, name: str, memory: Memory, *, loses: Callable[[str], bool] = _never) -> None:
        self.name = name
        self._memory = memory
        self._loses = loses

    @property
    def state(self) -> str:
        """The target it last moved to, "" at first."""
        return self._memory.state(self.name)

    def send(self, key: str, verb: str, target: str) -> Answer:
        """Bring the device to `target`; the same key again changes nothing."""
        able = verb == MOVE and bool(target)
        known = self._memory.first(
            Remembered(
                key=key,
                device=self.name,
                verb=verb,
                target=target,
                result="done" if able else "refused",
                detail=f"{self.name} is at {target}" if able else f"{self.name} cannot {verb} {target}".rstrip(),
                sends=1,
                effects=1 if able else 0,
            )
        )
        if (known.device, known.verb, known.target) != (self.name, verb, target):
            return Answer("refused", f"key {key} stands for {known.device} {known.verb} {known.target}")
        if known.sends == 1 and self._loses(key):
            return Answer("unknown", f"{self.name} does not answer")
        return self._said(known)

    def ask(self, key: str) -> Answer:
        """What became of the command with this key."""
        known = self._memory.recall(key)
        if known is None:
            return Answer("unknown", f"{self.name} has no command with this key")
        if known.device != self.name:
            return Answer("refused", f"key {key} stands for {known.device}")
        if known.sends == 1 and self._loses(key):
            return Answer("unknown", f"{self.name} does not answer")
        return self._said(known)

    @staticmethod
    def _said(known: Remembered) -> Answer:
        return Answer("done" if known.result == "done" else "refused", known.detail)


class TwinReadings:
    """The readings of simulated devices, one a minute, always the same for the same seed, channel and minute.

    It keeps nothing: what is asked for is computed. Channels: name -> (middle, spread, unit).
    """

    simulated = True
    CHANNELS = {"temperature": (37.0, 0.08, "Cel"), "ph": (7.2, 0.03, "[pH]"), "dissolved_oxygen": (65.0, 4.0, "%")}
    _MINUTE = 60_000_000

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def keep(self, segment: Segment) -> None:
        """Nothing to keep: the world computes its readings."""

    def segment(self, equipment: str, channel: str, starts_at: datetime, ends_at: datetime) -> Segment:
        """The readings from `starts_at` (inclusive) to `ends_at` (exclusive)."""
        middle, spread, unit = self.CHANNELS[channel]
        first = -(-microseconds(starts_at) // self._MINUTE)
        last = -(-microseconds(ends_at) // self._MINUTE)
        minutes = np.arange(first, last, dtype=np.int64)
        values = np.empty(minutes.size)
        day_of = minutes // 1440
        for day in np.unique(day_of):
            # One stream of draws per day, so that a segment does not depend on where it was cut.
            drawn = generator(self._seed, equipment, channel, str(day)).standard_normal(1440)
            at = day_of == day
            values[at] = middle + spread * drawn[minutes[at] % 1440]
        return Segment(equipment, channel, unit, minutes * self._MINUTE, np.round(values, 3))
