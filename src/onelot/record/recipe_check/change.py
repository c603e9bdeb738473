"""What changed between two versions of a recipe, place by place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from onelot.record.recipe import MasterRecipe, write_recipe

_KEYS = ("name", "item", "low")


@dataclass(frozen=True)
class Change:
    """One place where two recipes differ; None where one of them has nothing there."""

    path: str
    old: Any
    new: Any


def diff(old: MasterRecipe, new: MasterRecipe) -> list[Change]:
    """Every place where two recipes differ, in the order of the format.

    Things with names are compared by name, so that a phase put in the middle is one change and not twenty; where only
    their order differs, that is one change with both orders.
    """
    return list(_walk("", write_recipe(old), write_recipe(new)))


def _walk(path: str, old: Any, new: Any) -> Iterator[Change]:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys([*old, *new]):
            yield from _walk(f"{path}/{key}", old.get(key), new.get(key))
        return
    named_old, named_new = _by_name(old), _by_name(new)
    if named_old is not None and named_new is not None:
        kept = [key for key in named_old if key in named_new]
        if kept != [key for key in named_new if key in named_old]:
            yield Change(f"{path} (order)", list(named_old), list(named_new))
        for key in dict.fromkeys([*named_old, *named_new]):
            yield from _walk(f"{path}/{key}", named_old.get(key), named_new.get(key))
        return
    yield Change(path, old, new)


def _by_name(value: Any) -> dict[str, Any] | None:
    """A list of things with distinct names, by name; None when it is something else."""
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        return None
    for key in _KEYS:
        if all(key in each for each in value):
            named = {str(each[key]): each for each in value}
            return named if len(named) == len(value) else None
    return {} if not value else None
