"""Scans on a page: what was scanned or photographed, and whether it is what it must be.

One thing a page: each scan is added to those before it, which the page carries; nothing is done until all are there, or
one is wrong. The record compares everything again by itself.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from fastapi import UploadFile

from onelot.adapters.pictures import MOST_BYTES, read_picture
from onelot.record.errors import BadInput
from onelot.record.identity import LENGTH, grouped, names_therapy

_FIELDS = {"21": "container", "10": "batch", "91": "coi"}
_LONGEST, _FIXED = 300, {"17": 6}


@dataclass(frozen=True)
class Scan:
    """What a label reads: its text, and of a container's label the numbers in it."""

    text: str
    container: str = ""
    batch: str = ""
    coi: str = ""


@dataclass(frozen=True)
class Seen:
    """One thing on the page. state: done, now, wrong or waiting; shown: what was scanned."""

    thing: str
    state: str
    shown: str
    expected: str = ""


def scanned(text: str, picture: UploadFile | None) -> str:
    """The scanned text, or the text of the code in the picture.

    Raises:
        BadInput: nothing was scanned, or the picture holds no code.
    """
    if picture is not None and picture.filename:
        return read_picture(picture.file.read(MOST_BYTES + 1)).strip()
    found = text.strip()
    if not found or len(found) > _LONGEST:
        raise BadInput(
            "nothing was scanned" if not found else "this is too long for a label",
            rule="one label, one scan", remedy="scan the label, or take a picture of it", place="scan",
        )  # fmt: skip
    return found


def read_scan(text: str) -> Scan:
    """The numbers in a label's text: an element string in brackets or as a scanner sends it, or one number alone."""
    found: dict[str, str] = {}
    if text.startswith("("):
        for part in text.split("(")[1:]:
            code, _, value = part.partition(")")
            found.setdefault(_FIELDS.get(code, code), value)
    elif "\x1d" in text or text.startswith("]d2"):
        rest = text.removeprefix("]d2").lstrip("\x1d")
        while rest:
            code, rest = rest[:2], rest[2:]
            long = _FIXED.get(code)
            value, rest = (
                (rest[:long], rest[long:]) if long else rest.split("\x1d", 1) if "\x1d" in rest else (rest, "")
            )
            found.setdefault(_FIELDS.get(code, code), value)
            rest = rest.lstrip("\x1d")
    return Scan(text, found.get("container", ""), found.get("batch", ""), found.get("coi", ""))


def plain(text: str) -> str:
    """A scan as people read it: the number, or a container's label as container, chain of identity and batch."""
    found = read_scan(text)
    if found.container:
        said = [found.container, grouped(found.coi) if found.coi else "", found.batch]
        return " · ".join(each for each in said if each)
    bare = found.text.replace("-", "")
    return grouped(bare) if len(bare) == LENGTH + 1 and bare.isalnum() else found.text


def identity_in(text: str) -> str:
    """What a wristband, paperwork or bag says about whose it is: the chain of identity of a label, or all of it."""
    return printable(read_scan(text).coi or text)


def printable(text: str) -> str:
    """A text in characters that can be printed."""
    return "".join(each if each.isprintable() else " " for each in text).strip()


def names_patient(text: str, coi: str, aliases: Collection[str]) -> bool:
    """Whether a scanned text names this therapy: our number, or another party's that stands on the record.

    Raises:
        BadInput: it looks like a number of ours and was misread, so that nothing was compared.
    """
    return names_therapy(read_scan(text).coi or text, coi, aliases)
