"""Labels that go to the patient's side before there is a batch: wristband, paperwork, and the bag of a collection.

The symbol is a DataMatrix. Wristband and paperwork hold the chain-of-identity number alone; a bag also its own number,
in GS1 element-string syntax with numbers of ours: (21) container (91) chain of identity. No name stands in a symbol.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import zxingcpp

from onelot.adapters.documents.typeface import BOLD, MONO, PLAIN
from onelot.adapters.label_drawing import Drawing, Rect, Text, as_pages
from onelot.record.identity import grouped

WIDTH_MM, HEIGHT_MM, MODULE_MM = 100.0, 40.0, 0.6


@dataclass(frozen=True, slots=True)
class IdentityLabel:
    """kind: in the reader's words; container: "" for wristband and paperwork; statement: as donor testing requires."""

    kind: str
    coi: str
    patient: str
    container: str = ""
    statement: str = ""
    simulated: bool = False

    @property
    def text(self) -> str:
        """What the symbol reads."""
        return f"(21){self.container}(91){self.coi}" if self.container else self.coi


def identity_labels(labels: Sequence[IdentityLabel]) -> bytes:
    """The labels as PDF, one a page, 100 x 40 mm."""
    return as_pages([_draw(each) for each in labels])


def labels_of(
    kinds: Sequence[str], coi: str, patient: str, bags: Sequence[str], statement: str, *, simulated: bool
) -> list[IdentityLabel]:
    """Wristband, paperwork and every bag of one collection; kinds: those three words."""
    wristband, paperwork, bag = kinds
    return [
        IdentityLabel(wristband, coi, patient, simulated=simulated),
        IdentityLabel(paperwork, coi, patient, simulated=simulated),
        *(IdentityLabel(bag, coi, patient, each, statement, simulated) for each in bags),
    ]


def _draw(label: IdentityLabel) -> Drawing:
    marks: list[Rect | Text] = []
    top = 3.0
    if label.simulated:
        marks += [Rect(0, 0, WIDTH_MM, 5.2, "ink")]
        marks += [Text(3, 3.8, WIDTH_MM - 6, 8, BOLD, "SIMULATED · not for use in humans", "paper")]
        top = 8.0
    symbol = zxingcpp.create_barcode(
        label.text, zxingcpp.BarcodeFormat.DataMatrix, gs1=bool(label.container), force_square=True
    )
    dark = np.array(symbol.to_image(scale=1, add_quiet_zones=False)) == 0
    left = WIDTH_MM - 5 - dark.shape[1] * MODULE_MM
    for row, line in enumerate(dark):
        edges = np.flatnonzero(np.diff(np.concatenate(([0], line.astype(np.int8), [0]))))
        marks += [
            Rect(left + start * MODULE_MM, top + 1 + row * MODULE_MM, (end - start) * MODULE_MM, MODULE_MM, "ink")
            for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
        ]
    lines = [
        (label.kind, PLAIN, 9.0, 5.0), (label.patient, BOLD, 11.0, 6.0), (grouped(label.coi), MONO, 13.0, 6.0),
        (label.container, MONO, 9.0, 5.0), (label.statement.upper(), BOLD, 8.0, 5.0),
    ]  # fmt: skip
    y = top + 4.0
    for text, face, size, step in lines:
        if text:
            marks.append(Text(4, y, left - 8, size, face, text, "ink"))
            y += step
    return Drawing(WIDTH_MM, HEIGHT_MM, tuple(marks), title=f"{label.kind} {grouped(label.coi)}")
