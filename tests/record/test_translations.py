from __future__ import annotations

from dataclasses import replace

import pytest

from onelot.adapters.recipes import shipped
from onelot.record.recipe import MasterRecipe, digest_of, read_recipe, write_recipe
from onelot.record.recipe_check import check
from onelot.record.recipe_words import texts

RECIPES = sorted(shipped())


def said(recipe: MasterRecipe, **change: str) -> list[tuple[str, str]]:
    german = {**recipe.translations["de"], **change}
    return [(each.level, each.what) for each in check(replace(recipe, translations={"de": german}))]


@pytest.mark.parametrize("name", RECIPES)
def test_a_shipped_recipe_is_complete_in_german(name: str) -> None:
    recipe = shipped()[name]
    assert set(recipe.translations["de"]) == set(texts(recipe))
    assert not [each for each in check(recipe) if "translat" in each.what]
    assert read_recipe(write_recipe(recipe)) == recipe


def test_a_recipe_in_one_language_keeps_its_digest() -> None:
    recipe = shipped()["cd19-per-kg"]
    bare = replace(recipe, translations={})
    assert "translations" not in write_recipe(bare) and digest_of(bare) != digest_of(recipe)


def test_other_numbers_and_empty_texts_bar_approval_and_the_rest_is_told() -> None:
    recipe = shipped()["cd19-per-kg"]
    text = "Mix, draw 0.5 mL, count twice."
    assert ("error", f"a translation with other numbers: {text}") in said(recipe, **{text: "Ziehen Sie 5 mL."})
    assert ("error", f"an empty translation: {text}") in said(recipe, **{text: " "})
    assert ("notice", "a translation of what the recipe does not say: nothing") in said(recipe, nothing="nichts")
    lacking = {key: value for key, value in recipe.translations["de"].items() if key != text}
    found = check(replace(recipe, translations={"de": lacking}))
    assert [each.level for each in found if "not translated (de)" in each.what and text in each.what] == ["notice"]
