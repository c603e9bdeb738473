"""The port of the readings: bulk values of sensors, sealed by segment.

Readings are no events. A segment is chained by the digest of its bytes; a value used in a decision becomes `Measured`
and cites the seal.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from onelot.record.chain import canonical
from onelot.record.errors import BadInput
from onelot.record.events.journal import ReadingsSealed

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, eq=False)
class Segment:
    """Readings of one channel of one device, in order of time.

    equipment: its stream; channel: e.g. `temperature`; unit: UCUM; times_us: int64, microseconds since 1970 UTC,
    strictly rising; values: float64, same length.
    """

    equipment: str
    channel: str
    unit: str
    times_us: NDArray[np.int64]
    values: NDArray[np.float64]


class Readings(Protocol):
    """Where readings are kept in bulk."""

    def keep(self, segment: Segment) -> None:
        """Add readings; those of a channel only ever go on in time."""

    def segment(self, equipment: str, channel: str, starts_at: datetime, ends_at: datetime) -> Segment:
        """The readings from `starts_at` (inclusive) to `ends_at` (exclusive); may be empty."""


def check(segment: Segment) -> None:
    """Refuse a segment that is empty, of uneven length, out of order or not finite.

    Raises:
        BadInput: with the channel and the first place.
    """
    times, values = segment.times_us, segment.values
    wrong = ""
    if times.shape != values.shape or times.ndim != 1 or times.size == 0:
        wrong = f"{times.size} times and {values.size} values"
    elif not np.all(np.isfinite(values)):
        wrong = f"value {int(np.argmin(np.isfinite(values)))} is not a finite number"
    elif np.any(np.diff(times) <= 0):
        wrong = f"time {int(np.argmax(np.diff(times) <= 0)) + 1} does not rise"
    if wrong:
        raise BadInput(
            f"the readings cannot be sealed: {wrong}",
            rule="a segment is in order of time, whole and finite",
            remedy="read the segment from the device again",
            place=f"{segment.equipment} {segment.channel}",
        )


def digest(segment: Segment) -> str:
    """SHA-256 over a canonical header and the little-endian bytes of times and values, 64 hex digits."""
    header = {
        "equipment": segment.equipment,
        "channel": segment.channel,
        "unit": segment.unit,
        "count": int(segment.times_us.size),
    }
    found = sha256(canonical(header))
    found.update(segment.times_us.astype("<i8").tobytes())
    found.update(segment.values.astype("<f8").tobytes())
    return found.hexdigest()


def moment(time_us: int) -> datetime:
    """The time of a reading."""
    return _EPOCH + timedelta(microseconds=time_us)


def microseconds(at: datetime) -> int:
    """Microseconds since 1970 UTC."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def seal(segment: Segment) -> ReadingsSealed:
    """The event that chains this segment."""
    check(segment)
    times = segment.times_us
    first, last = moment(int(times[0])), moment(int(times[-1]))
    return ReadingsSealed(segment.channel, first, last, int(times.size), digest(segment))


def agrees(segment: Segment, sealed: ReadingsSealed) -> bool:
    """Whether the segment is the one that was sealed."""
    return segment.times_us.size > 0 and seal(segment) == sealed
