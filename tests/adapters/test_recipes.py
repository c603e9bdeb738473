"""Recipes from files, and the files that ship."""

from __future__ import annotations

import json
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from onelot.adapters.recipes import load, shipped
from onelot.record.errors import BadInput
from onelot.record.recipe import digest_of, read_recipe, recipe_schema, write_recipe

FOLDER = files("onelot") / "data" / "recipes"


def test_six_recipes_ship_and_their_kinds() -> None:
    assert {name: recipe.kind for name, recipe in shipped().items()} == {
        "aav9-stock": "stock",
        "aav9-weight-band": "kit",
        "cd19-flat": "autologous",
        "cd19-per-kg": "autologous",
        "cd34-edited": "autologous",
        "lnp-base-editor": "individual",
    }


@pytest.mark.parametrize("name", sorted(shipped()))
def test_a_file_is_of_the_published_schema_and_round_trips(name: str) -> None:
    data = json.loads((FOLDER / f"{name}.json").read_bytes())
    Draft202012Validator(recipe_schema()).validate(data)
    recipe = shipped()[name]
    assert read_recipe(write_recipe(recipe)) == recipe
    assert digest_of(read_recipe(data)) == digest_of(recipe)


@pytest.mark.parametrize("name", sorted(shipped()))
def test_no_branded_product_is_named_as_ours(name: str) -> None:
    recipe = shipped()[name]
    ours = " ".join([recipe.name, recipe.title, recipe.product, recipe.jurisdiction]).lower()
    for brand in ("yescarta", "kymriah", "casgevy", "zolgensma", "tecartus", "breyanzi", "carvykti", "abecma"):
        assert brand not in ours


@pytest.mark.parametrize("name", sorted(shipped()))
def test_every_number_has_unit_basis_and_source(name: str) -> None:
    """Read from the file, without the model: whatever looks like a number with a unit has all four parts."""
    seen = 0

    def walk(value: object) -> None:
        nonlocal seen
        if isinstance(value, dict):
            if "value" in value:
                assert set(value) == {"value", "unit", "basis", "source"}
                assert value["unit"] and value["basis"] and value["source"]["text"]
                assert value["source"]["kind"] in ("cited", "unverified", "assumption")
                Decimal(value["value"])
                seen += 1
            for each in value.values():
                walk(each)
        elif isinstance(value, list):
            for each in value:
                walk(each)
        else:
            assert not isinstance(value, float)

    walk(json.loads((FOLDER / f"{name}.json").read_bytes()))
    assert seen > 25


def test_numbers_known_from_memory_only_are_never_cited() -> None:
    """Rescue cells, hold after thaw and myeloablation stand as background knowledge in our sources."""
    cd34 = shipped()["cd34-edited"]
    assert cd34.conditioning is not None and cd34.conditioning.rescue is not None
    assert cd34.conditioning.rescue.source.kind == "unverified"
    assert cd34.conditioning.source.kind == "unverified"
    for name in ("cd19-per-kg", "cd19-flat", "cd34-edited"):
        after_thaw = shipped()[name].logistics.use_after_thaw
        assert after_thaw is not None and after_thaw.source.kind == "unverified"


def test_a_recipe_is_loaded_by_name_identifier_or_path(tmp_path: Path) -> None:
    own = tmp_path / "own.json"
    own.write_bytes((FOLDER / "cd19-flat.json").read_bytes())
    assert load("cd19-flat") == load("cd19-flat/1") == load(own) == load(str(own))


@pytest.mark.parametrize(
    ("content", "place", "words"),
    [
        (b"", "own.json:1:1", "not JSON"),
        (b'{"schema": "onelot-recipe/1",\n "name": }', "own.json:2:10", "not JSON"),
        (b"\xff\xfe", "own.json:1:1", "not JSON"),
        (b"[]", "own.json#", "does not fit"),
        (b'{"schema": "onelot-recipe/2"}', "own.json#/", "does not fit"),
        (b'{"x": [1, {"value": 0.1}]}', "own.json#/x/1/value", "JSON number"),
    ],
)
def test_bad_files_are_refused_with_their_place(tmp_path: Path, content: bytes, place: str, words: str) -> None:
    path = tmp_path / "own.json"
    path.write_bytes(content)
    with pytest.raises(BadInput) as refusal:
        load(path)
    assert words in refusal.value.what
    assert place in str(refusal.value.place)


def test_a_wrong_value_is_located(tmp_path: Path) -> None:
    data = json.loads((FOLDER / "cd19-flat.json").read_bytes())
    data["specification"][2]["low"]["value"] = "eighty"
    data["specification"][2]["low"]["colour"] = "red"
    path = tmp_path / "own.json"
    path.write_text(json.dumps(data))
    with pytest.raises(BadInput) as refusal:
        load(path)
    assert "#/specification/2/low/" in str(refusal.value.place)


def test_what_is_no_file_or_too_large_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.json", tmp_path):
        with pytest.raises(BadInput) as refusal:
            load(path)
        assert str(path) in str(refusal.value.place)
    large = tmp_path / "large.json"
    with large.open("wb") as out:
        out.truncate(2 * 1024**3)  # a sparse file of 2 GB
    with pytest.raises(BadInput, match="larger than"):
        load(large)
