"""The answer against brute force: the base problem on 1,000 small questions, then every optional field on its own."""

from __future__ import annotations

from itertools import pairwise

import pytest

from onelot.plan.network import check_network, plan_network, read_network

from .made_up import OPTIONS, small
from .oracle import brute, brute_front


def _agrees(question: dict) -> str:
    network = read_network(question)
    answer = plan_network(network)
    expected = brute(question)
    if expected is None:
        assert answer.status == "infeasible", question
        assert answer.reason is not None and answer.reason.rule and answer.reason.what
    else:
        assert answer.status == "optimal", question
        assert answer.objective == pytest.approx(expected, rel=1e-6, abs=1e-6), question
        verdict = check_network(network, answer)
        assert verdict.holds, verdict.faults
    return answer.status


@pytest.mark.parametrize("block", range(10))
def test_thousand_small_networks_equal_brute_force(block: int) -> None:
    seen = [_agrees(small(seed)) for seed in range(block * 100, block * 100 + 100)]
    assert seen.count("optimal") >= 30 and seen.count("infeasible") >= 5


@pytest.mark.parametrize("option", OPTIONS)
def test_each_option_equals_brute_force(option: str) -> None:
    seen = [_agrees(small(seed, option, patients=4)) for seed in range(60)]
    assert seen.count("optimal") >= 15


@pytest.mark.parametrize("block", range(4))
def test_options_together_equal_brute_force(block: int) -> None:
    for seed in range(block * 25, block * 25 + 25):
        chosen = [name for index, name in enumerate(OPTIONS) if (seed * 7 + 3) >> index & 1]
        if "worst" in chosen and "scenarios" in chosen:
            chosen.remove("scenarios")
        if {"worst", "scenarios"} & set(chosen) and "forecast" in chosen:
            chosen.remove("forecast")
        _agrees(small(seed, *chosen, patients=3, plants=2))


def test_front_equals_brute_force() -> None:
    fronts = 0
    for seed in range(60):
        question = small(seed, patients=4) | {"minimise": "both", "front_points": 5}
        network = read_network(question)
        answer, expected = plan_network(network), brute_front(question)
        if not expected:
            assert answer.status == "infeasible"
            continue
        points = [(point.cost, point.patient_days) for point in answer.front]
        assert points[0] == pytest.approx(expected[0]) and points[-1] == pytest.approx(expected[-1])
        for point in points:
            assert any(point == pytest.approx(known) for known in expected), (seed, point, expected)
        for before, after in pairwise(points):
            assert after[0] > before[0] and after[1] < before[1]
        for point in answer.front:
            assert check_network(network, point.answer).holds
        fronts += len(points) > 2
    assert fronts >= 3


def test_least_time_equals_brute_force() -> None:
    for seed in range(40):
        question = small(seed, patients=4) | {"minimise": "time"}
        network = read_network(question)
        answer, expected = plan_network(network), brute_front(question)
        assert (answer.status == "infeasible") == (not expected)
        if expected:
            assert (answer.cost["total"], answer.objective) == pytest.approx(expected[-1])
            assert check_network(network, answer).holds


@pytest.mark.parametrize("option", ["", "growth", "point_of_care", "worst", "storage"])
def test_proposals_of_the_master_equal_brute_force(option: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The way of many openings, forced on few, so that brute force can judge it."""
    monkeypatch.setattr("onelot.plan.network.search.FEW_OPENINGS", 0)
    seen = []
    for seed in range(40):
        question = small(seed, *([option] if option else []), patients=4) | {"max_plants": 2}
        seen.append(_agrees(question))
    assert seen.count("optimal") >= 10


@pytest.mark.parametrize("few", [14, 0])
@pytest.mark.parametrize("minimise", ["cost", "time", "both"])
def test_nobody_to_serve_opens_nothing(few: int, minimise: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onelot.plan.network.search.FEW_OPENINGS", few)
    question = small(999) | {"minimise": minimise}
    question["demand"] = [{**question["demand"][0], "count": 0}]
    answer = plan_network(read_network(question))
    assert (answer.status, answer.objective, answer.plants, answer.flows) == ("optimal", 0, (), ())


def test_lines_of_no_plant_and_costs_of_nothing() -> None:
    question = small(999)
    none = question | {"plants": [{**plant, "lines": 0} for plant in question["plants"]]}
    assert _agrees(none) == "infeasible"
    free = question | {
        "cost_per_therapy": 0,
        "plants": [{**plant, "daily_cost": 0} for plant in question["plants"]],
        "cost_in": [{**lane, "cost": 0} for lane in question["cost_in"]],
        "cost_out": [{**lane, "cost": 0} for lane in question["cost_out"]],
    }
    assert _agrees(free) == "optimal" and plan_network(read_network(free)).objective == 0


def test_runs_that_are_hardly_ever_needed_do_not_disturb() -> None:
    question = small(999, "failure")
    question["failure"] |= {"rate": 0.0005, "max_attempts": 4, "recollect_share": 0.5}
    for maker in question["plants"]:
        maker.pop("failure_rate", None)
    assert _agrees(question) == "optimal"
