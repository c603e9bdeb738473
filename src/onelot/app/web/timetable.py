"""The timetable: which suite or unit is booked for whom and when, and in words how late it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from onelot.app.context import Actor
from onelot.app.house import House
from onelot.app.web.shown import natural
from onelot.record.subjects import Batch, Therapy

# How many days each view shows.
SPANS = {"day": 1, "week": 7, "month": 28}
_FARTHEST = timedelta(days=20 * 365)
_BEFORE_WORK = {"planned", "received"}


@dataclass(frozen=True)
class Bar:
    """One booked window. left, width: percent of the view; label: empty for what is not this person's to see.

    late: how far behind it is, None for in time; word: `due`, `under_way`, `done`, `not_begun`, `running_over`.
    """

    left: float
    width: float
    starts_at: datetime
    ends_at: datetime
    purpose: str = ""
    label: str = ""
    address: str = ""
    word: str = ""
    late: timedelta | None = None


@dataclass(frozen=True)
class Row:
    """One resource: its name, site, class, and its bars in the order of time."""

    name: str
    site: str
    equipment_class: str
    state: str
    bars: tuple[Bar, ...]

    @property
    def late(self) -> list[Bar]:
        """What is behind, the worst first."""
        return sorted((bar for bar in self.bars if bar.late), key=lambda bar: bar.late or timedelta(), reverse=True)


@dataclass(frozen=True)
class Timetable:
    """A view of the bookings: its first and last moment, its rows, and its ticks (percent, moment)."""

    starts_at: datetime
    ends_at: datetime
    rows: tuple[Row, ...]
    ticks: tuple[tuple[float, datetime], ...]
    now: float | None


def first_of(day: str, span: str, now: datetime) -> datetime:
    """Midnight (UTC) at which a view begins; a week and a month begin on a Monday. A day nobody plans is today."""
    try:
        at = datetime.fromisoformat(day).replace(tzinfo=UTC) if day else now
    except ValueError:
        at = now
    if abs(at - now) > _FARTHEST:
        at = now
    midnight = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight if span == "day" else midnight - timedelta(days=midnight.weekday())


def classes(house: House, actor: Actor) -> list[str]:
    """The classes of equipment at this person's sites."""
    rows = house.journal.rows("equipment").values()
    return sorted({str(row["equipment_class"]) for row in rows if actor.may_see(row["site"])})


def timetable(
    house: House, actor: Actor, equipment_class: str, site: str, starts_at: datetime, days: int, now: datetime
) -> Timetable:
    """The bookings of one class of equipment at this person's sites."""
    ends_at = starts_at + timedelta(days=days)
    view = (starts_at, ends_at)
    therapies = house.journal.rows("therapies")
    rows = []
    for name, row in sorted(house.journal.rows("equipment").items(), key=lambda each: natural(each[0])):
        if row["equipment_class"] != equipment_class or site not in ("", row["site"]) or not actor.may_see(row["site"]):
            continue
        taken = sorted(house.journal.taken(f"equipment/{name}"), key=lambda each: each[1])
        bars = [
            _bar(house, actor, therapies, claim, (from_at, to_at), view, now)
            for claim, from_at, to_at in taken
            if from_at < ends_at and to_at > starts_at
        ]
        rows.append(Row(name, row["site"], row["equipment_class"], row["state"], tuple(bars)))
    step = timedelta(hours=3) if days == 1 else timedelta(days=1 if days <= 7 else 7)
    count = int((ends_at - starts_at) / step)
    ticks = tuple((_percent(starts_at + step * n, view), starts_at + step * n) for n in range(count))
    return Timetable(
        starts_at, ends_at, tuple(rows), ticks, _percent(now, view) if starts_at <= now < ends_at else None
    )


def _percent(at: datetime, view: tuple[datetime, datetime]) -> float:
    return round(100 * ((at - view[0]) / (view[1] - view[0])), 3)


def _bar(
    house: House,
    actor: Actor,
    therapies: Mapping[str, dict[str, Any]],
    claim: str,
    window: tuple[datetime, datetime],
    view: tuple[datetime, datetime],
    now: datetime,
) -> Bar:
    left = _percent(max(window[0], view[0]), view)
    width = round(_percent(min(window[1], view[1]), view) - left, 3)
    _, coi, purpose = (*claim.split("/", 2), "", "")[:3]
    row = therapies.get(coi)
    if row is None or not actor.may_see(*row["sites"]):
        return Bar(left, width, *window)
    therapy = house.loop.reader.therapy(coi)
    batch = house.loop.reader.batch(row["batches"][-1]) if row["batches"] else None
    began, ended = _progress(purpose.split("-")[0], _number(purpose), therapy, batch)
    word, late = _standing(window, now, began, ended, given_up=bool(therapy.ended))
    made = purpose.startswith("manufacture") and batch is not None
    label = batch.batch if made and batch else coi
    address = f"/screen/batches/{label}" if made else ""
    return Bar(left, width, *window, purpose, label, address, word, late)


def _number(purpose: str) -> int:
    tail = purpose.rpartition("-")[2]
    return int(tail) if tail.isdigit() else 1


def _progress(purpose: str, number: int, therapy: Therapy, batch: Batch | None) -> tuple[bool, bool]:
    """Whether what the window is for has begun, and whether it is over."""
    match purpose:
        case "collection":
            done = len(therapy.collections) >= number
            return done, done
        case "manufacture":
            began = batch is not None and batch.state not in _BEFORE_WORK
            over = batch is not None and (batch.completed_at is not None or bool(batch.terminated))
            return began, over
    done = therapy.dose_given_at is not None
    return done, done


def _standing(
    window: tuple[datetime, datetime], now: datetime, began: bool, ended: bool, *, given_up: bool
) -> tuple[str, timedelta | None]:
    if ended:
        return "done", None
    if given_up:
        return "given_up", None
    if began:
        return ("running_over", now - window[1]) if now > window[1] else ("under_way", None)
    return ("not_begun", now - window[0]) if now > window[0] else ("due", None)
