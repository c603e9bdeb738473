"""Drawings for the editing pages, as SVG text: the site of one candidate, and off-target counts by mismatch.

Pure functions of plain values (`editor.design.as_dict`, `offtarget.table.counts`). Colours stand in presentation
attributes beside class names, so that a page's style sheet may change them and no inline style is needed; nothing is
told by colour alone. All text is escaped; `words` are those of the reader's language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from onelot.app.drawings.words import ENGLISH, Words

INK, QUIET, HAIR = "#1f2421", "#5d5a55", "#cfc9bf"
ACCENT, RISK, WINDOW, PAM = "#0b5f63", "#8a4b00", "#dcebea", "#e6e1d8"
PAPER = "#ffffff"
_CLASS = {INK: "ink", QUIET: "faint", ACCENT: "accent", RISK: "warn", PAPER: "paper"}
CELL, LETTER, MARGIN = 20, 17, 24
_MONO = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"
_SANS = "system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif"
_PAIR = {"A": "T", "C": "G", "G": "C", "T": "A"}
#: Bases shown on either side of the site.
AROUND = 5
#: Guides shown in one table of counts.
ROWS = 40


def _text(
    x: float,
    y: float,
    words: str,
    *,
    size: int = 14,
    fill: str = INK,
    anchor: str = "start",
    mono: bool = False,
    bold: bool = False,
) -> str:
    weight = ' font-weight="700"' if bold else ""
    family = escape(_MONO if mono else _SANS, quote=True)
    return (
        f'<text class="{_CLASS[fill]}" x="{x:g}" y="{y:g}" font-size="{size}" font-family="{family}" fill="{fill}" '
        f'text-anchor="{anchor}"{weight}>{escape(words)}</text>'
    )


def _box(
    x: float, y: float, w: float, h: float, *, name: str, fill: str = "none", stroke: str = "none", width: float = 1.5
) -> str:
    return (
        f'<rect class="{name}" x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" fill="{fill}" stroke="{stroke}" '
        f'stroke-width="{width:g}"/>'
    )


def _line(x1: float, y1: float, x2: float, y2: float, *, stroke: str = INK, width: float = 1.5) -> str:
    name = "hair" if stroke == HAIR else "stroke"
    return (
        f'<line class="{name}" x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" '
        f'stroke="{stroke}" stroke-width="{width:g}"/>'
    )


def _svg(width: float, height: float, title: str, described: str, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}"><title>{escape(title)}</title><desc>{escape(described)}</desc>{"".join(parts)}</svg>'
    )


def _effect(consequences: Sequence[Mapping[str, str]], words: Words) -> str:
    """Consequences in few words; each description once, then the genes."""
    each = (
        words["in_gene"].format(effect=f"{_named('effect', c['effect'], words)} {c['protein']}".strip(), gene=c["gene"])
        for c in consequences
    )
    told = list(dict.fromkeys(each))
    if not told:
        return words["no_gene"]
    return "; ".join(told[:2]) + (words["more_effects"].format(n=len(told) - 2) if len(told) > 2 else "")


def _named(kind: str, name: str, words: Words) -> str:
    """A word of the design in the reader's language; one that has none there, such as `GC 83%`, as it stands."""
    return words.get(f"{kind}_{name.lower().replace(' ', '_')}", name)


@dataclass(frozen=True)
class _Site:
    """Where things stand in the drawing of one candidate."""

    candidate: Mapping[str, Any]

    top, low, left = 104.0, 134.0, MARGIN + 34.0

    @property
    def plus(self) -> bool:
        return bool(self.candidate["strand"] == "+")

    @property
    def first(self) -> int:
        return int(self.candidate["start"]) - AROUND

    @property
    def last(self) -> int:
        return int(self.candidate["end"]) + AROUND

    @property
    def pam_right(self) -> bool:
        return bool((self.candidate["pam_side"] == 3) == self.plus)

    @property
    def start(self) -> int:
        """Forward place of the protospacer."""
        return int(self.candidate["start"]) + (0 if self.pam_right else len(self.candidate["pam"]))

    @property
    def pam_at(self) -> int:
        return self.start + len(self.candidate["spacer"]) if self.pam_right else int(self.candidate["start"])

    def x(self, place: int) -> float:
        """Left edge of a letter."""
        return self.left + (place - self.first) * CELL

    def at(self, position: int) -> int:
        """Forward place of a position of the protospacer."""
        return self.start + (position - 1 if self.plus else len(self.candidate["spacer"]) - position)

    @property
    def edited_row(self) -> float:
        return self.top if self.plus else self.low

    @property
    def label_row(self) -> float:
        """Where labels stand: on the side away from the protospacer's bracket."""
        return self.low + 26 if self.plus else self.top - 30


