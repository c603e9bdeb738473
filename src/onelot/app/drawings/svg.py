"""The few strokes every drawing is made of, escaped, with classes instead of colours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil, floor, log10
from typing import Any
from xml.sax.saxutils import escape, quoteattr

Link = Callable[[str], str]


@dataclass(frozen=True)
class Drawing:
    """An SVG element and the figures it shows, so that a table can stand beside it."""

    svg: str
    data: dict[str, Any] = field(default_factory=dict)


def number(value: float) -> str:
    """A coordinate, two decimals at most."""
    return f"{value:.2f}".rstrip("0").rstrip(".") or "0"


def element(name: str, content: str = "", **attributes: Any) -> str:
    """One element; `class_` stands for class, `_` in other names for `-`. The content must already be markup."""
    written = []
    for key, value in attributes.items():
        if value is not None:
            label = "class" if key == "class_" else key.replace("_", "-")
            written.append(f" {label}={quoteattr(number(value) if isinstance(value, float) else str(value))}")
    return f"<{name}{''.join(written)}>{content}</{name}>" if content else f"<{name}{''.join(written)}/>"


def text(x: float, y: float, content: str, class_: str = "label", anchor: str | None = None) -> str:
    """A line of text; anchor is start, middle or end."""
    return element("text", escape(content), x=float(x), y=float(y), class_=class_, text_anchor=anchor)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> str:
    """A straight stroke."""
    return element("line", x1=float(x1), y1=float(y1), x2=float(x2), y2=float(y2), class_=class_)


def titled(content: str, title: str, class_: str | None = None) -> str:
    """A group that tells its title to the pointer and to screen readers."""
    return element("g", element("title", escape(title)) + content, class_=class_)


def opened(content: str, pointer: str, link: Link | None) -> str:
    """Content that leads to what is behind a number, if the page gives links."""
    return content if link is None else element("a", content, href=link(pointer))


def frame(width: float, height: float, content: str, title: str, class_: str) -> str:
    """A whole drawing: it scales with its page and says what it shows."""
    return element(
        "svg",
        element("title", escape(title)) + content,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {number(width)} {number(height)}",
        class_=f"drawing {class_}",
        # What stands inside an image is not told; a drawing with links is a group of them.
        role="group" if "<a " in content else "img",
        aria_label=title,
    )


def ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Round values between two limits, about as many as wanted."""
    if high <= low:
        return [low]
    rough = (high - low) / wanted
    power = 10.0 ** floor(log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * (1 - 1e-9))
    return [round(k * step, 9) for k in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]


def short(value: float) -> str:
    """A figure for an axis or a label: 950, 12.4 k, 3.1 M."""
    for size, unit in ((1e9, "bn"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size * 0.9995:
            return f"{value / size:.3g} {unit}"
    return f"{value:.4g}"


STYLE = """
.drawing { font-family: system-ui, "Segoe UI", "DejaVu Sans", sans-serif; background: #fbfaf8; }
.drawing text { font-size: 12px; fill: #2b2a28; font-variant-numeric: tabular-nums; }
.drawing .quiet { fill: #6b6760; }
.drawing .strong { font-weight: 600; }
.drawing .heading { font-size: 13px; font-weight: 600; fill: #2b2a28; }
.drawing .hair { stroke: #ddd8d0; stroke-width: 1; }
.drawing .axis { stroke: #6b6760; stroke-width: 1; }
.drawing .node { fill: #14605f; }
.drawing .node-end { fill: #8a857c; }
.drawing .band { fill: #14605f; fill-opacity: 0.22; }
.drawing .band-out { fill: #8a857c; fill-opacity: 0.26; }
.drawing .load { fill: #14605f; fill-opacity: 0.35; stroke: #14605f; stroke-width: 1; }
.drawing .limit { stroke: #a3341f; stroke-width: 1.25; stroke-dasharray: 5 3; fill: none; }
.drawing .front { stroke: #14605f; stroke-width: 1.5; fill: none; }
.drawing .point { fill: #14605f; }
.drawing .point-open { fill: #fbfaf8; stroke: #14605f; stroke-width: 1.5; }
.drawing .ring { fill: none; stroke: #14605f; stroke-width: 2; }
.drawing .part-0 { fill: #14605f; } .drawing .part-1 { fill: #5b9492; } .drawing .part-2 { fill: #a8c8c4; }
.drawing .part-3 { fill: #b9b2a6; } .drawing .part-4 { fill: #8a6d3b; } .drawing .part-5 { fill: #d6b56d; }
.drawing .strip { fill: transparent; }
.drawing a { text-decoration: none; cursor: pointer; }
"""


def standalone(svg: str) -> str:
    """A drawing with its colours inside, for a file of its own; a page links the stylesheet instead."""
    head, rest = svg.split(">", 1)
    return f"{head}>{element('style', escape(STYLE))}{rest}"
