"""A small drawing of rectangles and fitted lines of text, in millimetres, as PDF, SVG or PNG.

Text never leaves its room: it shrinks, and below the smallest legible size its middle is cut visibly.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from xml.sax.saxutils import escape

from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from onelot.adapters.documents.typeface import BOLD, MONO, fit, font_file, printable, register, width

Ink = Literal["ink", "paper", "grey"]
_RGB: dict[Ink, tuple[int, int, int]] = {"ink": (17, 17, 17), "paper": (255, 255, 255), "grey": (92, 88, 82)}
_DPI = 300


@dataclass(frozen=True, slots=True)
class Rect:
    """A filled rectangle: left, top, width, height in mm."""

    x: float
    y: float
    width: float
    height: float
    ink: Ink


@dataclass(frozen=True, slots=True)
class Text:
    """One line on a baseline: left and baseline in mm, room to the right in mm, size in points."""

    x: float
    y: float
    room: float
    size: float
    face: str
    text: str
    ink: Ink


@dataclass(frozen=True, slots=True)
class Drawing:
    """Marks on a white ground of this size in mm."""

    width: float
    height: float
    marks: tuple[Rect | Text, ...]
    title: str


def _fitted(mark: Text) -> tuple[str, float]:
    return fit(printable(mark.text), mark.face, mark.size, mark.room * mm)


def as_pdf(drawing: Drawing) -> bytes:
    """One page, vectors only; the same drawing gives the same bytes."""
    return as_pages((drawing,))


def as_pages(drawings: Sequence[Drawing]) -> bytes:
    """A page for each drawing, as a roll of labels is printed; all are as large as the first."""
    register()
    out = io.BytesIO()
    first = drawings[0]
    canvas = Canvas(out, pagesize=(first.width * mm, first.height * mm), invariant=1)
    canvas.setTitle(first.title)
    for drawing in drawings:
        _put(canvas, drawing)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _put(canvas: Canvas, drawing: Drawing) -> None:
    for mark in drawing.marks:
        canvas.setFillColorRGB(*(part / 255 for part in _RGB[mark.ink]))
        if isinstance(mark, Rect):
            y = (drawing.height - mark.y - mark.height) * mm
            canvas.rect(mark.x * mm, y, mark.width * mm, mark.height * mm, stroke=0, fill=1)
        else:
            text, size = _fitted(mark)
            canvas.setFont(mark.face, size)
            canvas.drawString(mark.x * mm, (drawing.height - mark.y) * mm, text)


def as_svg(drawing: Drawing) -> bytes:
    """An SVG of the drawing's size; each line is held to its measured width whatever face the reader has."""
    w, h = drawing.width, drawing.height
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{w:g}mm" height="{h:g}mm" viewBox="0 0 {w:g} {h:g}">',
        f"<title>{escape(drawing.title)}</title>",
        f'<rect width="{w:g}" height="{h:g}" fill="#fff"/>',
    ]
    for mark in drawing.marks:
        colour = "#{:02x}{:02x}{:02x}".format(*_RGB[mark.ink])
        if isinstance(mark, Rect):
            parts.append(
                f'<rect x="{mark.x:.3f}" y="{mark.y:.3f}" width="{mark.width:.3f}" height="{mark.height:.3f}" '
                f'fill="{colour}" shape-rendering="crispEdges"/>'
            )
            continue
        text, size = _fitted(mark)
        family = "ui-monospace, monospace" if mark.face == MONO else "system-ui, sans-serif"
        weight = "bold" if mark.face == BOLD else "normal"
        length = width(text, mark.face, size) / mm
        parts.append(
            f'<text x="{mark.x:.3f}" y="{mark.y:.3f}" font-family="{family}" font-weight="{weight}" '
            f'font-size="{size / mm:.3f}" textLength="{length:.3f}" lengthAdjust="spacingAndGlyphs" '
            f'fill="{colour}">{escape(text)}</text>'
        )
    parts.append("</svg>\n")
    return "\n".join(parts).encode()


def as_png(drawing: Drawing) -> bytes:
    """A grey picture at 300 dots per inch."""

    def dots(length: float) -> int:
        return round(length / 25.4 * _DPI)

    picture = Image.new("L", (dots(drawing.width), dots(drawing.height)), 255)
    pen = ImageDraw.Draw(picture)
    for mark in drawing.marks:
        grey = _RGB[mark.ink][0]
        if isinstance(mark, Rect):
            box = (dots(mark.x), dots(mark.y), dots(mark.x + mark.width) - 1, dots(mark.y + mark.height) - 1)
            pen.rectangle((box[0], box[1], max(box[0], box[2]), max(box[1], box[3])), fill=grey)
        else:
            text, size = fit(printable(mark.text), BOLD if mark.face == BOLD else "Vera", mark.size, mark.room * mm)
            font = ImageFont.truetype(str(font_file(mark.face)), round(size / 72 * _DPI))
            pen.text((dots(mark.x), dots(mark.y)), text, font=font, fill=grey, anchor="ls")
    out = io.BytesIO()
    picture.save(out, "PNG", dpi=(_DPI, _DPI))
    return out.getvalue()
