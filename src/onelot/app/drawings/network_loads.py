"""Load by day: patients in manufacture at each plant, against its lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from onelot.app.drawings.svg import Drawing, Link, element, frame, line, number, opened, text, ticks, titled
from onelot.plan.network import Answer, Ledger, Network

WIDTH = 960.0
# Beyond so many days a strip a day is thinner than a pointer; the whole area still leads to the peak.
MOST_DAYS_LINKED = 200


def draw_loads(network: Network, answer: Answer, scenario: str | None = None, link: Link | None = None) -> Drawing:
    """Patients in manufacture at each opened plant by day, against its lines; outages lower the dashed limit."""
    ledger = Ledger(network, answer)
    if scenario is None and network.scenarios:
        scenario = network.scenarios[0].id
    future = next((f"/{n}" for n, known in enumerate(network.scenarios) if known.id == scenario), "")
    series = {plant.id: ledger.loads(plant.id, scenario) for plant in answer.plants}
    last = max((day for loads in series.values() for day in loads), default=0) + 1
    left, right, band = 150.0, WIDTH - 72, 84.0
    body: list[str] = []

    def x_of(day: float) -> float:
        return left + day / last * (right - left)

    for index, plant in enumerate(answer.plants):
        loads, floor = series[plant.id], 40.0 + (index + 1) * band - 16
        limit = [_limit(network, plant.id, plant.lines, day, scenario) for day in range(last)]
        most = max([*limit, *loads.values(), 1.0])
        high = band - 28

        def y_of(load: float, floor: float = floor, most: float = most, high: float = high) -> float:
            return floor - load / most * high

        body.append(text(left - 12, floor - high / 2, plant.id, "strong", "end"))
        body.append(
            text(left - 12, floor - high / 2 + 16, f"peak {plant.peak_load:g} of {plant.lines}", "quiet", "end")
        )
        area = _steps([loads.get(day, 0.0) for day in range(last)], x_of, y_of)
        path = f"M{number(x_of(0))} {number(floor)} {area} L{number(x_of(last))} {number(floor)} Z"
        shape = titled(element("path", d=path, class_="load"), f"{plant.id}: patients in manufacture by day")
        body.append(opened(shape, f"/plants/{index}/peak_load", link))
        body.append(element("path", d="M" + _steps(limit, x_of, y_of)[1:], class_="limit"))
        if link is not None and last <= MOST_DAYS_LINKED:
            body += [_day(plant.id, index, day, loads[day], (x_of, floor, high), link, future) for day in sorted(loads)]
        body.append(line(left, floor, right, floor, "axis"))
        body.append(
            text(right + 8, y_of(limit[0]) + 4, f"{plant.lines} line{'' if plant.lines == 1 else 's'}", "quiet")
        )
    bottom = 40.0 + len(answer.plants) * band
    for day in ticks(0, last, 8):
        body.append(text(x_of(day), bottom + 8, f"{day:g}", "quiet", "middle"))
    body.append(text(right, bottom + 28, "day", "heading", "end"))
    body.append(text(left, 20, "patients in manufacture" + (f", scenario {scenario}" if scenario else ""), "heading"))
    data = {"loads": {name: {str(d): n for d, n in sorted(loads.items())} for name, loads in series.items()}}
    return Drawing(frame(WIDTH, bottom + 40, "".join(body), "Load of each plant by day", "network-loads"), data)


def _day(
    plant: str,
    index: int,
    day: int,
    load: float,
    at: tuple[Callable[[float], float], float, float],
    link: Link,
    future: str,
) -> str:
    """An unseen strip over one day's load, which leads to who is in manufacture that day."""
    x_of, floor, high = at
    wide = x_of(day + 1) - x_of(day)
    strip = element("rect", x=x_of(day), y=floor - high, width=wide, height=high, class_="strip")
    return opened(
        titled(strip, f"{plant}, day {day}: {load:g} in manufacture"), f"/plants/{index}/load/{day}{future}", link
    )


def _limit(network: Network, plant: str, lines: int, day: int, scenario: str | None) -> float:
    own = [
        outage.lines
        for outage in network.outages
        if outage.plant == plant and outage.from_day <= day < outage.to_day and outage.scenario in (None, scenario)
    ]
    return float(min([lines, *own]))


def _steps(values: Sequence[float], x_of: Callable[[float], float], y_of: Callable[[float], float]) -> str:
    """A staircase, one tread a value, as a path to continue; corners only where the value changes."""
    path, before = [], None
    for day, value in enumerate(values):
        if value != before:
            if before is not None:
                path.append(f"L{number(x_of(day))} {number(y_of(before))}")
            path.append(f"L{number(x_of(day))} {number(y_of(value))}")
            before = value
    path.append(f"L{number(x_of(len(values)))} {number(y_of(before or 0.0))}")
    return " ".join(path)
