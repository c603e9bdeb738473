"""Plan: the earliest free suite for three batches, and the independent check of what was booked."""

from datetime import UTC, datetime, timedelta

from onelot.plan import Window, check, earliest
from onelot.record.errors import OnelotError

monday = datetime(2026, 3, 2, 8, tzinfo=UTC)
busy: dict[str, list[tuple[datetime, datetime]]] = {
    "suite-1": [(monday, monday + timedelta(days=3))],
    "suite-2": [(monday + timedelta(days=1), monday + timedelta(days=9))],
}
booked: list[Window] = []
for batch in ("A", "B", "C"):
    window = earliest(busy, monday, timedelta(days=2))
    busy[window.resource].append((window.starts_at, window.ends_at))
    booked.append(window)
    print(f"{batch}: {window.resource} from {window.starts_at:%a %d %b} to {window.ends_at:%a %d %b}")
check(booked)
print("no slot is booked twice")
try:
    earliest(busy, monday, timedelta(days=2), not_after=monday + timedelta(days=4))
except OnelotError as refusal:
    print(refusal)
