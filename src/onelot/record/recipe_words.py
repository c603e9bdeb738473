"""The words of a recipe that people read, and what they are in another language.

A recipe is a controlled document: what an operator reads in German is approved with what stands in English, by the same
signature over the same digest. So the translations are a part of the recipe (`translations`: language -> English text
-> text). Names, units, formulas, codes and results that are compared letter by letter are no words and stay as they
are; so does what is cited, since a reference is found by its own words.
"""

from __future__ import annotations

from collections.abc import Iterator

from onelot.record.quantity import Quantity, Source
from onelot.record.recipe import (
    MasterRecipe,
    Measure,
    ParameterRule,
    Phase,
    Repeat,
    Test,
    parts,
)
from onelot.record.recipe_editing import Editing, EvidenceNeed
from onelot.record.recipe_patient import Conditioning, Drug, FactNeed, Rule, SupportiveDrug, Washout

_WORDS: dict[type, tuple[str, ...]] = {
    MasterRecipe: ("title", "product", "indications", "jurisdiction"),
    FactNeed: ("title",),
    Rule: ("title", "otherwise", "remedy"),
    Washout: ("title", "otherwise", "remedy"),
    ParameterRule: ("title", "basis"),
    Quantity: ("basis",),
    Source: ("text",),
    Measure: ("title", "method"),
    Repeat: ("reason",),
    Phase: ("title", "instruction"),
    Test: ("title", "method"),
    Conditioning: ("regimen",),
    Drug: ("name",),
    SupportiveDrug: ("name", "purpose"),
    Editing: ("title",),
    EvidenceNeed: ("title", "asks"),
}


def texts(recipe: MasterRecipe) -> dict[str, str]:
    """Every text of the recipe that a person reads -> the first path at which it stands, in the order of the format."""
    found: dict[str, str] = {}
    for path, text in _texts(recipe):
        if text.strip():
            found.setdefault(text, path)
    return found


def _texts(recipe: MasterRecipe) -> Iterator[tuple[str, str]]:
    # Where an amount goes by a parameter, its basis is that parameter's name.
    names = {each.name for each in recipe.parameters}
    for path, part in parts("", recipe):
        if isinstance(part, Source) and part.kind == "cited":
            continue
        for name in _WORDS.get(type(part), ()):
            value = getattr(part, name)
            for each in value if isinstance(value, tuple) else (value,):
                if each not in names:
                    yield f"{path}/{name}", each


def references(recipe: MasterRecipe) -> frozenset[str]:
    """What is cited; a translation of it may be given and need not be."""
    return frozenset(part.text for _, part in parts("", recipe) if isinstance(part, Source) and part.kind == "cited")
