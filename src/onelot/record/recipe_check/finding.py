"""What a check of a recipe says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """One thing about a recipe: an error bars approval, a notice is shown to who signs.

    path: where in the recipe, by names rather than numbers where there are names; what; remedy.
    """

    level: Literal["error", "notice"]
    path: str
    what: str
    remedy: str


def error(path: str, what: str, remedy: str) -> Finding:
    """Something that bars approval."""
    return Finding("error", path, what, remedy)


def notice(path: str, what: str, remedy: str) -> Finding:
    """Something who signs should have seen."""
    return Finding("notice", path, what, remedy)
