"""`python -m onelot.app.schemas`: the JSON Schema of every event and of the recipe, written where they are committed.

A reader in another language needs nothing else to read an export. `stale(folder)` names what no longer fits the code.
"""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import orjson

from onelot.record.events import schema, types
from onelot.record.recipe import recipe_schema

FOLDER = Path(str(files("onelot") / "data" / "schemas"))


def schemas() -> dict[str, dict[str, Any]]:
    """Every schema by its file's path below the folder."""
    found = {f"events/{name}.json": schema(name) for name in sorted(types())}
    return {**found, "recipe.schema.json": recipe_schema()}


def _text(value: dict[str, Any]) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def stale(folder: Path = FOLDER) -> list[str]:
    """The files that are missing, differ from the code, or describe an event there is no more."""
    wanted = schemas()
    wrong = [
        path
        for path, value in wanted.items()
        if not (folder / path).is_file() or (folder / path).read_bytes() != _text(value)
    ]
    return wrong + sorted(
        f"events/{path.name}" for path in (folder / "events").glob("*.json") if f"events/{path.name}" not in wanted
    )


def write(folder: Path = FOLDER) -> list[str]:
    """Write what is stale; gives the paths written. An event that is gone keeps its file: types are never removed."""
    wanted = schemas()
    written = [path for path in stale(folder) if path in wanted]
    for path in written:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(_text(wanted[path]))
    return written


if __name__ == "__main__":
    for path in write():
        sys.stdout.write(f"{path}\n")
