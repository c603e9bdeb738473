"""Pages on paper, printed by the browser: SIMULATED on every sheet, each signature whole, nothing to press."""

from __future__ import annotations

import io
from collections.abc import Iterator
from unicodedata import normalize

import pytest
from playwright.sync_api import Browser
from pypdf import PdfReader

from tests.browser.places import PAGES, Visit
from tests.browser.walking import Walk

PRINTED = (
    PAGES["GET /screen/batches/{number}"][2],
    PAGES["GET /screen/batches/{number}/release"][0],
    PAGES["GET /screen/batches/{number}/certificate"][0],
    PAGES["GET /screen/therapies/{coi}/tailoring"][0],
    PAGES["GET /screen/audit"][0],
    PAGES["GET /screen/signed/{seen}/{stream:path}"][0],
)


@pytest.fixture(scope="module")
def walk(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    found = Walk(chromium, tmp_path_factory.mktemp)
    yield found
    found.end()


def sheets(walk: Walk, visit: Visit) -> list[str]:
    """The text of each sheet that the browser prints of this page."""
    page, _ = walk.open(visit)
    try:
        return [sheet.extract_text() for sheet in PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True))).pages]
    finally:
        page.close()


def joined(text: str) -> str:
    """Without blanks, line ends and ligatures, which a sheet has where the line happens to break."""
    return "".join(normalize("NFKC", text).split())


@pytest.mark.parametrize("visit", PRINTED, ids=lambda visit: visit.called)
def test_every_sheet_says_simulated_and_which_it_is(walk: Walk, visit: Visit) -> None:
    found = sheets(walk, visit)
    for at, text in enumerate(found, 1):
        assert "SIMULATED" in text and f"{at} / {len(found)}" in text, text
    whole = " ".join(found)
    assert "onelot" in whole and "Sign out" not in whole and "Signing password" not in whole


def test_each_signature_is_printed_with_name_meaning_and_time_on_one_sheet(walk: Walk) -> None:
    visit = PRINTED[0]
    found = [joined(text) for text in sheets(walk, visit)]
    house = walk.house(visit.house)
    assert house.batch is not None
    signed = [entry for entry in house.house.journal.read(f"batch/{house.batch.batch}") if entry.signed]
    assert len(signed) >= 3
    for entry in signed:
        assert entry.signed is not None
        line = f"{entry.signed.printed_name}: {entry.signed.meaning} · {entry.at:%d %b %Y %H:%M} UTC"
        assert any(joined(line) in text for text in found), line
    # What stands behind a click on the screen stands on the paper.
    assert joined("measured at:") in "".join(found)
