"""The golden records verify and fold for ever, to what they folded to on the day they were written."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from onelot.record.events import decode
from tests.golden.write import HERE, entries_of, summary
from tests.record import offline_oracle

GOLDEN = sorted(HERE.glob("*.pub"))


def test_there_are_some() -> None:
    assert len(GOLDEN) >= 2


@pytest.mark.parametrize("public", GOLDEN, ids=lambda path: path.stem)
def test_verifies_and_folds_to_its_summary(public: Path) -> None:
    data, key = public.with_suffix(".json").read_bytes(), public.read_text().strip()
    expected = orjson.loads(public.with_suffix(".summary.json").read_bytes())
    assert expected["problems"] == []
    assert summary(data, key) == expected
    assert offline_oracle.holds(data, key)


@pytest.mark.parametrize("public", GOLDEN, ids=lambda path: path.stem)
def test_every_event_is_still_read(public: Path) -> None:
    value = orjson.loads(public.with_suffix(".json").read_bytes())
    for stream in value["streams"]:
        for entry in entries_of(value, stream):
            envelope = entry.envelope
            assert type(decode(envelope["type"], envelope["v"], envelope["data"])).__name__ == envelope["type"]
