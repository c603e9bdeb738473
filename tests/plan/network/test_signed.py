"""A network document is read whole or refused with the JSON path at which it is wrong."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import jsonschema
import pytest

from onelot.plan.network import (
    network_document,
    plan_network,
    read_network,
    read_signed_network,
    signed_network_schema,
)
from onelot.record.chain import canonical
from onelot.record.errors import BadInput
from tests.plan.network.made_up import OPTIONS, small
from tests.plan.test_bookings import DAY, DOCUMENT, MONDAY

NONSENSE = [
    (("kind",), "onelot.network/2", "$.kind"),
    (("surprise",), 1, "$.surprise"),
    (("limit_days",), -1, "$.limit_days"),
    (("limit_days",), "20", "$.limit_days"),
    (("durations", "collection"), 9, "$.lanes_in[0]"),
    (("sites",), [], "$.sites"),
    (("plants",), [], "$.plants"),
    (("sites", 1, "id"), "ghent", "$.sites[1]"),
    (("plants", 1, "id"), "leiden", "$.plants[1]"),
    (("plants", 0, "lines"), -1, "$.plants[0].lines"),
    (("plants", 0, "manufacture_days"), 0, "$.plants[0].manufacture_days"),
    (("plants", 0, "point_of_care_site"), "oslo", "$.plants[0].point_of_care_site"),
    (("lanes_in", 0, "plant"), "oslo", "$.lanes_in[0].plant"),
    (("lanes_in", 0, "site"), "oslo", "$.lanes_in[0].site"),
    (("lanes_in", 0, "closed_weekdays"), [7], "$.lanes_in[0].closed_weekdays[0]"),
    (("lanes_in", 0, "closed_weekdays"), [0, 1, 2, 3, 4, 5, 6], "$.lanes_in[0].closed_weekdays"),
    (("lanes_in", 1, "site"), "ghent", "$.lanes_in[1].served"),
    (("lanes_out", 1, "hospital"), "ghent", "$.lanes_out[1]"),
    (("lanes_out", 0, "hospital"), "oslo", "$.lanes_out[0].hospital"),
    (("lanes_out", 2, "hospital"), "ghent", "$.lanes_in[2]"),
    (("recipes",), ["cd19", "cd19"], "$.recipes[1]"),
    (("starts_on",), "23.11.2026", "$.starts_on"),
    (("starts_on",), 20261123, "$.starts_on"),
    (("starts_on",), "2026-02-30", "$.starts_on"),
    (("starts_on",), None, "$.plants[1].open_day"),
    (("first_weekday",), 3, "$.starts_on"),
    (("closed", 0, "place"), "oslo", "$.closed[0].place"),
    (("closed", 1, "place"), "leiden", "$.closed[1]"),
    (("closed", 0, "days"), ["Christmas"], "$.closed[0].days[0]"),
    (("promise",), {"status": "optimal"}, "$.promise.minimise"),
]


def changed(path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    document = deepcopy(DOCUMENT)
    target: Any = document
    for part in path[:-1]:
        target = target[part]
    target[path[-1]] = value
    return document


@pytest.mark.parametrize(("path", "value", "place"), NONSENSE, ids=[f"{p[2]}={p[1]!s:.20}" for p in NONSENSE])
def test_nonsense_is_refused_where_it_stands(path: tuple[Any, ...], value: Any, place: str) -> None:
    document = changed(path, value)
    if place == "$.lanes_out[1]":
        document["lanes_out"][1]["mode"] = "road"
    with pytest.raises(BadInput) as refusal:
        read_signed_network(document)
    assert refusal.value.place == place
    assert refusal.value.rule == "network-document.schema.json"


@pytest.mark.parametrize("value", [None, [], "x", 3])
def test_what_is_no_object_is_refused(value: Any) -> None:
    with pytest.raises(BadInput) as refusal:
        read_signed_network(value)
    assert refusal.value.place == "$"


def test_nobody_served_is_no_network() -> None:
    document = deepcopy(DOCUMENT)
    for lane in document["lanes_in"]:
        lane["served"] = False
    with pytest.raises(BadInput) as refusal:
        read_signed_network(document)
    assert refusal.value.place == "$.lanes_in"


@pytest.mark.parametrize("option", ["", *OPTIONS])
def test_every_chosen_network_is_read_back_and_can_stand_in_a_record(option: str) -> None:
    """What the search writes is canonical (no floats), fits the schema, and reads as it was."""
    read = 0
    for seed in range(12):
        network = read_network(small(seed, *([option] if option else []), patients=4))
        answer = plan_network(network)
        if answer.objective is None:
            continue
        document = network_document(answer, network, recipes=("b", "a"), starts_on=MONDAY + DAY * network.first_weekday)
        stored = json.loads(canonical(document))
        jsonschema.validate(stored, signed_network_schema())
        signed = read_signed_network(stored)
        assert signed.recipes == ["a", "b"] and signed.is_for("a") and not signed.is_for("c")
        for flow in answer.flows:
            assert flow.plant in {plant.id for plant in signed.serving(flow.site)}
        read += 1
    assert read > 2
