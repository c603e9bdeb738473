"""The answer to a network question, and how it is counted up from the flows."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from onelot.plan.network.assignment import Assignment
from onelot.plan.network.columns import load_table, loads_of
from onelot.plan.network.problem import Problem
from onelot.plan.network.routes import LINES


@dataclass(frozen=True)
class Flow:
    """`count` patients of one site, class, day and scenario on one way."""

    site: str
    day: int
    plant: str
    mode_in: str | None
    mode_out: str | None
    count: int
    urgency: str | None = None
    scenario: str | None = None
    wait_days: int = 0

    def as_dict(self) -> dict[str, Any]:
        """As JSON; optional fields stand only where the question uses them."""
        data = asdict(self)
        urgency = data.pop("urgency")
        if urgency is not None:
            data["class"] = urgency
        if self.scenario is None:
            del data["scenario"]
        if not self.wait_days:
            del data["wait_days"]
        return data


@dataclass(frozen=True)
class Opened:
    """An opened place. `patients` is expected over scenarios; `peak_load` is the most lines held on any day."""

    id: str
    open_day: int
    lines: int
    cost: float
    patients: float
    peak_load: float


@dataclass(frozen=True)
class Reason:
    """Why nothing is feasible: the binding rule, in words and in figures."""

    rule: str
    what: str
    remedy: str
    figures: dict[str, Any]


@dataclass(frozen=True)
class ScenarioCost:
    """What one scenario costs under the chosen plants, fixed costs included."""

    id: str
    probability: float
    cost: float


@dataclass(frozen=True)
class FrontPoint:
    """One answer on the front of cost against patient-days; no other answer is better in both."""

    cost: float
    patient_days: float
    mean_days: float
    proven: bool
    answer: Answer = field(repr=False)


@dataclass(frozen=True)
class Answer:
    """`objective` is the goal's value and `lower_bound` a proven bound; both None where there is no answer.

    `status` is optimal, feasible, infeasible, or unknown (time ran out before any answer or proof). Costs are expected
    over scenarios. `seconds` is None unless a clock was passed in.
    """

    status: str
    minimise: str
    objective: float | None = None
    lower_bound: float | None = None
    plants: tuple[Opened, ...] = ()
    flows: tuple[Flow, ...] = ()
    cost: dict[str, float] = field(default_factory=dict)
    turnaround: dict[int, float] = field(default_factory=dict)
    patient_days: float | None = None
    scenarios: tuple[ScenarioCost, ...] = ()
    expectation: dict[str, float] = field(default_factory=dict)
    reason: Reason | None = None
    front: tuple[FrontPoint, ...] = ()
    designs_tried: int = 0
    seconds: float | None = None

    @property
    def gap(self) -> float | None:
        """(objective - lower_bound) / objective."""
        if self.objective is None or self.lower_bound is None:
            return None
        return max(self.objective - self.lower_bound, 0.0) / max(abs(self.objective), 1e-9)

    def as_dict(self) -> dict[str, Any]:
        """The answer as JSON (data/schemas/network-answer.schema.json)."""
        data: dict[str, Any] = {
            "status": self.status,
            "minimise": self.minimise,
            "objective": self.objective,
            "lower_bound": self.lower_bound,
            "gap": self.gap,
            "plants": [asdict(plant) for plant in self.plants],
            "flows": [flow.as_dict() for flow in self.flows],
            "cost": self.cost,
            "turnaround": {str(days): count for days, count in sorted(self.turnaround.items())},
            "patient_days": self.patient_days,
            "designs_tried": self.designs_tried,
            "seconds": self.seconds,
        }
        if self.scenarios:
            data["scenarios"] = [asdict(scenario) for scenario in self.scenarios]
        if self.expectation:
            data["expectation"] = self.expectation
        if self.reason is not None:
            data["reason"] = asdict(self.reason)
        if self.front:
            data["front"] = [
                {
                    "cost": point.cost,
                    "patient_days": point.patient_days,
                    "mean_days": point.mean_days,
                    "proven": point.proven,
                    "plants": [plant.id for plant in point.answer.plants],
                    "answer": replace(point.answer, front=()).as_dict(),
                }
                for point in self.front
            ]
        return data


def answer_of(problem: Problem, design: tuple[int, ...], assignment: Assignment, **given: Any) -> Answer:
    """Count an assignment up.

    Args:
        problem: the question laid out.
        design: the openings chosen.
        assignment: whole counts on columns.
        given: further fields of Answer (status, objective, ...).
    """
    table, cells, columns = problem.table, problem.cells, assignment.columns
    weighed = assignment.count * cells.weight[columns.cell]
    daily = sum(
        problem.places[o.place].terms.daily_cost * (problem.network.horizon_days - o.day)
        for o in (problem.openings[index] for index in design)
    )
    cost: dict[str, float] = {"plants": daily, "opening": problem.fixed_cost(design) - daily}
    turnaround: dict[int, float] = defaultdict(float)
    by_route = np.bincount(columns.route, weights=weighed, minlength=len(table.routes))
    for index in np.flatnonzero(by_route):
        route, patients = table.routes[index], float(by_route[index])
        turnaround[route.days] += patients
        for part, each in route.parts.items():
            cost[part] = cost.get(part, 0.0) + each * patients
    if not any(
        problem.openings[index].cost and problem.places[problem.openings[index].place].terms.opening_cost
        for index in design
    ):
        del cost["opening"]
    cost["total"] = sum(cost.values())
    return Answer(
        minimise=problem.network.minimise,
        plants=_opened(problem, design, assignment),
        flows=_flows(problem, assignment),
        cost=cost,
        turnaround=dict(turnaround),
        patient_days=sum(days * patients for days, patients in turnaround.items()),
        scenarios=_scenarios(problem, design, assignment),
        expectation=_expectation(problem, by_route),
        **given,
    )


def _opened(problem: Problem, design: tuple[int, ...], assignment: Assignment) -> tuple[Opened, ...]:
    columns = assignment.columns
    load = load_table(problem, loads_of(problem, columns), assignment.count.astype(np.float64))
    place = problem.table.place[columns.route]
    patients = np.bincount(
        place, weights=assignment.count * problem.cells.weight[columns.cell], minlength=len(problem.places)
    )
    return tuple(
        Opened(
            id=problem.places[opening.place].id,
            open_day=opening.day,
            lines=problem.places[opening.place].terms.lines,
            cost=opening.cost,
            patients=float(patients[opening.place]),
            peak_load=float(load[:, LINES, opening.place].max(initial=0.0)),
        )
        for opening in (problem.openings[index] for index in design)
    )


def _flows(problem: Problem, assignment: Assignment) -> tuple[Flow, ...]:
    network, cells, columns = problem.network, problem.cells, assignment.columns
    order = np.lexsort((columns.route, columns.cell))
    flows = []
    for cell, index, count in zip(
        columns.cell[order].tolist(), columns.route[order].tolist(), assignment.count[order].tolist(), strict=True
    ):
        route = problem.table.routes[index]
        site, urgency, _ = cells.groups[cells.group[cell]]
        scenario = network.scenarios[cells.scenario[cell]].id if network.scenarios else None
        flows.append(
            Flow(
                network.sites[site].id,
                int(cells.day[cell]),
                problem.places[route.place].id,
                route.mode_in,
                route.mode_out,
                count,
                urgency,
                scenario,
                route.wait_days,
            )  # fmt: skip
        )
    return tuple(flows)


def _scenarios(problem: Problem, design: tuple[int, ...], assignment: Assignment) -> tuple[ScenarioCost, ...]:
    columns = assignment.columns
    each = np.bincount(
        problem.cells.scenario[columns.cell],
        weights=problem.table.cost[columns.route] * assignment.count,
        minlength=len(problem.cells.probability),
    )
    fixed = problem.fixed_cost(design)
    return tuple(
        ScenarioCost(scenario.id, scenario.probability, fixed + float(each[index]))
        for index, scenario in enumerate(problem.network.scenarios)
    )


def _expectation(problem: Problem, by_route: np.ndarray) -> dict[str, float]:
    """Expected runs, remakes, second collections and patients without a product, where runs may fail."""
    failure = problem.network.failure
    if failure is None:
        return {}
    runs = again = lost = 0.0
    for index in np.flatnonzero(by_route):
        route, patients = problem.table.routes[index], float(by_route[index])
        runs += patients * sum(attempt.share for attempt in route.attempts)
        again += patients * sum(attempt.share for attempt in route.attempts if attempt.recollected)
        lost += patients * problem.places[route.place].failure_rate ** failure.max_attempts
    return {"runs": runs, "remakes": runs - float(by_route.sum()), "second_collections": again, "lost": lost}
