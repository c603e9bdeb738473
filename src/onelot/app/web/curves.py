"""Readings of a batch over time as small curves, drawn on the server, each with its words beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from markupsafe import Markup

from onelot.app.web.shown import shown_number, shown_unit
from onelot.record.subjects.batch import Reading

WIDTH, HEIGHT, ROOM = 320, 64, 6
FEWEST = 2


@dataclass(frozen=True)
class Curve:
    """One value over time. drawing: the SVG; first, least, most, last: in `unit`, as people read numbers."""

    name: str
    title: str
    unit: str
    count: int
    first: str
    last: str
    first_at: datetime
    last_at: datetime
    drawing: Markup


def curves(measured: tuple[Reading, ...], titles: Mapping[str, str]) -> tuple[Curve, ...]:
    """A curve for each value that was read more than once in one unit, in the order first read."""
    found: dict[tuple[str, str], list[tuple[datetime, Decimal]]] = {}
    for each in measured:
        value = each.measured
        found.setdefault((value.name, value.unit), []).append((value.measured_at, value.value))
    return tuple(
        _curve(name, titles.get(name, name), unit, sorted(points))
        for (name, unit), points in found.items()
        if len(points) >= FEWEST
    )


def _curve(name: str, title: str, unit: str, points: list[tuple[datetime, Decimal]]) -> Curve:
    (first_at, first), (last_at, last) = points[0], points[-1]
    return Curve(
        name, title, shown_unit(unit), len(points), shown_number(first), shown_number(last), first_at, last_at,
        _drawn(points),
    )  # fmt: skip


def _drawn(points: list[tuple[datetime, Decimal]]) -> Markup:
    began, took = points[0][0], max((points[-1][0] - points[0][0]).total_seconds(), 1.0)
    values = [float(value) for _, value in points]
    # From nought: half a percent of viability must not look like a doubling of cells.
    least = min(0.0, *values)
    reach = (max(values) - least) or 1.0
    at = [
        (
            ROOM + (when - began).total_seconds() / took * (WIDTH - 2 * ROOM),
            HEIGHT - ROOM - (float(value) - least) / reach * (HEIGHT - 2 * ROOM),
        )
        for when, value in points
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
    dots = "".join(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in at)
    # Numbers alone go into it.
    return Markup(  # noqa: S704
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true">'
        f'<line class="axis" x1="0" y1="{HEIGHT - 1}" x2="{WIDTH}" y2="{HEIGHT - 1}"/>'
        f'<polyline class="line" points="{line}"/>{dots}</svg>'
    )
