"""The committed schemas are those of the code, and are schemas that real events pass."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import orjson
import pytest

from onelot.adapters.recipes import shipped
from onelot.app.schemas import FOLDER, schemas, stale, write
from onelot.record.events import types
from onelot.record.recipe import write_recipe
from tests.record.cohort import driven


def test_committed_schemas_are_not_stale() -> None:
    wrong = stale()
    assert not wrong, f"stale: {', '.join(wrong)}. Run `python -m onelot.app.schemas` and commit what it writes."


def test_a_stale_missing_or_stray_schema_is_seen(tmp_path: Path) -> None:
    assert len(write(tmp_path)) == len(types()) + 1
    assert stale(tmp_path) == []
    (tmp_path / "events" / "Released.json").write_text("{}")
    (tmp_path / "events" / "Rejected.json").unlink()
    (tmp_path / "events" / "Vanished.json").write_text("{}")
    assert sorted(stale(tmp_path)) == ["events/Rejected.json", "events/Released.json", "events/Vanished.json"]


@pytest.mark.parametrize("path", sorted(schemas()))
def test_each_is_a_schema(path: str) -> None:
    jsonschema.Draft202012Validator.check_schema(orjson.loads((FOLDER / path).read_bytes()))


def test_recorded_events_fit_their_schemas() -> None:
    """Every event of three simulated patients, the site's set-up among them, against the committed files."""
    checks = {
        name: jsonschema.Draft202012Validator(orjson.loads((FOLDER / f"events/{name}.json").read_bytes()))
        for name in types()
    }
    journal, seen = driven().house.journal, set()
    for stream in journal.heads():
        for entry in journal.read(stream)[:200]:
            checks[entry.envelope["type"]].validate(entry.envelope["data"])
            seen.add(entry.envelope["type"])
    assert len(seen) > 40


@pytest.mark.parametrize("name", sorted(shipped()))
def test_shipped_recipes_fit_the_schema(name: str) -> None:
    schema = orjson.loads((FOLDER / "recipe.schema.json").read_bytes())
    written = orjson.loads(orjson.dumps(write_recipe(shipped()[name])))
    jsonschema.Draft202012Validator(schema).validate(written)
