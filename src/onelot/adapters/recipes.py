"""Recipes from files: those that ship inside the package, and a site's own."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import orjson

from onelot.record.errors import BadInput
from onelot.record.recipe import SCHEMA, MasterRecipe, read_recipe
from onelot.tailor.dose_rules import DoseRules, read_dose_rules

_MOST_BYTES = 8 * 1024 * 1024


@cache
def _shipped() -> tuple[tuple[str, MasterRecipe], ...]:
    folder = files("onelot") / "data" / "recipes"
    found = sorted((each for each in folder.iterdir() if each.name.endswith(".json")), key=lambda each: each.name)
    read = [_parse(each.read_bytes(), place=f"onelot/data/recipes/{each.name}") for each in found]
    return tuple((recipe.name, recipe) for recipe in read)


def shipped() -> dict[str, MasterRecipe]:
    """The recipes inside the package, by name, in order of name."""
    return dict(_shipped())


@cache
def shipped_dose_rules() -> tuple[DoseRules, ...]:
    """The dose rules inside the package, in order of file name; none of them is verified by us."""
    folder = files("onelot") / "data" / "dose_rules"
    found = sorted((each for each in folder.iterdir() if each.name.endswith(".json")), key=lambda each: each.name)
    return tuple(
        read_dose_rules(orjson.loads(each.read_bytes()), place=f"onelot/data/dose_rules/{each.name}") for each in found
    )


def load(path: str | Path) -> MasterRecipe:
    """A recipe from a file, or a shipped one by its name (`cd19-per-kg` or `cd19-per-kg/1`).

    Raises:
        BadInput: no such file, not readable, too large, no JSON, or not of the format; place names file and path
            inside it.
    """
    for name, recipe in _shipped():
        if str(path) in (name, recipe.identifier):
            return recipe
    return _parse(_content(Path(path)), place=str(path))


def as_written(path: str | Path) -> dict[str, Any]:
    """What `load` reads, in the order and with the fields of the file, not as the model fills it up.

    Raises:
        BadInput: as `load`.
    """
    read = load(path)
    ours = str(path) in (read.name, read.identifier) and read.name in shipped()
    data = (files("onelot") / "data" / "recipes" / f"{read.name}.json").read_bytes() if ours else _content(Path(path))
    found: dict[str, Any] = orjson.loads(data)
    return found


def _content(place: Path) -> bytes:
    try:
        if place.is_file() and place.stat().st_size > _MOST_BYTES:
            raise _unreadable(place, f"is larger than {_MOST_BYTES} bytes", "a recipe is a few 10 kB; is this one?")
        return place.read_bytes()
    except OSError as cause:
        names = ", ".join(name for name, _ in _shipped())
        raise _unreadable(place, cause.strerror or str(cause), f"name a file, or a shipped recipe: {names}") from cause


def _parse(content: bytes, *, place: str) -> MasterRecipe:
    try:
        data = orjson.loads(content)
    except orjson.JSONDecodeError as cause:
        raise BadInput(
            f"this is not JSON: {cause.msg}",
            rule=SCHEMA,
            remedy="mend the file at this line and column",
            place=f"{place}:{cause.lineno}:{cause.colno}",
        ) from cause
    _refuse_floats(data, place, "")
    return read_recipe(data, place=place)


def _refuse_floats(value: Any, place: str, path: str) -> None:
    """Numbers stand as strings, so that what was written is what is signed; binary fractions are refused."""
    if isinstance(value, float):
        raise BadInput(
            f"{value} is written as a JSON number with a fraction",
            rule=f"{SCHEMA}: decimals are strings, so that no digit is lost",
            remedy=f'write "{Decimal(repr(value))}"',
            place=f"{place}#{path}",
        )
    if isinstance(value, dict):
        for key, item in value.items():
            _refuse_floats(item, place, f"{path}/{key}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            _refuse_floats(item, place, f"{path}/{number}")


def _unreadable(path: Path, why: str, remedy: str) -> BadInput:
    return BadInput(f"the recipe cannot be read: {why}", rule=SCHEMA, remedy=remedy, place=str(path))
