"""What a wedge scanner typed: a confirmation, a label of ours, or one identifier.

A keyboard-wedge scanner sends the content of a symbol as keys, then Enter. A GS1 DataMatrix comes in brackets, as it
is printed under the symbol, or raw: the symbology identifier `]d2`, and a group separator (ASCII 29) after each
element of variable length. Both are read; content without either is taken word for word as one identifier.
"""

from __future__ import annotations

from dataclasses import dataclass

from onelot.adapters.labels import read_element_string
from onelot.record.errors import BadInput
from onelot.record.identity import read_identifier

CONFIRM = frozenset({"CONFIRM", "OK", "ONELOT-CONFIRM"})
LONGEST = 400
_SEPARATOR, _DATAMATRIX = "\x1d", "]d2"
_FIXED = {"17": 6}
_VARIABLE = ("21", "10", "91", "92")


@dataclass(frozen=True)
class Scanned:
    """What was read. text: the one identifier, "" for a label; label: container, batch, product, expiry, coi."""

    text: str
    label: dict[str, str]

    def reads(self, thing: str) -> str:
        """What it says about a thing: `batch`, `patient` or `container`; an identifier may be any of them."""
        if not self.label:
            return self.text
        return self.label.get("coi" if thing == "patient" else thing, "")

    @property
    def numbers(self) -> str:
        """Its numbers with a blank between: container, batch and chain of identity of a label, or the one read."""
        return self.text or " ".join(self.label[each] for each in ("container", "batch", "coi") if self.label.get(each))

    @property
    def shown(self) -> str:
        """As a person reads it."""
        return self.text or " · ".join(value for value in self.label.values() if value)


def is_confirmation(text: str) -> bool:
    """Whether the confirm code was scanned, or Enter pressed on an empty box."""
    return not text.strip() or text.strip().upper() in CONFIRM


def read_scan(text: str) -> Scanned:
    """What the scanner typed.

    Raises:
        BadInput: too long, or a label that is not ours.
    """
    if len(text) > LONGEST:
        raise BadInput(
            f"{len(text)} characters are too many for one scan",
            rule=f"one scan, one symbol, at most {LONGEST} characters",
            remedy="scan one label alone",
        )
    plain = text.strip(" \t\r\n")
    raw = plain.startswith(_DATAMATRIX) or _SEPARATOR in plain
    plain = plain.removeprefix(_DATAMATRIX).strip(_SEPARATOR)
    if plain.startswith("("):
        return Scanned("", read_element_string(plain))
    if raw:
        return Scanned("", read_element_string(_in_brackets(plain)))
    return Scanned(_identifier(plain), {})


def _in_brackets(raw: str) -> str:
    """Raw GS1 elements as people write them: `(21)…(10)…`."""
    found, rest = "", raw
    while rest:
        code = rest[:2]
        if code in _FIXED:
            value, rest = rest[2 : 2 + _FIXED[code]], rest[2 + _FIXED[code] :].removeprefix(_SEPARATOR)
        elif code in _VARIABLE:
            value, _, rest = rest[2:].partition(_SEPARATOR)
        else:
            # Refused by the reader of labels, with its own words.
            return raw
        found += f"({code}){value}"
    return found


def _identifier(text: str) -> str:
    """An identifier; a chain of identity in groups of four, as a label prints it, in its plain form."""
    try:
        return read_identifier(text)
    except BadInput:
        return text
