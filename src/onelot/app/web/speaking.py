"""Who speaks on a page: the reader's language, with the words of the recipes that this house approved.

A text of a recipe is said as that recipe says it. On a page that shows no recipe it is said when every approved recipe
that translates it says the same; where two differ, it stays in English rather than in words that one of them signed and
the other did not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from time import monotonic
from typing import Any

from fastapi import Request
from jinja2 import pass_context
from jinja2.runtime import Context as Given
from markupsafe import Markup, escape

from onelot.app.context import Reader
from onelot.app.document_kinds import RECIPE
from onelot.app.house import House
from onelot.app.web.language import FIRST
from onelot.app.web.language.saying import Speaker
from onelot.app.web.shown import with_moments
from onelot.record.recipe import MasterRecipe

# A document that was never approved is nobody's word yet; a withdrawn one still is that of the batches made by it.
_SIGNED = frozenset({"approved", "withdrawn"})
_MOST = 64
# Parts of one page are rendered within it.
_TOGETHER_S = 1.0
_ASKED = "signed_recipes"


class Speakers:
    """The speakers of one house, kept for as long as its recipes stay as they are."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._kept: dict[tuple[Any, ...], tuple[Speaker, MasterRecipe | None]] = {}

    def of(self, language: str, given: Mapping[str, Any], request: Request | None = None) -> Speaker:
        """Who speaks on a page with these values; the recipe it shows speaks first.

        request: what the page answers; its parts ask once together which recipes are signed.
        """
        shown = _recipe_in(given) if language != FIRST else None
        names = self._signed_for(request) if language != FIRST else ()
        key = (language, names, id(shown))
        if key not in self._kept:
            if len(self._kept) >= _MOST:
                self._kept.clear()
            # The recipe is kept with its speaker, so that its id stays its own.
            self._kept[key] = (self._speaker(language, names, shown), shown)
        return self._kept[key][0]

    def _signed_for(self, request: Request | None) -> tuple[str, ...]:
        if request is None:
            return self._signed()
        at, names = getattr(request.state, _ASKED, (-_TOGETHER_S, ()))
        # A page that is pushed to is one request for hours: its parts of a later moment ask anew.
        if monotonic() - at >= _TOGETHER_S:
            names = self._signed()
            setattr(request.state, _ASKED, (monotonic(), names))
        return tuple(names)

    def _signed(self) -> tuple[str, ...]:
        # Recipes are nobody's secret, and a page may refuse before anybody is recognised: the whole journal is asked.
        rows = self._house.whole.rows("documents") if self._house.whole_journal is not None else {}
        return tuple(sorted(key for key, row in rows.items() if row["kind"] == RECIPE and row["state"] in _SIGNED))

    def _speaker(self, language: str, names: tuple[str, ...], shown: MasterRecipe | None) -> Speaker:
        signed = [self._recipe(name) for name in names]
        words, titles = (
            _agreed(each(recipe, language) for recipe in signed) | (each(shown, language) if shown else {})
            for each in (_words, _titles)
        )
        return Speaker(language, words, titles)

    def _recipe(self, name: str) -> MasterRecipe:
        reader = Reader(self._house.whole)
        cite = reader.document(name).cite
        if cite is None:
            raise LookupError(name)
        return reader.recipe(cite)


def _words(recipe: MasterRecipe, language: str) -> dict[str, str]:
    return dict(recipe.translations.get(language, {}))


def _titles(recipe: MasterRecipe, language: str) -> dict[str, str]:
    """What the recipe calls its parts by name, where that is translated."""
    measures = [measure for phase in recipe.phases for measure in phase.measures]
    called = [
        *((each.name, each.title) for each in (*recipe.facts, *recipe.markers)),
        *((each.name, each.title) for each in recipe.parameters),
        *((each.name, each.title) for each in recipe.phases),
        *((each.name, each.title) for each in measures),
        *((each.name, each.title) for each in recipe.specification),
    ]
    said = recipe.translations.get(language, {})
    return {name: said[title] for name, title in called if title in said}


def _agreed(each: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """What all of these say who say anything."""
    found: dict[str, set[str]] = {}
    for words in each:
        for text, said in words.items():
            found.setdefault(text, set()).add(said)
    return {text: next(iter(said)) for text, said in found.items() if len(said) == 1}


def _recipe_in(given: Mapping[str, Any]) -> MasterRecipe | None:
    """The recipe a page shows: given as such, or with what was found."""
    for each in (given.get("recipe"), getattr(given.get("found"), "recipe", None)):
        if isinstance(each, MasterRecipe):
            return each
    return None


@pass_context
def said(given: Given, text: object) -> Markup:
    """A text of the house or of a recipe in the reader's language, its moments as people read them; what stays in
    English is marked as English."""
    return Markup("").join(
        Markup('<span lang="en">{}</span>').format(shown) if foreign else escape(shown)
        for shown, foreign in (
            (with_moments(given, each.text), each.foreign) for each in given["speaker"].say(str(text))
        )
    )


@pass_context
def said_plain(given: Given, text: object) -> str:
    """The same without marks, for an attribute."""
    return "".join(with_moments(given, piece.text) for piece in given["speaker"].say(str(text)))


@pass_context
def told(given: Given, text: object) -> Markup:
    """What people wrote, in whatever language they did (`lang=""`); what the house wrote in their place is said."""
    speaker: Speaker = given["speaker"]
    if speaker.knows(str(text)):
        return said(given, text)
    return Markup('<span lang="">{}</span>').format(with_moments(given, str(text)))
