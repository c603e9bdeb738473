"""`onelot plan network FILE`: what it prints, what it writes, how it refuses."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from typer.testing import CliRunner

from onelot.app.cli.plan import app
from onelot.record.errors import BadInput, Held

SCHEMAS = Path(__file__).resolve().parents[3] / "src" / "onelot" / "data" / "schemas"
QUESTION: dict[str, Any] = {
    "horizon_days": 10,
    "limit_days": 12,
    "max_plants": 1,
    "durations": {"collection": 1, "manufacture": 3, "qc": 2},
    "plants": [{"id": "P0", "daily_cost": 5, "lines": 2}],
    "sites": [{"id": "S0", "hospital": "H0"}],
    "modes": [{"id": "air", "days_in": 1, "days_out": 1}, {"id": "road", "days_in": 2, "days_out": 2}],
    "cost_in": [{"site": "S0", "plant": "P0", "mode": m, "cost": c} for m, c in (("air", 9), ("road", 4))],
    "cost_out": [{"plant": "P0", "hospital": "H0", "mode": m, "cost": c} for m, c in (("air", 9), ("road", 4))],
    "cost_per_therapy": 100,
    "demand": [{"site": "S0", "day": 0, "count": 2}, {"site": "S0", "day": 4, "count": 1}],
}


def _file(folder: Path, **changes: Any) -> str:
    file = folder / "question.json"
    file.write_text(json.dumps(QUESTION | changes))
    return str(file)


def test_json_follows_its_schema(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["network", _file(tmp_path), "--json"])
    assert result.exit_code == 0, result.output
    answer = json.loads(result.output)
    jsonschema.validate(answer, json.loads((SCHEMAS / "network-answer.schema.json").read_text()))
    assert answer["status"] == "optimal" and answer["objective"] == 50 + 3 * (4 + 4 + 100)
    assert answer["seconds"] > 0


def test_plain_lines_for_people(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["network", _file(tmp_path)])
    assert result.exit_code == 0 and "optimal: 374.00" in result.output and "P0: 3 patients" in result.output


def test_drawings_document_and_what_is_behind(tmp_path: Path) -> None:
    arguments = ["network", _file(tmp_path, minimise="both"), "--draw", str(tmp_path / "out"), "--document"]
    result = CliRunner().invoke(app, [*arguments, str(tmp_path / "network.json"), "--behind", "/cost/transport_in"])
    assert result.exit_code == 0, result.output
    behind = json.loads(result.output)
    assert behind["value"] == sum(share["amount"] for share in behind["shares"]) == 12
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"network.svg", "loads.svg", "front.svg"}
    for file in (tmp_path / "out").iterdir():
        ElementTree.parse(file)
    assert json.loads((tmp_path / "network.json").read_text())["plants"][0]["id"] == "P0"


def test_what_if_stands_beside_the_question(tmp_path: Path) -> None:
    for name, changes in (
        ("dear", {"cost_per_therapy": 200}),
        ("fast", {"limit_days": 8}),
        ("hopeless", {"limit_days": 1}),
    ):
        (tmp_path / f"{name}.json").write_text(json.dumps(changes))
    options = [part for name in ("dear", "fast", "hopeless") for part in ("--what-if", str(tmp_path / f"{name}.json"))]
    arguments = ["network", _file(tmp_path), *options, "--draw", str(tmp_path / "out"), "--json"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    answer = json.loads(result.output)
    jsonschema.validate(answer, json.loads((SCHEMAS / "network-answer.schema.json").read_text()))
    assert [row["answer"]["objective"] for row in answer["what_if"]] == [674, 50 + 3 * 118, None]
    ElementTree.parse(tmp_path / "out" / "side-by-side.svg")


def test_infeasible_ends_with_one_and_its_reason(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["network", _file(tmp_path, limit_days=7)])
    assert result.exit_code == 1 and "at least 8 days; the limit is 7" in result.output
    result = CliRunner().invoke(app, ["network", _file(tmp_path, limit_days=7), "--json"])
    assert result.exit_code == 1 and json.loads(result.output)["reason"]["rule"] == "limit_days"
    result = CliRunner().invoke(
        app, ["network", _file(tmp_path, limit_days=7), "--document", str(tmp_path / "no.json")]
    )
    assert isinstance(result.exception, Held) and not (tmp_path / "no.json").exists()


@pytest.mark.parametrize(
    ("content", "place"),
    [('{"horizon_days": NaN}', ":1:"), ("[]", "$"), ('{"horizon_days": 1}', "$.limit_days"), ("{", ":1:")],
)
def test_what_cannot_be_read_is_refused_with_its_place(tmp_path: Path, content: str, place: str) -> None:
    file = tmp_path / "bad.json"
    file.write_text(content)
    result = CliRunner().invoke(app, ["network", str(file)])
    assert isinstance(result.exception, BadInput) and place in (result.exception.place or "")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["network", str(tmp_path / "nowhere.json")])
    assert isinstance(result.exception, BadInput)
