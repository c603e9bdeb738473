"""ISBT 128 strings, read and checked; never made, and its tables are not here.

A donation identification number (DIN) is five characters of facility, two digits of year, six of sequence, two flag
characters, and for people a check character: ISO/IEC 7064 Mod 37-2 over the first thirteen. Flags 60 to 96 carry that
check as a number. The product and facility tables are ICCBBA's and need a registration; codes stay codes here.

The structure of the strings was taken from published worked examples, not from the standard, which was not read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime

from onelot.record.errors import BadInput
from onelot.record.identity import ALPHABET, check_character

_DIN = re.compile(r"=([A-NP-Z1-9][0-9A-NP-Z]{4})([0-9]{2})([0-9]{6})([0-9A-Z]{2})")
_PROCESSOR = re.compile(r"=/([0-9A-Z]{5})([0-9A-Z]{6})([0-9A-Z]{5})")
_DIVISION = re.compile(r"=,([0-9A-Z]{6})")
_COMPOUND = re.compile(r"=\+([0-9]{2})([0-9]{3})")
_OTHER = re.compile(r"(?:=[%<>}?*\[(\-\\;){]|&[>,+\-&(%*])[0-9A-Za-z]+")
_SEC = re.compile(r"(?:SEC: ?|&,4)([A-Z]{2})([0-9A-Z]{6})([0-9A-Z]{13}) ?([A-Z])([0-9A-Z]{7})([0-9A-Z]{3}) ?([0-9]{8})")


@dataclass(frozen=True, slots=True)
class Din:
    """A donation identification number. `checked`: the flags carried the check and it agreed."""

    facility: str
    year: str
    sequence: str
    flags: str
    checked: bool

    @property
    def number(self) -> str:
        """The thirteen characters that identify the donation."""
        return self.facility + self.year + self.sequence

    @property
    def shown(self) -> str:
        """As people read it, with the check character boxed at the end."""
        return f"{self.facility} {self.year} {self.sequence} {self.flags} [{check_character(self.number)}]"


@dataclass(frozen=True, slots=True)
class Structure:
    """One data structure of a string: its kind, and its parts by name. `raw`: as scanned."""

    kind: str
    raw: str
    parts: dict[str, str]
    din: Din | None = None


def read_din(text: str) -> Din:
    """A DIN, scanned (`=` and 15 characters) or typed (13 characters and the check character).

    Raises:
        BadInput: it is none, or its check does not agree.
    """
    scanned = _DIN.fullmatch(text.strip())
    if scanned:
        return _din(scanned, text)
    typed = text.strip().upper().replace(" ", "")
    whole = _DIN.fullmatch("=" + typed[:13] + "00")
    if len(typed) == 14 and whole and check_character(typed[:13]) == typed[13]:
        return Din(whole[1], whole[2], whole[3], "00", True)
    raise _refuse(text, "no donation identification number with a check that agrees")


def read_string(text: str) -> tuple[Structure, ...]:
    """Every data structure of a scanned string; a compound message is checked for its count.

    Raises:
        BadInput: unknown or broken structure, a count or a check that does not agree.
    """
    sec = _SEC.fullmatch(text.strip())
    if sec:
        return (_single_european_code(sec, text),)
    pieces = re.findall(r"[=&][^A-Za-z0-9]?[^=&]*", text.strip())
    if not pieces or "".join(pieces) != text.strip():
        raise _refuse(text, "not made of data structures")
    found = [_structure(piece, text) for piece in pieces]
    if found[0].kind == "compound" and int(found[0].parts["count"]) != len(found) - 1:
        raise _refuse(text, f"says {found[0].parts['count']} structures and has {len(found) - 1}")
    if found[0].kind != "compound" and len(found) > 2:
        raise _refuse(text, "more than two structures without a compound message")
    return tuple(found)


def _structure(piece: str, text: str) -> Structure:
    if match := _DIN.fullmatch(piece):
        din = _din(match, text)
        return Structure("din", piece, {"number": din.number, "flags": din.flags}, din)
    if match := _COMPOUND.fullmatch(piece):
        return Structure("compound", piece, {"count": match[1], "message": match[2]})
    if match := _PROCESSOR.fullmatch(piece):
        parts = {"facility": match[1], "facility_product": match[2], "product_description": match[3]}
        return Structure("processor_product", piece, parts)
    if match := _DIVISION.fullmatch(piece):
        return Structure("division", piece, {"division": match[1]})
    if match := _SEC.fullmatch(piece):
        return _single_european_code(match, text)
    if _OTHER.fullmatch(piece):
        return Structure("other", piece, {"identifier": piece[:2], "data": piece[2:]})
    raise _refuse(text, f"unknown or broken structure {piece!r}")


def _din(match: re.Match[str], text: str) -> Din:
    flags = match[4]
    carried = flags.isdigit() and 60 <= int(flags) <= 96
    if carried and ALPHABET[int(flags) - 60] != check_character(match[1] + match[2] + match[3]):
        raise _refuse(text, "the check carried in the flags does not agree")
    return Din(match[1], match[2], match[3], flags, carried)


def _single_european_code(match: re.Match[str], text: str) -> Structure:
    """Country, establishment, donation; coding system, product, split, expiry (Directive (EU) 2015/565)."""
    names = ("country", "establishment", "donation", "system", "product", "split")
    parts = {name: match[number] for number, name in enumerate(names, 1)}
    parts["expires"] = _day(match[7], text).isoformat()
    return Structure("single_european_code", match[0], parts)


def _day(digits: str, text: str) -> date:
    try:
        return datetime.strptime(digits, "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError as cause:
        raise _refuse(text, f"{digits} is no day") from cause


def _refuse(text: str, why: str) -> BadInput:
    return BadInput(
        f"{text[:80]!r}: {why}",
        rule="ISBT 128 data structures; ISO/IEC 7064 Mod 37-2",
        remedy="scan the code again instead of typing it; if it still fails, put the container down",
    )
