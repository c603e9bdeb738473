"""The example in the documentation runs as it stands, and names every optional field of the schema."""

from __future__ import annotations

import json
import re
from pathlib import Path

from onelot.plan.network import check_network, plan_network, question_schema, read_network

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "network.md").read_text(encoding="utf-8")


def test_the_example_has_a_proven_answer() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    network = read_network(json.loads(example))
    answer = plan_network(network)
    assert answer.status == "optimal" and [plant.id for plant in answer.plants] == ["Turin"]
    assert check_network(network, answer).holds


def test_every_field_is_described() -> None:
    schema = question_schema()
    for fields in (
        schema["properties"],
        schema["$defs"]["Plant"]["properties"],
        schema["$defs"]["LaneIn"]["properties"],
    ):
        for name in fields:
            assert f"`{name}`" in TEXT or f'"{name}"' in TEXT or f"`{name}:" in TEXT, name
