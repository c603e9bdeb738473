"""What must hold for every question: the check agrees, bounds are bounds, and more freedom never costs more."""

from __future__ import annotations

from copy import deepcopy
from math import inf
from typing import Any

import numpy as np
import pytest
from highspy import Highs
from hypothesis import given, settings
from hypothesis import strategies as st

from onelot.plan.network import Answer, check_network, plan_network, read_network
from onelot.plan.network.assignment import Goal, assign
from onelot.plan.network.bounds import cut_of, design_bounds, kinds_of, peak_need, pooled_need
from onelot.plan.network.designs import Deadline, list_designs
from onelot.plan.network.problem import problem_of
from onelot.plan.network.rolling import assign_rolling

from .made_up import OPTIONS, small
from .test_reading import GOOD

FREE = settings(max_examples=120, deadline=None)
seeds = st.integers(0, 10**9)
COMPATIBLE = [name for name in OPTIONS if name not in ("scenarios", "worst", "forecast")]


def _value(question: dict[str, Any]) -> float:
    answer = plan_network(read_network(question))
    return inf if answer.objective is None else answer.objective


@FREE
@given(seeds, st.sets(st.sampled_from(COMPATIBLE)), st.sampled_from(["", "scenarios", "worst"]))
def test_every_answer_passes_the_check(seed: int, options: set[str], futures: str) -> None:
    network = read_network(small(seed, *sorted(options), *([futures] if futures else []), patients=8))
    answer = plan_network(network)
    assert answer.status in ("optimal", "infeasible")
    verdict = check_network(network, answer)
    assert verdict.holds, verdict.faults
    if answer.objective is not None and answer.lower_bound is not None:
        assert answer.lower_bound <= answer.objective * (1 + 1e-9) + 1e-9
        assert sum(plant.patients for plant in answer.plants) == pytest.approx(sum(answer.turnaround.values()))


@FREE
@given(seeds, st.sampled_from(["", *COMPATIBLE]), st.data())
def test_more_freedom_never_costs_more(seed: int, option: str, data: st.DataObject) -> None:
    question = small(seed, *([option] if option else []), patients=6)
    freer = deepcopy(question)
    what = data.draw(st.sampled_from(["limit", "lines", "plants", "storage", "cheaper"]))
    if what == "limit":
        freer["limit_days"] += 1
        for urgency in freer.get("classes", []):
            urgency["limit_days"] += 1
    elif what == "lines":
        data.draw(st.sampled_from(freer["plants"]))["lines"] += 1
    elif what == "plants":
        freer["max_plants"] += 1
    elif what == "storage":
        storage = freer.setdefault("storage", {"max_days": 0, "cost_per_day": 0, "freeze_cost": 0})
        storage["max_days"] += 1
    else:
        lane = data.draw(st.sampled_from(freer["cost_in"]))
        lane["cost"] = lane["cost"] / 2
    assert _value(freer) <= _value(question) + 1e-6


@FREE
@given(seeds, st.sampled_from(["", "storage", "resources", "growth", "scenarios", "worst", "point_of_care", "outages"]))
def test_bounds_of_designs_are_bounds(seed: int, option: str) -> None:
    """Every bound and every cut, against the design's own assignment."""
    problem = problem_of(read_network(small(seed, *([option] if option else []), patients=10)))
    if not problem.routed.all():
        return
    goal = Goal("worst" if option == "worst" else "cost")
    members = list_designs(problem)
    assert members is not None
    bounds = design_bounds(problem, kinds_of(problem), goal, members)
    values, cuts = np.full(len(members), inf), []
    for index, row in enumerate(members):
        answer = assign(problem, tuple(int(o) for o in np.flatnonzero(row)), goal)
        if answer is not None:
            values[index] = answer.value
            if answer.prices is not None:
                cuts.append(cut_of(problem, answer.prices))
            lines = sum(problem.places[problem.openings[o].place].terms.lines for o in np.flatnonzero(row))
            assert lines >= max(peak_need(problem), pooled_need(problem)) - 1e-6
    slack = 1e-6 * np.maximum(1.0, np.abs(values, where=np.isfinite(values), out=np.zeros(len(values))))
    assert (bounds <= values + slack).all()
    for cut in cuts:
        assert (cut.constant + members @ cut.opening <= values + slack).all()


@FREE
@given(seeds, st.sampled_from(["", "storage", "resources", "scenarios", "calendar"]))
def test_blocks_of_days_give_sound_assignments(seed: int, option: str) -> None:
    """The way of the very large questions, on small ones: complete, within capacity, never better than the best."""
    network = read_network(small(seed, *([option] if option else []), patients=10))
    problem = problem_of(network)
    if not problem.routed.all():
        return
    design = tuple(range(len(problem.openings)))
    best = assign(problem, design, Goal())
    rolled = assign_rolling(problem, design, Goal(), Deadline(None, 0.0))
    if rolled is None:
        return
    assert best is not None and rolled.value >= best.value - 1e-6
    served = np.bincount(rolled.columns.cell, weights=rolled.count, minlength=len(problem.cells))
    assert (served == problem.cells.count).all()


def test_the_order_of_the_lists_does_not_matter() -> None:
    for seed in range(30):
        question = small(seed)
        turned = {key: value[::-1] if isinstance(value, list) else value for key, value in question.items()}
        assert _value(turned) == pytest.approx(_value(question))


def test_a_clock_that_has_run_out_never_calls_an_answer_optimal() -> None:
    """With no time at all the answer is unknown, or one that was proved without searching."""
    seen: set[str] = set()
    for seed in range(40):
        ticks = iter(range(0, 10**6, 50))
        network = read_network(small(seed, patients=12))
        answer: Answer = plan_network(network, clock=lambda ticks=ticks: float(next(ticks)), seconds=1.0)
        assert check_network(network, answer).holds
        if answer.status == "infeasible":
            assert plan_network(network).status == "infeasible"
        if answer.status == "optimal":
            assert answer.objective == pytest.approx(plan_network(network).objective)
        seen.add(answer.status)
    assert "unknown" in seen


@pytest.mark.parametrize("few", [14, 0])
def test_a_solver_out_of_time_proves_nothing(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real solver, given next to no time on a tight question: never infeasible, never optimal."""
    network = read_network(GOOD | {"demand": [{"site": "S0", "day": 4, "count": 3}]})
    assert plan_network(network).status == "optimal"
    real = Highs.run

    def late(self: Any) -> Any:
        self.setOptionValue("time_limit", 0.0)
        return real(self)

    monkeypatch.setattr(Highs, "run", late)
    monkeypatch.setattr("onelot.plan.network.search.FEW_OPENINGS", few)
    ticks = iter(range(10**6))
    answer = plan_network(network, clock=lambda: float(next(ticks)), seconds=50.0)
    assert answer.status in ("unknown", "feasible")
