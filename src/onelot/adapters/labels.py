"""Labels of containers: a DataMatrix a reader decodes back, the same in words, and the statements the law asks for.

Content of the symbol, in GS1 element-string syntax with our own identifiers and no GTIN:

    (21) container   (10) batch   (17) expiry date, YYMMDD   (91) chain of identity   (92) product

GS1 asks for a GTIN beside (10), (17) and (21); a site that has one prints its own label. So the syntax is GS1's, the
numbers are ours, and nothing here claims GS1 conformance. Printing and phone cameras were not tested.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np
import zxingcpp
from PIL import Image

from onelot.adapters.documents.typeface import BOLD, MONO, PLAIN
from onelot.adapters.label_drawing import Drawing, Rect, Text, as_pages, as_pdf, as_png, as_svg
from onelot.record.errors import BadInput
from onelot.record.identity import grouped, read_identifier

_FIELDS = {"21": "container", "10": "batch", "17": "expiry", "91": "coi", "92": "product"}
_LONGEST = {"21": 20, "10": 20, "91": 90, "92": 90}
_ALLOWED = set("!\"%&'*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
_SPOKEN = {
    "autologous use only": "FOR AUTOLOGOUS USE ONLY",
    "not evaluated": "NOT EVALUATED FOR INFECTIOUS SUBSTANCES",
    "biohazard": "BIOHAZARD",
}
WIDTH_MM, HEIGHT_MM, MODULE_MM = 100.0, 70.0, 0.5


@dataclass(frozen=True, slots=True)
class Label:
    """What stands on a container's label.

    coi: "" for stock; statement: as donor testing requires it, e.g. `autologous use only; not evaluated`;
    storage: in words; patient: one line from the vault (name, birth date), never in the symbol.
    """

    container: str
    batch: str
    product: str
    expires_at: datetime
    coi: str = ""
    amount: str = ""
    statement: str = ""
    storage: str = ""
    patient: str = ""
    simulated: bool = False


def element_string(label: Label) -> str:
    """The content of the symbol, in brackets as people write it.

    Raises:
        BadInput: an identifier is empty, too long, or holds a character GS1 does not allow.
    """
    values = {
        "21": label.container,
        "10": label.batch,
        "17": label.expires_at.astimezone(UTC).strftime("%y%m%d"),
        "91": label.coi,
        "92": label.product,
    }
    for code, value in values.items():
        if code == "17" or (code == "91" and not value):
            continue
        if not value or len(value) > _LONGEST[code] or not set(value) <= _ALLOWED:
            raise BadInput(
                f"{value!r} cannot be the {_FIELDS[code]} of a label",
                rule=f"GS1 AI ({code}): 1 to {_LONGEST[code]} characters of set 82, without brackets",
                remedy="give it an identifier that fits",
            )
    return "".join(f"({code}){value}" for code, value in values.items() if value)


def read_element_string(text: str) -> dict[str, str]:
    """container, batch, product, expiry (YYYY-MM-DD) and coi from the text of a scanned label.

    The bag of a collection has no batch, product or expiry yet; its label reads container and coi alone, and the
    others are "".

    Raises:
        BadInput: it is no label of ours, or the chain-of-identity number does not verify.
    """
    found: dict[str, str] = {}
    for part in text.strip().split("(")[1:]:
        code, _, value = part.partition(")")
        name = _FIELDS.get(code, "")
        if not name or not value or name in found:
            raise _no_label(text)
        found[name] = value
    if found.keys() == {"container", "coi"}:
        return {"batch": "", "product": "", "expiry": "", **found, "coi": read_identifier(found["coi"])}
    if not {"container", "batch", "product", "expiry"} <= found.keys():
        raise _no_label(text)
    try:
        found["expiry"] = datetime.strptime(found["expiry"] + "+0000", "%y%m%d%z").date().isoformat()
    except ValueError as cause:
        raise _no_label(text) from cause
    found["coi"] = read_identifier(found["coi"]) if found.get("coi") else ""
    return found


def _no_label(text: str) -> BadInput:
    return BadInput(
        f"{text[:120]!r} is not a label of ours",
        rule="(21) container, (10) batch, (17) expiry, (92) product, and (91) chain of identity for a patient;"
        " the bag of a collection (21) and (91) alone",
        remedy="scan the container's label again; if it still fails, put it down and call the supervisor",
    )


def modules(label: Label) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """The symbol's modules, rows x columns, True where dark; no quiet zone."""
    text = element_string(label)
    # Left to itself the encoder may pick a flat 8 x 96 symbol that many scanners do not read.
    symbol = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.DataMatrix, gs1=True, force_square=True)
    dark: np.ndarray[Any, np.dtype[np.bool_]] = np.array(symbol.to_image(scale=1, add_quiet_zones=False)) == 0
    return dark