def sequence_view(
    candidate: Mapping[str, Any], correction: Mapping[str, Any], allele: Mapping[str, Any], words: Words = ENGLISH
) -> str:
    """The site of one base-editor candidate: both strands, protospacer, PAM, window, target, bystanders.

    Args:
        candidate: one of `as_dict(design)["candidates"]`.
        correction: `as_dict(design)["correction"]`.
        allele: `as_dict(design)["allele"]`: the patient's letters around the target.
    """
    site = _Site(candidate)
    places = words["between"].format(
        chrom=correction["chrom"], start=f"{candidate['start'] + 1:,}", end=f"{candidate['end']:,}"
    )
    head = words["on_strand"].format(editor=candidate["editor"], strand="+" if site.plus else "−")
    marks = {b["pos"] - 1: "abcdefghijklmnopqrstuvwxyz"[i % 26] for i, b in enumerate(candidate["bystanders"])}
    parts = [
        _text(MARGIN, 26, head, size=17, bold=True),
        _text(MARGIN, 46, places, size=13, fill=QUIET),
        *_boxes(site, correction["start"], marks, words),
        *_letters(site, correction["start"], allele),
        *_bar(site),
    ]
    bottom = _legend(parts, candidate, correction, marks, words, site.low + 76.0)
    described = words["described"].format(
        spacer=candidate["spacer"], pam=candidate["pam"], position=candidate["target_position"]
    )
    width = max(site.x(site.last) + 48, MARGIN + 720)
    return _svg(width, bottom + 4, words["site_of"].format(editor=candidate["editor"]), described, parts)


def _boxes(site: _Site, target: int, marks: Mapping[int, str], words: Words) -> list[str]:
    """Window, PAM, target and bystanders behind the letters, and their labels."""
    candidate, height = site.candidate, site.low - site.top + 30
    first, last = candidate["window"]
    w1, w2 = sorted((site.at(first), site.at(last)))
    pam = len(candidate["pam"]) * CELL
    label, row = site.label_row, site.edited_row
    parts = [
        _box(site.x(w1), site.top - 22, (w2 - w1 + 1) * CELL, height, name="window", fill=WINDOW),
        _box(site.x(site.pam_at), site.top - 22, pam, height, name="pam", fill=PAM),
        _box(site.x(target) + 1, row - 18, CELL - 2, 24, name="target", fill=ACCENT),
        _text(site.x(site.pam_at) + pam / 2, label, "PAM", size=12, fill=QUIET, anchor="middle", bold=True),
        _text(
            (site.x(w1) + site.x(w2 + 1)) / 2, label, words["window"].format(first=first, last=last), size=12,
            fill=ACCENT, anchor="middle", bold=True,
        ),
    ]  # fmt: skip
    for place, mark in marks.items():
        x = site.x(place)
        parts.append(_box(x + 1.5, row - 18, CELL - 3, 24, name="bystander", fill=PAPER, stroke=RISK, width=2))
        y = label + (14 if site.plus else -14)
        parts.append(_text(x + CELL / 2, y, mark, size=12, fill=RISK, anchor="middle", bold=True))
    return parts


def _letters(site: _Site, target: int, allele: Mapping[str, Any]) -> list[str]:
    """Both strands, the forward one above; the guide's strand in bold inside the site."""
    begin, text = allele["start"], allele["text"]
    parts = []
    for y, forward in ((site.top, True), (site.low, False)):
        ends = ("5'", "3'") if forward else ("3'", "5'")
        parts.append(_text(site.left - 12, y, ends[0], size=13, fill=QUIET, anchor="end"))
        parts.append(_text(site.x(site.last) + 12, y, ends[1], size=13, fill=QUIET))
        for place in range(site.first, site.last):
            known = 0 <= place - begin < len(text)
            letter = text[place - begin] if known else "·"
            shown = letter if forward or not known else _PAIR.get(letter, "N")
            inside = site.candidate["start"] <= place < site.candidate["end"]
            edited = y == site.edited_row
            fill = PAPER if place == target and edited else INK if inside else QUIET
            middle = site.x(place) + CELL / 2
            bold = edited and inside
            parts.append(_text(middle, y, shown, size=LETTER, fill=fill, anchor="middle", mono=True, bold=bold))
    return parts


def _bar(site: _Site) -> list[str]:
    """The protospacer as a bracket beside the guide's strand, with positions counted from its 5' end."""
    length = len(site.candidate["spacer"])
    y = site.top - 30 if site.plus else site.low + 18
    tick = 5 if site.plus else -5
    begin, end = site.x(site.start), site.x(site.start + length)
    parts = [_line(begin, y, end, y), _line(begin, y, begin, y + tick), _line(end, y, end, y + tick)]
    for k in (1, *range(5, length + 1, 5)):
        middle = site.x(site.at(k)) + CELL / 2
        parts.append(_text(middle, y - 6 if site.plus else y + 15, str(k), size=11, fill=QUIET, anchor="middle"))
    return parts


