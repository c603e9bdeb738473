"""Every number of an answer opens to flows that add up to it; a chosen network has one canonical form."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
import rfc8785

from onelot.plan.network import Ledger, check_network, network_document, plan_network, read_network
from onelot.record.errors import BadInput, Held

from .made_up import OPTIONS, small


def _numbers(answer: dict[str, Any]) -> dict[str, float]:
    found = {f"/cost/{part}": value for part, value in answer["cost"].items()}
    found |= {f"/turnaround/{days}": count for days, count in answer["turnaround"].items()}
    found |= {f"/flows/{i}/count": flow["count"] for i, flow in enumerate(answer["flows"])}
    found |= {f"/scenarios/{i}/cost": row["cost"] for i, row in enumerate(answer.get("scenarios", []))}
    for index, plant in enumerate(answer["plants"]):
        found |= {f"/plants/{index}/{key}": plant[key] for key in ("patients", "cost", "peak_load")}
    return found | {"/objective": answer["objective"], "/patient_days": answer["patient_days"]}


@pytest.mark.parametrize("option", ["", *OPTIONS])
def test_every_number_opens_to_flows_that_add_up(option: str) -> None:
    opened = 0
    for seed in range(25):
        network = read_network(small(seed, *([option] if option else []), patients=5))
        answer = plan_network(network)
        if answer.objective is None:
            continue
        ledger = Ledger(network, answer)
        for pointer, value in _numbers(answer.as_dict()).items():
            behind = ledger.behind(pointer)
            assert behind.value == pytest.approx(value, abs=1e-9), (seed, pointer)
            assert behind.unit in ("currency", "patients", "patient-days")
            json.dumps(behind.as_dict())
            opened += 1
    assert opened > 50


def test_loads_of_the_ledger_are_those_of_the_check() -> None:
    for seed in range(40):
        network = read_network(small(seed, "failure", "storage"))
        answer = plan_network(network)
        if answer.objective is None:
            continue
        ledger, verdict = Ledger(network, answer), check_network(network, answer)
        for plant in answer.plants:
            counted = {day: load for day, load in verdict.loads[None, plant.id, "lines"].items() if load}
            assert ledger.loads(plant.id) == pytest.approx(counted)
            if counted:
                day = max(counted, key=lambda known: counted[known])
                index = [p.id for p in answer.plants].index(plant.id)
                assert ledger.behind(f"/plants/{index}/load/{day}").value == pytest.approx(counted[day])


@pytest.mark.parametrize(
    "pointer", ["", "/cost/gold", "/plants/9/patients", "/plants/-1/patients", "/turnaround/soon", "/seconds"]
)
def test_what_is_no_number_is_refused(pointer: str) -> None:
    network = read_network(small(999))
    answer = plan_network(network)
    assert answer.objective is not None
    with pytest.raises(BadInput) as refusal:
        Ledger(network, answer).behind(pointer)
    assert refusal.value.place == pointer


def test_a_chosen_network_has_one_canonical_form() -> None:
    digests = set()
    for clock in (None, iter(range(1000)).__next__):
        network = read_network(small(2, "calendar", "point_of_care"))
        answer = plan_network(network, clock=clock)
        digests.add(hashlib.sha256(rfc8785.dumps(network_document(answer, network))).hexdigest())
    assert len(digests) == 1
    document = network_document(answer, network)
    assert {plant["id"] for plant in document["plants"]} == {plant.id for plant in answer.plants}
    assert document["promise"]["status"] == "optimal"


def test_an_infeasible_network_is_not_stored() -> None:
    network = read_network(small(2) | {"limit_days": 0})
    with pytest.raises(Held):
        network_document(plan_network(network), network)