def make_label(label: Label, kind: Literal["png", "svg", "pdf"] = "pdf") -> bytes:
    """The whole label, 100 x 70 mm: symbol, words, statements, and SIMULATED where it is not production.

    png at 300 dots per inch. The same label gives the same bytes.
    """
    drawing = _draw(label)
    if kind == "pdf":
        return as_pdf(drawing)
    if kind == "svg":
        return as_svg(drawing)
    return as_png(drawing)


def make_labels(labels: Sequence[Label]) -> bytes:
    """These labels as PDF, one a page, as a roll of them is printed. At least one."""
    return as_pages([_draw(each) for each in labels])


def read_label(image: bytes) -> str:
    """The element string of the one DataMatrix in a PNG or JPEG picture, in brackets.

    Raises:
        BadInput: no picture, no symbol, more than one, or one that is not in GS1 syntax.
    """
    try:
        with Image.open(io.BytesIO(image)) as opened:
            grey = np.asarray(opened.convert("L"))
    except (OSError, ValueError, Image.DecompressionBombError) as cause:
        raise BadInput(
            f"this is no picture: {cause}",
            rule="a label is read from a PNG or JPEG",
            remedy="take the picture again",
        ) from cause
    found = zxingcpp.read_barcodes(grey, zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.DataMatrix))
    texts = {symbol.text for symbol in found if symbol.symbology_identifier == "]d2"}
    if len(texts) != 1 or len({symbol.text for symbol in found}) != 1:
        raise BadInput(
            f"{len(found)} DataMatrix symbols were read, {len(texts)} of them GS1",
            rule="one container, one label, one scan",
            remedy="show one label alone, whole and in focus",
        )
    return str(texts.pop())


def _draw(label: Label) -> Drawing:
    """The label in millimetres, from the top left."""
    marks: list[Rect | Text] = []
    top = 4.0
    if label.simulated:
        marks.append(Rect(0, 0, WIDTH_MM, 5.2, "ink"))
        marks.append(Text(3, 3.8, WIDTH_MM - 6, 8, BOLD, "SIMULATED · not for use in humans", "paper"))
        top = 8.5
    dark = modules(label)
    high, wide = dark.shape[0] * MODULE_MM, dark.shape[1] * MODULE_MM
    left, above = WIDTH_MM - 4 - wide, top + 1
    for row, line in enumerate(dark):
        marks.extend(_runs(line, left, above + row * MODULE_MM))
    room = left - 4 - 4
    y = top + 3.5
    lines = [
        (label.product, BOLD, 11.0, 5.2),
        (label.patient, PLAIN, 9.0, 6.2),
        (grouped(label.coi) if label.coi else "stock", MONO, 13.0, 5.8),
    ]
    for text, face, size, step in lines:
        if text:
            marks.append(Text(4, y, room, size, face, text, "ink"))
            y += step
    y = max(y, above + high + 4.5)
    facts = [
        ("Container", label.container),
        ("Batch", label.batch),
        ("Amount", label.amount),
        ("Expires", label.expires_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")),
        ("Store", label.storage),
    ]
    for name, value in facts:
        if value:
            marks.append(Text(4, y, 18, 7, PLAIN, name, "grey"))
            marks.append(
                Text(23, y, WIDTH_MM - 27, 8.5, MONO if name in ("Container", "Batch") else PLAIN, value, "ink")
            )
            y += 4.2
    said = [each.strip() for each in label.statement.split(";") if each.strip()]
    spoken = [_SPOKEN.get(each, each.upper()) for each in said]
    foot = HEIGHT_MM - 3.2 - 4.4 * (len(spoken) - 1)
    if spoken:
        marks.append(Rect(4, foot - 5.0, WIDTH_MM - 8, 0.2, "ink"))
    for number, text in enumerate(spoken):
        marks.append(Text(4, foot + 4.4 * number, WIDTH_MM - 8, 9, BOLD, text, "ink"))
    return Drawing(WIDTH_MM, HEIGHT_MM, tuple(marks), title=f"Label {label.container}")


def _runs(line: np.ndarray[Any, np.dtype[np.bool_]], left: float, top: float) -> list[Rect]:
    """The dark runs of one row of modules as rectangles."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], line.astype(np.int8), [0]))))
    return [
        Rect(left + start * MODULE_MM, top, (end - start) * MODULE_MM, MODULE_MM, "ink")
        for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    ]
