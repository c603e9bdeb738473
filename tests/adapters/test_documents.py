"""Batch record and certificate: what stands in the PDF, that it fits, and that the same input gives the same bytes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from onelot.adapters.documents import batch_record_content, batch_record_pdf, certificate_pdf, content_digest
from onelot.adapters.documents.typeface import PLAIN, fit, printable, width
from onelot.record.errors import Broken
from onelot.record.events import batch
from onelot.record.terms.opened import OpenParameter
from onelot.release import certificate_digest, issue_certificate, printed_certificate
from tests.release.support import NOW, OPERATOR, QC2, QP, World, world

LONG = "a deviation described at great length by somebody who could not stop writing, door open, " * 3
needs_poppler = pytest.mark.skipif(
    not shutil.which("pdftotext") and os.environ.get("CI") != "true", reason="poppler-utils is not installed"
)


def _closed(deviations: int, what: str = LONG) -> tuple[World, dict[str, Any]]:
    found = world()
    for number in range(deviations):
        found.batches.add(batch.DeviationOpened(f"D-{number}", "minor", what, "SOP-1"), OPERATOR, NOW)
    event, content = issue_certificate(found.recipe, found.batch, found.therapy, NOW, simulated=True)
    assert event.sha256 == certificate_digest(content) == content_digest(content)
    found.batches.add(event, QC2, NOW, signed=True)
    found.batches.add(batch.Rejected("for the test", ()), QP, NOW, signed=True)
    return found, content


def _record(found: World) -> dict[str, Any]:
    dose = OpenParameter(
        "dose", Decimal("1.36e8"), "{cells}", "CAR+ cells", "min(w * k, cap)", "dose", "x", ("weight",)
    )
    parameters = {"dose": dose, "gone": None}
    return batch_record_content(found.recipe, found.batches.entries(), found.therapy, parameters, NOW, simulated=True)


def _text(pdf: bytes) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "d.pdf"
        path.write_bytes(pdf)
        done = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, check=True)
    return done.stdout.decode()


@needs_poppler
@pytest.mark.parametrize("deviations", [0, 12, 60])
def test_the_certificate_says_all_it_must_on_every_page(deviations: int) -> None:
    found, content = _closed(deviations)
    text = _text(certificate_pdf(printed_certificate(content, found.batches.entries())))
    pages = text.split("\f")[:-1]
    for number, page in enumerate(pages, 1):
        assert "SIMULATED" in page and f"page {number} of {len(pages)}" in page and content_digest(content) in page
    for said in (
        "Viability",
        "no growth",
        "complies",
        "rejected",
        "approves",
        "2026-11-21 09:00:00 UTC",
        "[unverified]",
    ):
        assert said in text, said
    assert text.count("OPEN") == deviations
    assert "Łucja" in text


@needs_poppler
def test_the_batch_record_tells_the_thread_the_why_and_the_signatures() -> None:
    found, _ = _closed(2)
    content = _record(found)
    text = _text(batch_record_pdf(content))
    assert content["schema"] == "onelot-batch-record/1"
    for said in ("min(w * k, cap)", "erased", "136000000", "Batch planned", "Phase completed", "approves", "OPEN"):
        assert said in text, said
    squeezed = re.sub(r"\s+", " ", text)
    assert f"#{len(found.batches.drafts)}" in squeezed


@needs_poppler
def test_a_text_longer_than_a_page_still_prints_and_nothing_leaves_the_page() -> None:
    found, content = _closed(1, "x" * 30 + LONG * 60)
    pdf = certificate_pdf(printed_certificate(content, found.batches.entries()))
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "d.pdf").write_bytes(pdf)
        done = subprocess.run(["pdftotext", "-bbox", "d.pdf", "-"], cwd=folder, capture_output=True, check=True)
    right = [float(each) for each in re.findall(r'<word [^>]*xMax="([0-9.]+)"', done.stdout.decode())]
    bottom = [float(each) for each in re.findall(r'<word [^>]*yMax="([0-9.]+)"', done.stdout.decode())]
    assert len(right) > 500 and max(right) <= 595.3 - 50 and max(bottom) <= 841.9 - 20


def test_the_same_input_gives_the_same_bytes() -> None:
    found, content = _closed(3)
    printed = printed_certificate(content, found.batches.entries())
    assert certificate_pdf(printed) == certificate_pdf(printed)
    record = _record(found)
    assert batch_record_pdf(record) == batch_record_pdf(record)


def test_a_certificate_that_was_changed_is_not_printed() -> None:
    found, content = _closed(0)
    printed = printed_certificate(content, found.batches.entries())
    printed["certificate"]["results"][1]["value"] = "99"
    with pytest.raises(Broken):
        certificate_pdf(printed)


def test_without_the_mark_of_simulation_there_is_no_band() -> None:
    found, _ = _closed(0)
    record = _record(found)
    assert len(batch_record_pdf({**record, "simulated": False})) < len(batch_record_pdf(record))


def test_no_character_is_dropped_silently() -> None:
    assert printable("Müller µL ≥ 5") == "Müller µL ≥ 5"
    assert printable("Dvořák Ő") == "Dvorák O"
    assert printable("漢字") == "[U+6F22][U+5B57]"


def test_a_line_is_fitted_or_cut_visibly() -> None:
    text, size = fit("M" * 300, PLAIN, 9, 200)
    assert "…" in text and width(text, PLAIN, size) <= 200
