"""The check must catch what is wrong: each test spoils a good answer in one way and names the fault to come back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from onelot.plan.network import Answer, Network, check_network, plan_network, read_network

from .made_up import OPTIONS, small
from .test_reading import GOOD


def _good(**changes: Any) -> tuple[Network, Answer]:
    network = read_network(GOOD | changes)
    answer = plan_network(network)
    assert check_network(network, answer).holds
    return network, answer


def _faults(network: Network, answer: Answer) -> str:
    return "; ".join(check_network(network, answer).faults)


def _with_flow(answer: Answer, index: int, **changes: Any) -> Answer:
    flows = list(answer.flows)
    flows[index] = replace(flows[index], **changes)
    return replace(answer, flows=tuple(flows))


def test_a_patient_left_out_or_counted_twice() -> None:
    network, answer = _good()
    assert "1 patients asked for, 0 served" in _faults(network, replace(answer, flows=answer.flows[1:]))
    assert "asked for" in _faults(network, _with_flow(answer, 0, count=2))
    assert "negative" in _faults(network, _with_flow(answer, 0, count=-1))


def test_a_plant_that_is_closed_or_a_lane_that_is_not_there() -> None:
    network, answer = _good()
    assert "not opened" in _faults(network, replace(answer, plants=()))
    assert "no lane" in _faults(network, _with_flow(answer, 0, mode_in="rail"))
    assert "no plant of the network" in _faults(network, replace(answer, plants=(replace(answer.plants[0], id="P7"),)))


def test_more_patients_than_lines() -> None:
    network, answer = _good()
    tight = read_network(GOOD | {"plants": [{**plant, "lines": 1} for plant in GOOD["plants"]]})
    assert "lines 2 of 1" in _faults(tight, answer)
    out = read_network(GOOD | {"outages": [{"plant": answer.flows[0].plant, "from_day": 0, "to_day": 30}]})
    assert "of 0" in _faults(out, answer)


def test_a_turnaround_past_the_limit_or_too_many_plants() -> None:
    _, answer = _good()
    assert "the limit is 7" in _faults(read_network(GOOD | {"limit_days": 7}), answer)
    network, both = _good(demand=[{"site": "S0", "day": 4, "count": 3}])
    assert len(both.plants) == 2
    assert "at most 1" in _faults(network.model_copy(update={"max_plants": 1}), both)


@pytest.mark.parametrize("field", ["objective", "patient_days"])
def test_figures_that_the_flows_do_not_bear_out(field: str) -> None:
    network, answer = _good()
    assert field in _faults(network, replace(answer, **{field: 1.0}))
    assert "lower bound" in _faults(network, replace(answer, lower_bound=(answer.objective or 0) * 1.01))
    assert "cost.total" in _faults(network, replace(answer, cost={**answer.cost, "total": 3.0}))
    assert "turnaround" in _faults(network, replace(answer, turnaround={3: 3.0}))


def test_waiting_without_storage_and_opening_on_another_day() -> None:
    network, answer = _good()
    assert "more than storage allows" in _faults(network, _with_flow(answer, 0, wait_days=1))
    late = (replace(answer.plants[0], open_day=5), *answer.plants[1:])
    assert "none of its opening days" in _faults(network, replace(answer, plants=late))


def test_a_point_of_care_serves_nobody_else() -> None:
    network = read_network(small(1, "point_of_care"))
    seen = 0
    for seed in range(60):
        network = read_network(small(seed, "point_of_care"))
        answer = plan_network(network)
        own = [i for i, flow in enumerate(answer.flows) if flow.plant == f"site:{flow.site}"]
        others = [site.id for site in network.sites if own and site.id != answer.flows[own[0]].site]
        if own and others:
            assert "own patients only" in _faults(network, _with_flow(answer, own[0], site=others[0]))
            seen += 1
    assert seen >= 5


@pytest.mark.parametrize("option", OPTIONS)
def test_a_flow_moved_to_another_day_is_always_caught(option: str) -> None:
    caught = 0
    for seed in range(30):
        network = read_network(small(seed, option, patients=4))
        answer = plan_network(network)
        if answer.flows:
            assert not check_network(network, _with_flow(answer, 0, day=answer.flows[0].day + 1)).holds
            caught += 1
    assert caught >= 8
