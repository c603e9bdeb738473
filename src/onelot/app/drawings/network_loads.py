"""Load by day: patients in manufacture at each plant, against its lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from onelot.app.drawings.svg import Drawing, Link, element, frame, line, number, opened, text, ticks, titled
from onelot.app.drawings.words import ENGLISH, Words
from onelot.plan.network import Answer, Ledger, Network, Opened

WIDTH, LEFT, RIGHT, BAND = 960.0, 150.0, 888.0, 84.0
# Beyond so many days a strip a day is thinner than a pointer; the whole area still leads to the peak.
MOST_DAYS_LINKED = 200


def draw_loads(
    network: Network,
    answer: Answer,
    scenario: str | None = None,
    link: Link | None = None,
    words: Words = ENGLISH,
) -> Drawing:
    """Patients in manufacture at each opened plant by day, against its lines; outages lower the dashed limit."""
    ledger = Ledger(network, answer)
    if scenario is None and network.scenarios:
        scenario = network.scenarios[0].id
    series = {plant.id: ledger.loads(plant.id, scenario) for plant in answer.plants}
    last = max((day for loads in series.values() for day in loads), default=0) + 1
    future = next((f"/{n}" for n, known in enumerate(network.scenarios) if known.id == scenario), "")
    body: list[str] = []
    for index, plant in enumerate(answer.plants):
        limit = [_limit(network, plant.id, plant.lines, day, scenario) for day in range(last)]
        body += _Row(index, plant, series[plant.id], limit, future).drawn(link, words)
    bottom = 40.0 + len(answer.plants) * BAND
    for day in ticks(0, last, 8):
        body.append(text(LEFT + day / last * (RIGHT - LEFT), bottom + 8, f"{day:g}", "quiet", "middle"))
    body.append(text(RIGHT, bottom + 28, words["day"], "heading", "end"))
    body.append(text(LEFT, 20, words["loads_of"].format(name=scenario) if scenario else words["loads"], "heading"))
    data = {"loads": {name: {str(d): n for d, n in sorted(loads.items())} for name, loads in series.items()}}
    return Drawing(frame(WIDTH, bottom + 40, "".join(body), words["loads_title"], "network-loads"), data)


@dataclass(frozen=True)
class _Row:
    """One plant's row. loads: day -> patients; limit: lines, a value a day; future: the scenario's end of a pointer."""

    index: int
    plant: Opened
    loads: Mapping[int, float]
    limit: Sequence[float]
    future: str

    @property
    def floor(self) -> float:
        """Where no load is drawn."""
        return 40.0 + (self.index + 1) * BAND - 16

    def x_of(self, day: float) -> float:
        """Where a day begins."""
        return LEFT + day / len(self.limit) * (RIGHT - LEFT)

    def y_of(self, load: float) -> float:
        """How high a load stands."""
        return self.floor - load / max([*self.limit, *self.loads.values(), 1.0]) * (BAND - 28)

    def drawn(self, link: Link | None, words: Words) -> list[str]:
        """Name, peak, area, limit and axis."""
        plant, last, middle = self.plant, len(self.limit), self.floor - (BAND - 28) / 2
        peak = words["peak"].format(n=f"{plant.peak_load:g}", lines=plant.lines)
        area = self._steps([self.loads.get(day, 0.0) for day in range(last)])
        path = f"M{number(self.x_of(0))} {number(self.floor)} {area} L{number(self.x_of(last))} {number(self.floor)} Z"
        shape = titled(element("path", d=path, class_="load"), words["area"].format(plant=plant.id))
        lines = words["line" if plant.lines == 1 else "lines"].format(n=plant.lines)
        body = [
            text(LEFT - 12, middle, plant.id, "strong", "end"),
            text(LEFT - 12, middle + 16, peak, "quiet", "end"),
            opened(shape, f"/plants/{self.index}/peak_load", link),
            element("path", d="M" + self._steps(self.limit)[1:], class_="limit"),
        ]
        if link is not None and last <= MOST_DAYS_LINKED:
            body += [self._day(day, link, words) for day in sorted(self.loads)]
        body.append(line(LEFT, self.floor, RIGHT, self.floor, "axis"))
        return [*body, text(RIGHT + 8, self.y_of(self.limit[0]) + 4, lines, "quiet")]

    def _day(self, day: int, link: Link, words: Words) -> str:
        """An unseen strip over one day's load, which leads to the flows in manufacture that day."""
        x, wide = self.x_of(day), self.x_of(day + 1) - self.x_of(day)
        strip = element("rect", x=x, y=self.floor - (BAND - 28), width=wide, height=BAND - 28, class_="strip")
        told = words["strip"].format(plant=self.plant.id, day=day, n=f"{self.loads[day]:g}")
        return opened(titled(strip, told), f"/plants/{self.index}/load/{day}{self.future}", link)

    def _steps(self, values: Sequence[float]) -> str:
        """A staircase, one tread a value, as a path to continue; corners only where the value changes."""
        path, before = [], None
        for day, value in enumerate(values):
            if value != before:
                if before is not None:
                    path.append(f"L{number(self.x_of(day))} {number(self.y_of(before))}")
                path.append(f"L{number(self.x_of(day))} {number(self.y_of(value))}")
                before = value
        path.append(f"L{number(self.x_of(len(values)))} {number(self.y_of(before or 0.0))}")
        return " ".join(path)


def _limit(network: Network, plant: str, lines: int, day: int, scenario: str | None) -> float:
    own = [
        outage.lines
        for outage in network.outages
        if outage.plant == plant and outage.from_day <= day < outage.to_day and outage.scenario in (None, scenario)
    ]
    return float(min([lines, *own]))
