"""`onelot tailor recipe`: a dry run of tailoring from a file of facts. Nothing is recorded."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from onelot.adapters.recipes import load
from onelot.app.cli.output import print_json
from onelot.record.errors import BadInput
from onelot.record.terms.opened import OpenFact, Value
from onelot.tailor import tailor

_RULE = "facts file: {name: value} or {name: {value, unit, observed_at, valid_until, source, place}}"
_KEYS = frozenset({"value", "unit", "observed_at", "valid_until", "source", "place"})


def tailor_recipe(
    recipe: Annotated[str, typer.Option("--recipe", help="name of a shipped recipe, or a file")],
    facts: Annotated[Path, typer.Option("--facts", help="JSON file of facts by name")],
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON value")] = False,
) -> None:
    """Every parameter a recipe would set for these facts, with its reason. A dry run: nothing is recorded."""
    read = load(recipe)
    found = tailor(read, read_facts(facts, {need.name: need.unit for need in read.facts}), datetime.now(UTC))
    if as_json:
        parameters = [{**asdict(each), "value": each.shown} for each in found]
        print_json({"recipe": read.identifier, "dry_run": True, "parameters": parameters})
        return
    for each in found:
        print(f"{each.name} = {each.shown} {each.unit} {each.basis}")
        print(f"    {each.formula}   from {', '.join(each.inputs) or 'no fact'}\n    {each.rule_source}")


def read_facts(path: Path, units: dict[str, str]) -> dict[str, OpenFact]:
    """Facts from a JSON file; a bare value is taken in the recipe's unit.

    Args:
        path: the file. units: UCUM code by fact name, for bare values.

    Raises:
        BadInput: no file, no JSON, or a value that is none; place names file and fact.
    """
    try:
        data = orjson.loads(path.read_bytes())
    except OSError as cause:
        raise _bad(f"the facts cannot be read: {cause.strerror}", str(path)) from cause
    except orjson.JSONDecodeError as cause:
        raise _bad(f"this is not JSON: {cause.msg}", f"{path}:{cause.lineno}:{cause.colno}") from cause
    if not isinstance(data, dict):
        raise _bad("the file holds no object of facts", str(path))
    return {name: _fact(name, given, units.get(name, ""), f"{path}#/{name}") for name, given in data.items()}


def _fact(name: str, given: Any, unit: str, place: str) -> OpenFact:
    stated = given if isinstance(given, dict) else {"value": given}
    unknown = sorted(stated.keys() - _KEYS)
    if unknown or "value" not in stated:
        raise _bad(f"{name} has {', '.join(unknown) or 'no value'}", place)
    return OpenFact(
        name,
        _value(stated["value"], place),
        str(stated.get("unit", unit)),
        _moment(stated.get("observed_at"), place),
        _moment(stated.get("valid_until"), place),
        str(stated.get("source", "entered")),
        str(stated.get("place", place)),
    )


def _value(given: Any, place: str) -> Value:
    if isinstance(given, bool):
        return given
    if isinstance(given, int | float):
        return Decimal(repr(given))
    if not isinstance(given, str):
        raise _bad(f"{given!r} is no number, text or yes/no", place)
    try:
        number = Decimal(given)
    except InvalidOperation:
        return given
    return number if number.is_finite() else given


def _moment(given: Any, place: str) -> datetime | None:
    if given is None:
        return None
    try:
        found = datetime.fromisoformat(str(given))
    except ValueError as cause:
        raise _bad(f"{given!r} is no time", place) from cause
    if found.tzinfo is None:
        raise _bad(f"{given!r} has no zone", place)
    return found


def _bad(what: str, place: str) -> BadInput:
    return BadInput(what, rule=_RULE, remedy="mend the file at this place", place=place)
