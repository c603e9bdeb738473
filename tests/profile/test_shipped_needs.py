"""docs/facts.md and the shipped recipes say the same about the facts."""

from __future__ import annotations

import re

import pytest

from onelot.profile.coding import parse_need
from tests.profile.support import ROOT, needs, shipped

RECIPES = ("cd19-per-kg", "cd19-flat", "cd34-edited", "aav9-weight-band", "lnp-base-editor")


@pytest.mark.parametrize("name", RECIPES)
def test_a_shipped_need_is_the_documented_one(name: str) -> None:
    documented = {each.name: each for each in (*needs("facts"), *needs("markers"))}
    recipe = shipped(name)
    text = (ROOT / "docs/facts.md").read_text("utf-8")
    for need in (*recipe.facts, *recipe.markers):
        assert (need.kind, need.unit) == (documented[need.name].kind, documented[need.name].unit)
        if need.name == "indication":
            assert all(code in text for code in need.codes)
            words = set(parse_need(need.codes).values())
            rule = next(each for each in recipe.eligibility if each.name == "indication")
            assert words == set(re.findall('"([^"]+)"', rule.formula)), "the rule asks for what the codes can give"
        else:
            assert need.codes == documented[need.name].codes
    assert {each.name for each in recipe.facts if each.required} <= documented.keys()
