"""The JSON Schemas of every event and of the recipe format, generated and committed: `python -m onelot.app.schemas`."""

from __future__ import annotations

from pathlib import Path

import orjson

from onelot.record.events import schema, types
from onelot.record.recipe import recipe_schema

FOLDER = Path(__file__).parents[1] / "data" / "schemas"


def generated() -> dict[str, bytes]:
    """File name under data/schemas -> content."""
    found = {f"events/{name}.json": schema(name) for name in sorted(types())}
    found["recipe.schema.json"] = recipe_schema()
    return {
        name: orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"
        for name, value in found.items()
    }


def write() -> int:
    """Write them all; how many."""
    files = generated()
    for name, content in files.items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return len(files)


if __name__ == "__main__":
    write()
