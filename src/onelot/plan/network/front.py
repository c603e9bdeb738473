"""The front of cost against patient-days: both end points exact, the others evenly spread in patient-days."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from onelot.plan.network.answer import Answer, FrontPoint
from onelot.plan.network.assignment import Goal
from onelot.plan.network.designs import PROOF, Found


class Searcher(Protocol):
    """What a front needs of a search: the best design for a goal, and its answer."""

    def best(self, goal: Goal) -> Found:
        """The best design for a goal."""

    def answer(self, found: Found) -> Answer:
        """A found design counted up."""


def front_of(search: Searcher, points: int) -> Answer:
    """The cheapest answer, with `front` holding answers from the cheapest to the fastest.

    Every point is the cheapest for its patient-days, and among those the fastest, so no point is worse in both than
    another. Fewer points come back where the front has fewer, or where time runs out.
    """
    cheap = _lexicographic(search, Goal(), Goal("time"))
    if cheap is None:
        return search.answer(search.best(Goal()))
    fast = _lexicographic(search, Goal("time"), Goal())
    found = [cheap]
    if fast is not None and _days(fast) < _days(cheap):
        for step in range(1, points - 1):
            limit = _days(cheap) + (_days(fast) - _days(cheap)) * step / (points - 1)
            if limit >= found[-1].patient_days:
                continue
            point = _lexicographic(search, Goal(time_max=limit), Goal("time"))
            if point is None:
                break
            if point.patient_days > _days(fast) * (1 + PROOF):
                found.append(point)
        found.append(fast)
    return replace(cheap.answer, front=tuple(found))


def _days(point: FrontPoint) -> float:
    return point.patient_days


def _lexicographic(search: Searcher, first: Goal, second: Goal) -> FrontPoint | None:
    """The best answer by `first`, and among those the best by `second`; None if none was found."""
    found = search.best(first)
    if found.assignment is None:
        return None
    held = found.value * (1 + PROOF)
    if first.kind == "time":
        refined = search.best(replace(second, time_max=held))
    else:
        refined = search.best(replace(second, cost_max=held, time_max=first.time_max))
    last = found if refined.assignment is None else refined
    answer = search.answer(last)
    days = answer.patient_days or 0.0
    cost = answer.cost["total"]
    proven = last is refined and search.answer(found).status == "optimal" and answer.status == "optimal"
    bound = found.bound if first.kind == "cost" else refined.bound if last is refined else None
    answer = replace(
        answer,
        objective=cost,
        lower_bound=None if bound is None else min(bound, cost),
        status="optimal" if proven else "feasible",
    )
    return FrontPoint(cost, days, days / max(sum(answer.turnaround.values()), 1e-9), proven, answer)
