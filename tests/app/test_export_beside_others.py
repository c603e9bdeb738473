"""An export while others write and export: it proves what was sealed, and nobody is refused for having asked too."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from onelot.app.commands.masters import RegisterPerson
from onelot.app.commands.release import CloseDeviation, OpenDeviation
from onelot.app.export import export_batch
from onelot.app.house import House
from onelot.record.evidence import broken_seal, verify
from tests.app.web.plant import make_house, signing


@pytest.fixture
def made(tmp_path: Path) -> tuple[House, str]:
    return make_house(tmp_path)


def once_after(real: Callable[..., Any], act: Callable[[], None]) -> Callable[..., Any]:
    """The same, with something done right after it the first time."""
    done: list[bool] = []

    def both(*args: Any) -> Any:
        answer = real(*args)
        if not done:
            done.append(True)
            act()
        return answer

    return both


def test_what_is_written_after_the_seal_is_not_in_it(made: tuple[House, str], monkeypatch: pytest.MonkeyPatch) -> None:
    house, number = made

    def write() -> None:
        """The batch cites somebody whom the seal does not know."""
        root = house.loop.actor("root")
        house.loop.handle(RegisterPerson("late", "Lena Late", ("qa_reviewer",), ("plant",)), root)
        house.enrol("late", signing("late"), root)
        operator = house.loop.actor("operator.plant")
        house.loop.handle(OpenDeviation(number, "minor", "a label was smudged", "labels are read"), operator)
        (name,) = house.loop.reader.batch(number).deviations
        late = house.loop.actor("late")
        house.loop.handle(CloseDeviation(number, name, "the printer", "none"), late, signing("late"))

    before = len(house.whole.read(f"batch/{number}"))
    monkeypatch.setattr(house.whole, "keep_seal", once_after(house.whole.keep_seal, write))
    data = export_batch(house.whole, house.site_keys, number, house.clock(), None)
    assert len(house.whole.read(f"batch/{number}")) > before
    found = verify(data, house.site_keys.public)
    assert found.verified, found
    assert b"Lena Late" not in data and b"DeviationClosed" not in data
    again = export_batch(house.whole, house.site_keys, number, house.clock(), None)
    assert verify(again, house.site_keys.public).verified and b"DeviationClosed" in again


def test_two_who_export_at_once_both_get_their_file(made: tuple[House, str], monkeypatch: pytest.MonkeyPatch) -> None:
    house, number = made
    before = len(house.whole.seals())
    # The other one seals between our look at the seals and our own.
    monkeypatch.setattr(house.whole, "heads", once_after(house.whole.heads, lambda: (house.seal(), None)[1]))
    data = export_batch(house.whole, house.site_keys, number, house.clock(), house.seals)
    monkeypatch.undo()
    assert verify(data, house.site_keys.public).verified and len(house.whole.seals()) == before + 2

    def export(_: int) -> bytes:
        return export_batch(house.whole, house.site_keys, number, house.clock(), house.seals)

    with ThreadPoolExecutor(6) as pool:
        assert all(verify(each, house.site_keys.public).verified for each in pool.map(export, range(12)))
    assert broken_seal(house.whole.seals(), house.site_keys.public) is None
