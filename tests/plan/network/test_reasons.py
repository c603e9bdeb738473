"""An infeasible question names the rule that binds, with figures that can be checked."""

from __future__ import annotations

from typing import Any

import pytest

from onelot.plan.network import plan_network, read_network

from .made_up import small
from .oracle import brute, ways
from .test_reading import GOOD


def _reason(question: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    answer = plan_network(read_network(question))
    assert answer.status == "infeasible" and answer.reason is not None
    assert answer.objective is None and answer.lower_bound is None and not answer.flows
    return answer.reason.rule, answer.reason.figures


def test_the_limit_is_named_with_the_fastest_way() -> None:
    found = 0
    for seed in range(300):
        question = small(seed)
        answer = plan_network(read_network(question))
        if answer.reason is None or answer.reason.rule != "limit_days":
            continue
        figures = answer.reason.figures
        day = next(row["day"] for row in question["demand"] if row["site"] == figures["site"])
        free = ways(question | {"limit_days": 10**6}, figures["site"], day, None)
        assert figures["fastest_days"] == min(way[3] for way in free) > figures["limit_days"]
        found += 1
    assert found > 20


def test_missing_lanes_are_named() -> None:
    question = GOOD | {"cost_out": [{**GOOD["cost_out"][0], "plant": "P0"}], "cost_in": [GOOD["cost_in"][1]]}
    rule, figures = _reason(question)
    assert rule == "lanes" and figures["site"] == "S0"


def test_lines_are_named_with_the_full_days() -> None:
    question = GOOD | {"demand": [{"site": "S0", "day": 4, "count": 5}]}
    rule, figures = _reason(question)
    assert rule == "lines" and figures["unserved"] == pytest.approx(2)
    assert {entry["plant"] for entry in figures["full"]} <= {"P0", "P1"}
    assert {entry["day"] for entry in figures["full"]} <= set(range(6, 9))


def test_too_few_plants_are_named_with_the_number_needed() -> None:
    question = GOOD | {"max_plants": 1, "demand": [{"site": "S0", "day": 4, "count": 3}]}
    rule, figures = _reason(question)
    assert rule == "max_plants" and figures == {"max_plants": 1, "plants_needed": 2}
    assert brute(question | {"max_plants": 2}) is not None


@pytest.mark.parametrize(
    ("field", "limits", "rule"),
    [("qc_capacity", 1, "qc"), ("release_per_day", 1, "release"), ("staff_hours", 4, "staff")],
)
def test_other_capacity_is_named(field: str, limits: float, rule: str) -> None:
    plants = [{**GOOD["plants"][0], "lines": 9, field: limits}, {**GOOD["plants"][1], "lines": 9, field: limits}]
    staff = {"manufacture_hours": 2, "qc_hours": 2, "release_hours": 2}
    question = GOOD | {"plants": plants, "staff": staff, "demand": [{"site": "S0", "day": 4, "count": 8}]}
    assert _reason(question)[0] == rule
