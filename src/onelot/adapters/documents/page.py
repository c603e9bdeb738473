"""The page every document is printed on: A4, hairlines, one accent, page x of y, digest in the footer.

SIMULATED stands across each page wherever it is not production. The same input gives the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_LEFT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    LongTable,
    PageTemplate,
    Paragraph,
    Spacer,
)

from onelot.adapters.documents.typeface import BOLD, MONO, PLAIN, fit, printable, register
from onelot.record.chain import canonical

ACCENT, INK, GREY, HAIR = HexColor("#0b5754"), HexColor("#1c1a17"), HexColor("#5c5852"), HexColor("#cdc8bf")
STOPPED = HexColor("#9b1c1c")
LEFT, RIGHT, TOP, BOTTOM = 18 * mm, 18 * mm, 26 * mm, 22 * mm
WIDTH = A4[0] - LEFT - RIGHT

_BODY = ParagraphStyle(
    "body", fontName=PLAIN, fontSize=8, leading=11, textColor=INK, alignment=TA_LEFT, splitLongWords=1
)
STYLES: Mapping[str, ParagraphStyle] = {
    "body": _BODY,
    "small": ParagraphStyle("small", parent=_BODY, fontSize=7, leading=9.5, textColor=GREY),
    "head": ParagraphStyle("head", parent=_BODY, fontSize=7, leading=9.5, textColor=GREY),
    "bold": ParagraphStyle("bold", parent=_BODY, fontName=BOLD),
    "stop": ParagraphStyle("stop", parent=_BODY, fontName=BOLD, textColor=STOPPED),
    "mono": ParagraphStyle("mono", parent=_BODY, fontName=MONO, fontSize=8),
    "title": ParagraphStyle("title", parent=_BODY, fontName=BOLD, fontSize=17, leading=22),
    "section": ParagraphStyle("section", parent=_BODY, fontName=BOLD, fontSize=10.5, leading=14, textColor=ACCENT),
    "lead": ParagraphStyle("lead", parent=_BODY, fontSize=10, leading=14),
}


def content_digest(content: Mapping[str, Any]) -> str:
    """SHA-256 of the content's canonical form (RFC 8785), 64 hex digits; it stands in the footer."""
    return sha256(canonical(dict(content))).hexdigest()


def cell(text: object, style: str = "body") -> Paragraph:
    """A text that wraps inside its column; what the face lacks stays visible as a code point."""
    shown = escape(printable(str(text) if text not in (None, "") else "-"))
    return Paragraph(shown.replace("\n", "<br/>"), STYLES[style])


def stacked(*parts: tuple[object, str]) -> list[Flowable]:
    """Several lines in one cell; empty ones are left out."""
    return [cell(text, style) for text, style in parts if text not in (None, "")] or [cell("")]


def section(title: str, *, room_mm: float = 30) -> list[Flowable]:
    """A heading that does not stand alone at the foot of a page."""
    return [CondPageBreak(room_mm * mm), Spacer(0, 5 * mm), cell(title, "section"), Spacer(0, 1 * mm)]


def table(heads: Sequence[str], rows: Sequence[Sequence[Any]], shares: Sequence[float]) -> Flowable:
    """A table with hairlines; the heading repeats on every page. shares: of the page's width, summing to 1."""
    if not rows:
        return cell("None.", "small")
    data: list[Sequence[Any]] = [[cell(head, "head") for head in heads], *rows]
    style = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, 0), 0.6, ACCENT),
        ("LINEBELOW", (0, 1), (-1, -1), 0.3, HAIR),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 6),
        ("TOPPADDING", (0, 0), (-1, -1), 3),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
    ]
    # A row is kept whole unless it could outgrow a page; then it must break, or nothing could be printed at all.
    tall = any(_characters(item) > _TALL for row in rows for item in row)
    return LongTable(data, [share * WIDTH for share in shares], repeatRows=1, style=style, splitInRow=int(tall))


def _characters(item: Any) -> int:
    parts = item if isinstance(item, list) else [item]
    return sum(len(part.text) for part in parts)


