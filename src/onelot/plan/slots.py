"""When and where: the earliest free window on one of several equal resources, and the check of a booking. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from onelot.record.errors import Held, Refused

Busy = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Window:
    """A resource from `starts_at` (inclusive) to `ends_at` (exclusive)."""

    resource: str
    starts_at: datetime
    ends_at: datetime


def earliest(
    busy: Mapping[str, Iterable[Busy]], not_before: datetime, duration: timedelta, not_after: datetime | None = None
) -> Window:
    """The earliest free window of this length; of several, the resource first in order.

    Args:
        busy: resource -> intervals already taken (start inclusive, end exclusive).
        not_before, not_after: the window starts no earlier, and ends no later.

    Raises:
        Held: no resource, or nothing free before `not_after`.
    """
    found: Window | None = None
    for resource in sorted(busy):
        start = not_before
        for taken_from, taken_to in sorted(busy[resource]):
            if taken_to <= start:
                continue
            if taken_from >= start + duration:
                break
            start = taken_to
        if found is None or start < found.starts_at:
            found = Window(resource, start, start + duration)
    if found is None:
        raise Held(
            "there is no resource to book",
            rule="a slot needs a registered, qualified resource at the site",
            remedy="register and qualify the equipment",
        )
    if not_after is not None and found.ends_at > not_after:
        raise Held(
            f"the earliest free window ends {found.ends_at:%d %b %H:%M} UTC, after {not_after:%d %b %H:%M} UTC",
            rule="a slot lies inside the window that the material's hold limit leaves",
            remedy="free a slot, or collect later",
        )
    return found


def check(windows: Iterable[Window]) -> None:
    """Refuse when two windows of one resource overlap, or one is empty. Independent of `earliest`."""
    by_resource: dict[str, list[Window]] = {}
    for window in windows:
        if window.ends_at <= window.starts_at:
            raise Refused(
                f"the window on {window.resource} is empty",
                rule="a slot ends after it starts",
                remedy="book it again",
            )
        by_resource.setdefault(window.resource, []).append(window)
    for resource, found in by_resource.items():
        found.sort(key=lambda window: window.starts_at)
        for first, second in zip(found, found[1:], strict=False):
            if second.starts_at < first.ends_at:
                raise Refused(
                    f"{resource} is booked twice from {second.starts_at:%d %b %H:%M} UTC",
                    rule="one slot, one batch",
                    remedy="move one of the two",
                )