def _legend(
    parts: list[str],
    candidate: Mapping[str, Any],
    correction: Mapping[str, Any],
    marks: Mapping[int, str],
    words: Words,
    y: float,
) -> float:
    """What is marked, in words, a line each; returns where the next line would stand."""
    parts.append(_box(MARGIN, y - 12, 14, 14, name="target", fill=ACCENT))
    parts.append(
        _text(
            MARGIN + 24,
            y,
            words["target"].format(
                position=candidate["target_position"],
                before=correction["before"],
                after=correction["after"],
                place=f"{correction['start'] + 1:,}",
            ),
            bold=True,
        )
    )
    for b in candidate["bystanders"]:
        y += 24
        parts.append(_box(MARGIN + 1, y - 12, 13, 13, name="bystander", stroke=RISK, width=2))
        parts.append(_text(MARGIN + 7.5, y - 1.5, marks[b["pos"] - 1], size=11, fill=RISK, anchor="middle", bold=True))
        told = words["bystander"].format(
            position=b["window_position"], before=b["before"], after=b["after"], place=f"{b['pos']:,}",
            effect=_effect(b["consequences"], words),
        )  # fmt: skip
        parts.append(_text(MARGIN + 24, y, told, fill=RISK if b["changing"] else INK, bold=b["changing"]))
    if not candidate["bystanders"]:
        y += 24
        parts.append(_text(MARGIN + 24, y, words["no_bystander"]))
    other = candidate["other_allele"]
    y += 24
    parts.append(
        _text(
            MARGIN + 24, y,
            words["other_allele"].format(
                n=other["mismatches"], pam=words["pam_there" if other["pam_present"] else "pam_missing"],
                editable=other["editable_in_window"],
            ),
            fill=QUIET,
        )
    )  # fmt: skip
    y += 24
    flags = ", ".join(_named("flag", each, words) for each in candidate["flags"]) or words["no_flag"]
    made_of = words["made_of"].format(
        gc=f"{candidate['gc']:.0%}", flags=flags, status=_named("status", candidate["editor_status"], words)
    )
    parts.append(_text(MARGIN + 24, y, made_of, fill=QUIET))
    y += 26
    parts.append(_text(MARGIN, y, words["forward"], size=12, fill=QUIET))
    return y + 8


def counts_table(
    counts: Mapping[str, Mapping[str, int]],
    patient_only: Mapping[str, Mapping[str, int]] | None = None,
    words: Words = ENGLISH,
) -> str:
    """Off-target sites by number of mismatches: one row a guide, a shade by order of magnitude.

    Args:
        counts: `offtarget.table.counts`: guide -> {"0": n, ..., "bulged": n}.
        patient_only: the same shape, for sites only this patient has; shown as "+n" after the number.
    """
    guides = list(counts)[:ROWS]
    columns = list(counts[guides[0]]) if guides else []
    columns = [c for c in columns if c != "bulged" or any(counts[g][c] for g in counts)]
    longest = max((len(g) for g in guides), default=5)
    name_width, cell, row = max(90, min(longest, 30) * 9 + 16), 92, 30
    head = 78
    parts = [
        _text(MARGIN, 26, words["counts_title"], size=17, bold=True),
        _text(MARGIN, 46, words["counts_note"] + (words["counts_own"] if patient_only else ""), size=13, fill=QUIET),
        _text(MARGIN, head, words["guide"], size=13, fill=QUIET),
    ]
    for i, column in enumerate(columns):
        parts.append(
            _text(
                MARGIN + name_width + i * cell + cell - 12,
                head,
                words.get(column, column),
                size=13,
                fill=QUIET,
                anchor="end",
                bold=True,
            )
        )
    for j, guide in enumerate(guides):
        y = head + 10 + j * row
        parts.append(_line(MARGIN, y, MARGIN + name_width + len(columns) * cell, y, stroke=HAIR, width=1))
        parts.append(_text(MARGIN, y + 20, guide if len(guide) <= 30 else guide[:29] + "…", mono=True))
        for i, column in enumerate(columns):
            value = counts[guide][column]
            parts += _count(
                MARGIN + name_width + i * cell, y, cell, row, value, (patient_only or {}).get(guide, {}).get(column, 0)
            )
    y = head + 10 + len(guides) * row
    if len(counts) > ROWS:
        parts.append(
            _text(MARGIN, y + 22, words["more_guides"].format(n=f"{len(counts) - ROWS:,}"), size=13, fill=QUIET)
        )
        y += 26
    if not guides:
        parts.append(_text(MARGIN, y + 22, words["no_search"], size=14, fill=QUIET))
        y += 26
    width = max(MARGIN * 2 + name_width + len(columns) * cell, 460)
    return _svg(width, y + 20, words["counts_title"], words["guides"].format(n=len(counts)), parts)


def _count(x: float, y: float, cell: float, row: float, value: int, own: int) -> list[str]:
    depth = min(len(str(value)), 5) if value else 0
    shade = ["none", "#eef5f5", "#d9e9e8", "#c3dcdb", "#acd0ce", "#96c3c1"][depth]
    parts = [_box(x + 2, y + 2, cell - 4, row - 4, name=f"count-{depth}", fill=shade)]
    words = f"{value:,}" if value else "0"
    right = x + cell - 12
    if own:
        mark = f"+{own:,}"
        parts.append(_text(right, y + 20, mark, fill=RISK, anchor="end", bold=True))
        right -= 9.5 * len(mark) + 8
    parts.append(_text(right, y + 20, words, fill=INK if value else QUIET, anchor="end", mono=True))
    return parts