def facts(pairs: Sequence[tuple[str, object]]) -> Flowable:
    """Names and values, two pairs a line."""
    shown = [(cell(name, "head"), cell(value, "mono" if name in _MONO else "body")) for name, value in pairs]
    if len(shown) % 2:
        shown.append((cell(" ", "head"), cell(" ")))
    rows = [[*shown[at], *shown[at + 1]] for at in range(0, len(shown), 2)]
    style = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 6),
        ("TOPPADDING", (0, 0), (-1, -1), 1.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5),
        ("LINEBELOW", (0, -1), (-1, -1), 0.3, HAIR),
    ]
    return LongTable(rows, [share * WIDTH for share in (0.14, 0.36, 0.14, 0.36)], style=style)


_TALL = 700
_MONO = frozenset({"Batch", "Chain of identity"})


def signatures(lines: Sequence[Mapping[str, str]]) -> Flowable:
    """Printed name, meaning, time with zone, and the event that was signed (21 CFR 11.50, 11.70)."""
    rows = [
        [
            stacked((line["name"], "bold"), (line.get("signer", ""), "small")),
            cell(line["meaning"]),
            cell(line["at"].replace("T", " ").replace("Z", " UTC")),
            stacked((line.get("event", ""), "small"), (line.get("hash", "")[:16], "small")),
        ]
        for line in lines
    ]
    return table(("Signed by", "Meaning", "Time", "Event signed"), rows, (0.25, 0.28, 0.23, 0.24))


def build(story: list[Flowable], *, title: str, running: str, digest: str, simulated: bool) -> bytes:
    """The PDF. running: what identifies the document, at the head of every page."""
    register()
    out = io.BytesIO()

    class Numbered(Canvas):  # type: ignore[misc]
        """Keeps each page until the number of pages is known."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self._kept: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802 - reportlab's name
            self._kept.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            total = len(self._kept)
            for number, kept in enumerate(self._kept, 1):
                self.__dict__.update(kept)
                _furnish(self, f"page {number} of {total}", title, running, digest, simulated)
                Canvas.showPage(self)
            Canvas.save(self)

    document = BaseDocTemplate(out, pagesize=A4, title=printable(f"{title} {running}"), author="onelot", invariant=1)
    frame = Frame(LEFT, BOTTOM, WIDTH, A4[1] - TOP - BOTTOM, 0, 0, 0, 0)
    document.addPageTemplates([PageTemplate("page", [frame])])
    document.build(story, canvasmaker=Numbered)
    return out.getvalue()


def _furnish(canvas: Any, number: str, title: str, running: str, digest: str, simulated: bool) -> None:
    """Head, foot and the SIMULATED band of one page."""
    wide, high = A4
    if simulated:
        canvas.setFillColor(INK)
        canvas.rect(0, high - 8 * mm, wide, 8 * mm, stroke=0, fill=1)
        canvas.setFillColor(HexColor("#ffffff"))
        canvas.setFont(BOLD, 9)
        canvas.drawCentredString(wide / 2, high - 5.6 * mm, "SIMULATED · not a record of manufacture for use in humans")
    canvas.setFillColor(GREY)
    canvas.setFont(PLAIN, 7)
    canvas.drawString(LEFT, high - 16 * mm, title)
    text, size = fit(printable(running), PLAIN, 7, WIDTH * 0.7)
    canvas.setFont(PLAIN, size)
    canvas.drawRightString(wide - RIGHT, high - 16 * mm, text)
    canvas.setStrokeColor(HAIR)
    canvas.setLineWidth(0.3)
    canvas.line(LEFT, high - 18 * mm, wide - RIGHT, high - 18 * mm)
    canvas.line(LEFT, 15 * mm, wide - RIGHT, 15 * mm)
    canvas.setFont(PLAIN, 7)
    canvas.drawRightString(wide - RIGHT, 11 * mm, number)
    canvas.drawString(LEFT, 11 * mm, "SHA-256 of the content")
    canvas.setFont(MONO, 6.5)
    canvas.drawString(LEFT + 31 * mm, 11 * mm, digest)
