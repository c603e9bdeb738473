"""Every word the screens say: one file a room and language, the same keys in each.

English is the first language; a key that another language lacks is a defect that a test finds. `names.json` holds the
words for states, events, roles and fields; where it says nothing the name itself is spelled out.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import orjson

LANGUAGES = {"en": "English", "de": "Deutsch"}
FIRST = "en"


@cache
def words_of(language: str) -> dict[str, dict[str, Any]]:
    """Room -> key -> words, of one language."""
    folder = files(__name__) / language
    return {
        each.name.removesuffix(".json"): orjson.loads(each.read_bytes())
        for each in sorted(folder.iterdir(), key=lambda each: each.name)
        if each.name.endswith(".json")
    }


def preferred(chosen: str, accepted: str) -> str:
    """The language somebody chose, else the first of theirs (Accept-Language) that is spoken here, else English."""
    if chosen in LANGUAGES:
        return chosen
    for each in accepted.split(","):
        language = each.split(";", 1)[0].strip().split("-", 1)[0].lower()
        if language in LANGUAGES:
            return language
    return FIRST
