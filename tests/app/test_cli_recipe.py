"""`onelot recipe ...` and the dry run of `onelot tailor recipe`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from onelot.adapters.recipes import shipped
from onelot.app.cli.recipe import app as recipe_app
from onelot.app.cli.tailor_recipe import tailor_recipe
from onelot.record.errors import BadInput, Held, Refused
from onelot.record.recipe import digest_of, write_recipe

tailor_app = typer.Typer()
tailor_app.command("recipe")(tailor_recipe)
RUN = CliRunner()


def run(*words: str) -> Result:
    return RUN.invoke(recipe_app, list(words))


def as_json(*words: str) -> Any:
    found = run(*words, "--json")
    assert found.exit_code == 0, found.output
    return json.loads(found.stdout)


def tailored(tmp_path: Path, recipe: str, facts: Any, *more: str) -> Result:
    path = tmp_path / "facts.json"
    path.write_text(facts if isinstance(facts, str) else json.dumps(facts))
    return RUN.invoke(tailor_app, ["--recipe", recipe, "--facts", str(path), *more])


def test_list_counts_assumptions() -> None:
    rows = {row["recipe"]: row for row in as_json("list")}
    assert len(rows) == 6
    assert rows["cd19-per-kg/1"]["sha256"] == digest_of(shipped()["cd19-per-kg"])
    assert all(row["numbers"]["assumptions"] > 0 for row in rows.values())
    assert "our assumptions" in run("list").stdout


def test_check_prints_how_many_numbers_are_assumptions() -> None:
    found = as_json("check", "cd34-edited")
    assert found["errors"] == 0
    text = run("check", "cd34-edited")
    assert text.exit_code == 0
    assert f"{found['numbers']['assumptions']} our assumptions" in text.stdout


def test_check_of_a_faulty_recipe_ends_with_1(tmp_path: Path) -> None:
    data = write_recipe(shipped()["cd19-flat"])
    data["specification"] = []
    path = tmp_path / "own.json"
    path.write_text(json.dumps(data))
    assert run("check", str(path)).exit_code == 1
    found = run("check", str(path), "--json")
    assert found.exit_code == 1
    assert json.loads(found.stdout)["errors"] >= 1


def test_diff_and_show() -> None:
    assert as_json("diff", "cd19-flat", "cd19-flat") == []
    changes = as_json("diff", "cd19-per-kg", "cd19-flat")
    assert {"path": "/name", "old": "cd19-per-kg", "new": "cd19-flat"} in changes
    assert f"{len(changes)} places differ" in run("diff", "cd19-per-kg", "cd19-flat").stdout
    assert as_json("show", "aav9-stock") == write_recipe(shipped()["aav9-stock"])
    shown = run("show", "cd34-edited").stdout
    assert "unverified: label: back-up" in shown and "≥ 3000000 {cells}/kg" in shown


def test_a_dry_run_of_tailoring(tmp_path: Path) -> None:
    found = tailored(tmp_path, "aav9-weight-band", {"weight_kg": {"value": "8.54", "unit": "kg"}}, "--json")
    assert found.exit_code == 0
    data = json.loads(found.stdout)
    values = {each["name"]: each["value"] for each in data["parameters"]}
    assert data["dry_run"] is True
    assert (values["dose_ml"], values["vials"], values["dose_vg"]) == ("46.8", "6", "936000000000000")
    assert "dose_ml = 46.8 mL" in tailored(tmp_path, "aav9-weight-band", {"weight_kg": 8.54}).stdout


@pytest.mark.parametrize(
    ("facts", "error", "words"),
    [
        ({}, Held, "missing"),
        ({"weight_kg": {"value": 8, "valid_until": "2020-01-01T00:00:00Z"}}, Held, "outdated"),
        ({"weight_kg": 80}, Held, "above every band"),
        ({"weight_kg": {"value": 8, "valid_until": "2020-01-01"}}, BadInput, "no zone"),
        ({"weight_kg": {"value": 8, "observed_at": "soon"}}, BadInput, "no time"),
        ({"weight_kg": {"unit": "kg"}}, BadInput, "no value"),
        ({"weight_kg": {"value": 8, "wieght": 1}}, BadInput, "wieght"),
        ({"weight_kg": [8]}, BadInput, "no number, text or yes/no"),
        ({"weight_kg": "heavy"}, BadInput, "no number"),
        ({"weight_kg": {"value": 8, "unit": "lbs"}}, BadInput, "not a UCUM code"),
        ("[1]", BadInput, "no object of facts"),
        ("{", BadInput, "not JSON"),
    ],
)
def test_bad_facts_are_refused(tmp_path: Path, facts: Any, error: type[Refused], words: str) -> None:
    found = tailored(tmp_path, "aav9-weight-band", facts)
    assert isinstance(found.exception, error)
    assert words in str(found.exception)
    assert found.exception.place


def test_a_recipe_that_names_a_role_nobody_can_have_is_refused_with_its_place(tmp_path: Path) -> None:
    raw = write_recipe(shipped()["cd19-per-kg"])
    named = next(each for each in raw["parameters"] if each.get("changed_by"))
    named["changed_by"] = "process engineer"
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(raw))
    found = run("check", str(file))
    assert isinstance(found.exception, BadInput)
    assert found.exception.place == f"parameters/{named['name']}/changed_by"
    assert all(run("check", name).exit_code == 0 for name in shipped())


def test_a_copy_has_a_name_of_its_own_and_overwrites_nothing(tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    assert run("copy", "cd19-per-kg", "-o", str(file)).exit_code == 0
    changed = json.loads(run("diff", "cd19-per-kg", str(file), "--json").stdout)
    assert [(each["path"], each["new"]) for each in changed] == [("/name", "mine")]
    again = run("copy", "cd19-flat", "-o", str(file))
    assert isinstance(again.exception, BadInput) and "there already" in again.exception.what
    named = run("copy", "cd19-flat", "-o", str(tmp_path / "x.json"), "--name", "cd19-per-kg")
    assert isinstance(named.exception, BadInput)


def test_a_misspelt_field_is_named_with_what_was_meant(tmp_path: Path) -> None:
    value = write_recipe(shipped()["cd19-per-kg"])
    value["indicatoins"] = value.pop("indications")
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(value))
    found = run("check", str(file)).exception
    assert isinstance(found, BadInput) and found.place is not None and found.place.endswith("#/indicatoins")
    assert "'indications'" in found.remedy
