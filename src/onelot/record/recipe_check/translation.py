"""Whether the translations of a recipe are translations of this recipe: complete, of nothing else, with its numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from onelot.record.recipe import MasterRecipe
from onelot.record.recipe_check.finding import Finding, error, notice
from onelot.record.recipe_words import references, texts

_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")


def translation_findings(recipe: MasterRecipe) -> Iterator[Finding]:
    """Findings about each language. What is missing is shown in English and what belongs to no text is never shown, so
    both are notices; a translation that is empty or has other numbers bars approval."""
    own = texts(recipe)
    known = own.keys() | references(recipe)
    for language, translated in recipe.translations.items():
        path = f"/translations/{language}"
        if not re.fullmatch(r"[a-z]{2,3}", language) or language == "en":
            yield error(path, f"{language!r} is no language a recipe is translated into", "name it by its code: de")
        for text, said in translated.items():
            if text not in known:
                yield notice(path, f"a translation of what the recipe does not say: {_short(text)}", "take it out")
            elif not said.strip():
                yield error(path, f"an empty translation: {_short(text)}", "write it, or leave the text out")
            elif sorted(_NUMBER.findall(text)) != sorted(_NUMBER.findall(said)):
                yield error(
                    path, f"a translation with other numbers: {_short(text)}", "write each number as the text does"
                )
        for text, at in own.items():
            if text not in translated:
                yield notice(at, f"not translated ({language}), shown in English: {_short(text)}", "translate it")


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"
