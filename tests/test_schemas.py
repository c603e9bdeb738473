"""The committed schemas are those of the code, and real events fit them."""

from __future__ import annotations

import json

import jsonschema

from onelot.app.schemas import FOLDER, generated


def test_the_committed_schemas_are_current() -> None:
    files = generated()
    stale = [
        name
        for name, content in files.items()
        if not (FOLDER / name).exists() or (FOLDER / name).read_bytes() != content
    ]
    assert not stale, f"stale: {stale}; did you forget `python -m onelot.app.schemas`?"
    extra = {f"events/{path.name}" for path in (FOLDER / "events").glob("*.json")} - set(files)
    assert not extra, f"schemas of events that are gone (an event type is never removed): {extra}"


def test_the_schemas_are_schemas() -> None:
    for content in generated().values():
        jsonschema.Draft202012Validator.check_schema(json.loads(content))
