"""What a scanner reads off what was printed: each page of a PDF drawn as a label printer would, its DataMatrix decoded.

Imports nothing from onelot, so that a label is what stands on it and not what we meant to print.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import zxingcpp
from PIL import Image
from playwright.sync_api import Page

# Dots per inch of a common label printer.
RESOLUTION = "203"


def printed(page: Page, address: str) -> list[str]:
    """The texts of the labels that this person's browser is given to print at this address, in their order."""
    answer = page.request.get(address)
    assert answer.status == 200 and answer.headers["content-type"] == "application/pdf", answer.text()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "labels.pdf").write_bytes(answer.body())
        subprocess.run(["pdftoppm", "-r", RESOLUTION, "-png", "labels.pdf", "label"], cwd=folder, check=True)
        return [_read(path) for path in sorted(Path(folder).glob("label*.png"))]


def _read(path: Path) -> str:
    (found,) = zxingcpp.read_barcodes(
        Image.open(path).convert("L"), zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.DataMatrix)
    )
    return str(found.text)
