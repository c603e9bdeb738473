"""Every number of an answer, opened to the flows behind it.

A number is named by its JSON pointer in the answer (`/cost/transport_in`, `/turnaround/17`, `/plants/0/peak_load`),
or by `/plants/0/load/45` for the lines held on day 45 (`/plants/0/load/45/1` in the second scenario),
`/sites/3/patients` for the fourth site of the question and `/hospitals/0/patients` for the first hospital by name.
What lies behind a number always adds up to it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from onelot.plan.network.answer import Answer, Flow
from onelot.plan.network.demand import has_calendar
from onelot.plan.network.makers import places_of
from onelot.plan.network.routes import LINES, RESOURCES, Route, Ways
from onelot.plan.network.terms import Network
from onelot.record.errors import BadInput


@dataclass(frozen=True)
class Share:
    """What one flow, or one opened plant, adds to a number."""

    amount: float
    flow: Flow | None = None
    plant: str | None = None


@dataclass(frozen=True)
class Behind:
    """A number with what it is made of; `value` is the sum of the shares."""

    pointer: str
    value: float
    unit: str
    shares: tuple[Share, ...]

    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "pointer": self.pointer,
            "value": self.value,
            "unit": self.unit,
            "shares": [
                {"amount": s.amount, "plant": s.plant, "flow": None if s.flow is None else s.flow.as_dict()}
                for s in self.shares
            ],
        }


def _index(text: str) -> int:
    """A place in a list; a sign or a blank is none."""
    if not text.isdecimal():
        raise KeyError(text)
    return int(text)


class Ledger:
    """An answer and the network it was made for, followed flow by flow."""

    def __init__(self, network: Network, answer: Answer) -> None:
        self.network, self.answer = network, answer
        places = places_of(network)
        ways, weekly = Ways(network, places), has_calendar(network)
        number = {place.id: index for index, place in enumerate(places)}
        site = {known.id: index for index, known in enumerate(network.sites)}
        known_routes: dict[tuple[Any, ...], Route] = {}
        self.routes: list[Route] = []
        for flow in answer.flows:
            weekday = (network.first_weekday + flow.day) % 7 if weekly else 0
            key = (flow.site, flow.urgency, weekday, flow.plant, flow.mode_in, flow.mode_out, flow.wait_days)
            if key not in known_routes:
                group = (site[flow.site], flow.urgency, weekday)
                known_routes[key] = ways.route_of(
                    group, number[flow.plant], flow.mode_in, flow.mode_out, flow.wait_days
                )
            self.routes.append(known_routes[key])
        self.chance = {scenario.id: scenario.probability for scenario in network.scenarios}

    def weight(self, flow: Flow) -> float:
        """Probability of the flow's scenario; 1 where there are none."""
        return 1.0 if flow.scenario is None else self.chance[flow.scenario]

    def loads(self, plant: str, scenario: str | None = None, resource: str = "lines") -> dict[int, float]:
        """Load of a plant by day in one scenario; days without load are left out."""
        kind = RESOURCES.index(resource)
        by_day: dict[int, float] = defaultdict(float)
        for flow, route in zip(self.answer.flows, self.routes, strict=True):
            if flow.plant == plant and flow.scenario == scenario:
                for use in route.uses:
                    if use.resource == kind:
                        for day in range(flow.day + use.begin, flow.day + use.end):
                            by_day[day] += use.amount * flow.count
        return dict(by_day)

    def behind(self, pointer: str) -> Behind:
        """Open a number.

        Args:
            pointer: JSON pointer into the answer, e.g. `/cost/therapy`.

        Raises:
            BadInput: the answer has no such number.
        """
        parts = pointer.strip("/").split("/")
        try:
            unit, shares = self._open(parts)
        except (KeyError, ValueError, IndexError):
            raise BadInput(
                f"The answer has no number at {pointer!r}.",
                rule="numbers are named by their JSON pointer",
                remedy="Name one such as /cost/total, /turnaround/17 or /plants/0/patients.",
                place=pointer,
            ) from None
        return Behind(pointer, sum(share.amount for share in shares), unit, tuple(shares))

    def _open(self, parts: list[str]) -> tuple[str, list[Share]]:
        match parts:
            case ["objective"]:
                return self._objective()
            case ["cost", "total"]:
                return "currency", self._fixed() + self._each(lambda _, route: route.cost)
            case ["cost", ("plants" | "opening") as part]:
                return "currency", self._fixed(part)
            case ["cost", part]:
                if part not in self.answer.cost:
                    raise KeyError(part)
                return "currency", self._each(lambda _, route: route.parts[part])
            case ["patient_days"]:
                return "patient-days", self._each(lambda _, route: float(route.days))
            case ["turnaround", days]:
                wanted = int(days)
                return "patients", self._each(lambda _, route: float(route.days == wanted))
            case ["plants", index, "patients"]:
                plant = self.answer.plants[_index(index)].id
                return "patients", self._each(lambda flow, _: float(flow.plant == plant))
            case ["sites", index, "patients"]:
                site = self.network.sites[_index(index)].id
                return "patients", self._each(lambda flow, _: float(flow.site == site))
            case ["hospitals", index, "patients"]:
                hospital = {site.id: site.hospital for site in self.network.sites}
                name = sorted(set(hospital.values()))[_index(index)]
                return "patients", self._each(lambda flow, _: float(hospital[flow.site] == name))
            case ["plants", index, "cost"]:
                opened = self.answer.plants[_index(index)]
                return "currency", [Share(opened.cost, plant=opened.id)]
            case ["plants", index, "peak_load"]:
                return "patients", self._peak(self.answer.plants[_index(index)].id)
            case ["plants", index, "load", day]:
                return "patients", self._held(self.answer.plants[_index(index)].id, int(day), None)
            case ["plants", index, "load", day, scenario]:
                future = self.network.scenarios[_index(scenario)].id
                return "patients", self._held(self.answer.plants[_index(index)].id, int(day), future)
            case ["scenarios", index, "cost"]:
                name = self.answer.scenarios[_index(index)].id
                return "currency", self._fixed() + self._each(lambda _, route: route.cost, scenario=name)
            case ["flows", index, "count"]:
                flow = self.answer.flows[_index(index)]
                return "patients", [Share(float(flow.count), flow)]
        raise KeyError("/".join(parts))

    def _objective(self) -> tuple[str, list[Share]]:
        if self.answer.minimise == "time":
            return "patient-days", self._each(lambda _, route: float(route.days))
        if self.network.scenario_objective == "worst" and self.answer.scenarios:
            worst = max(self.answer.scenarios, key=lambda scenario: scenario.cost).id
            return "currency", self._fixed() + self._each(lambda _, route: route.cost, scenario=worst)
        return "currency", self._fixed() + self._each(lambda _, route: route.cost)

    def _fixed(self, part: str = "all") -> list[Share]:
        places = {place.id: place.terms for place in places_of(self.network)}
        shares = []
        for opened in self.answer.plants:
            once = places[opened.id].opening_cost
            amount = {"all": opened.cost, "plants": opened.cost - once, "opening": once}[part]
            shares.append(Share(amount, plant=opened.id))
        return shares

    def _each(self, amount: Callable[[Flow, Route], float], scenario: str | None = None) -> list[Share]:
        """Non-zero shares of the flows: expected, or of one scenario in full."""
        shares = []
        for flow, route in zip(self.answer.flows, self.routes, strict=True):
            if scenario is None or flow.scenario == scenario:
                weight = self.weight(flow) if scenario is None else 1.0
                value = amount(flow, route) * flow.count * weight
                if value:
                    shares.append(Share(value, flow))
        return shares

    def _held(self, plant: str, day: int, scenario: str | None) -> list[Share]:
        shares = []
        for flow, route in zip(self.answer.flows, self.routes, strict=True):
            if flow.plant == plant and flow.scenario == scenario:
                held = sum(
                    use.amount
                    for use in route.uses
                    if use.resource == LINES and flow.day + use.begin <= day < flow.day + use.end
                )
                if held:
                    shares.append(Share(held * flow.count, flow))
        return shares

    def _peak(self, plant: str) -> list[Share]:
        best: tuple[float, int, str | None] = (0.0, 0, None)
        futures: list[str | None] = [known.id for known in self.network.scenarios]
        for scenario in futures or [None]:
            for day, load in self.loads(plant, scenario).items():
                if load > best[0] + 1e-12:
                    best = (load, day, scenario)
        return self._held(plant, best[1], best[2])
