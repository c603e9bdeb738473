"""The face everything is printed in: Bitstream Vera, as it comes inside reportlab, embedded in every file.

A character the face does not have is never dropped: it is written without its accent, or as its code point, so that
a printed name is either right or visibly incomplete.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path

import reportlab
from reportlab.lib.fonts import addMapping
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

PLAIN, BOLD, ITALIC, MONO = "Vera", "Vera-Bold", "Vera-Italic", "Courier"
_FILES = {PLAIN: "Vera.ttf", BOLD: "VeraBd.ttf", ITALIC: "VeraIt.ttf"}
_LIKE = {"μ": "µ", "→": "->", "•": "·", "\u2011": "-", "\u00ad": "", "\t": " ", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D"}


def font_file(face: str) -> Path:
    """Where the face's TrueType file lies, for renderers other than reportlab."""
    return Path(reportlab.__file__).parent / "fonts" / _FILES.get(face, _FILES[PLAIN])


@cache
def register() -> frozenset[int]:
    """Make the faces known to reportlab; the code points every one of them has."""
    common: set[int] | None = None
    for face, name in _FILES.items():
        font = TTFont(face, name)
        pdfmetrics.registerFont(font)
        has = set(font.face.charToGlyph)
        common = has if common is None else common & has
    addMapping(PLAIN, 0, 0, PLAIN)
    addMapping(PLAIN, 1, 0, BOLD)
    addMapping(PLAIN, 0, 1, ITALIC)
    addMapping(PLAIN, 1, 1, BOLD)
    return frozenset(common or ())


def printable(text: str) -> str:
    """The text in characters the face has."""
    known = register()
    out = []
    for symbol in unicodedata.normalize("NFC", text):
        if ord(symbol) in known and (symbol >= " " or symbol == "\n"):
            out.append(symbol)
        elif symbol in _LIKE:
            out.append(_LIKE[symbol])
        elif symbol == "\n":
            out.append(" ")
        else:
            bare = "".join(each for each in unicodedata.normalize("NFKD", symbol) if not unicodedata.combining(each))
            fits = bare and bare != symbol and all(ord(each) in known for each in bare)
            out.append(bare if fits else f"[U+{ord(symbol):04X}]")
    return "".join(out)


def width(text: str, face: str, size: float) -> float:
    """Width of a printable text in points."""
    register()
    found: float = pdfmetrics.stringWidth(text, face, size)
    return found


def fit(text: str, face: str, size: float, room: float, *, smallest: float = 5.0) -> tuple[str, float]:
    """The text and the size at which it fits into `room` points; below `smallest` its middle is cut visibly."""
    while width(text, face, size) > room and size > smallest:
        size = max(smallest, round(size - 0.25, 2))
    if width(text, face, size) <= room:
        return text, size
    keep = len(text)
    while keep > 2 and width(_cut(text, keep), face, size) > room:
        keep -= 1
    return _cut(text, keep), size


def _cut(text: str, keep: int) -> str:
    head = (keep + 1) // 2
    return text[:head] + "…" + text[len(text) - keep // 2 :]
