"""Chain of identity: one number per therapy event, and the comparison at every scan.

Our own number by default: 12 letters and digits and one ISO 7064 Mod 37-2 check character, shown in groups of four.
The alphabet leaves nothing out, because the check is defined over 0-9 A-Z; what is misread is caught by the check.
Other parties' numbers (an ISBT 128 chain-of-identity identifier, a hospital's, a sponsor's) are aliases of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from hashlib import sha256

from onelot.record.errors import BadInput, Mismatch

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*"
LENGTH = 12


def own_mark(number: str) -> str:
    """What marks a lot as made for one chain of identity without saying which: SHA-256, 64 hex digits.

    The numbers are random, 36 to the power of 12 of them: a mark is not turned back by trying, and says nothing of a
    patient to whoever knows no number.
    """
    return sha256(f"onelot own lot/{number}".encode()).hexdigest()


def check_character(text: str) -> str:
    """ISO/IEC 7064 Mod 37-2 check character over 0-9 A-Z; `*` stands for 36.

    The published sample ABCDE27000069 gives C (process.md §4: check = (38 - s) mod 37).
    """
    total = 0
    for symbol in text:
        value = ALPHABET.find(symbol)
        if not 0 <= value < 36:
            raise BadInput(
                f"{symbol!r} cannot stand in an identifier",
                rule="ISO/IEC 7064 Mod 37-2: 0-9 and A-Z only",
                remedy="scan the code again instead of typing it",
            )
        total = (total + value) * 2 % 37
    return ALPHABET[(38 - total) % 37]


def make_identifier(number: int) -> str:
    """The chain-of-identity number for a random number below 36**12."""
    symbols = []
    for _ in range(LENGTH):
        number, rest = divmod(number, 36)
        symbols.append(ALPHABET[rest])
    text = "".join(reversed(symbols))
    return text + check_character(text)


def read_identifier(scanned: str) -> str:
    """A scanned or typed number without its spaces and dashes, its check character verified."""
    text = scanned.strip().upper().replace("-", "").replace(" ", "")
    if len(text) != LENGTH + 1 or check_character(text[:-1]) != text[-1]:
        raise BadInput(
            f"{scanned!r} is not a chain-of-identity number",
            rule="12 characters and an ISO/IEC 7064 Mod 37-2 check character",
            remedy="scan the label again; if it still fails, put the container down and call the supervisor",
        )
    return text


def names_therapy(said: str, coi: str, aliases: Collection[str]) -> bool:
    """Whether a text names this therapy: our number, or another party's that stands on the record.

    Raises:
        BadInput: it looks like a number of ours and was misread, so that nothing was compared.
    """
    if said.strip() in aliases:
        return True
    plain = said.strip().upper().replace("-", "").replace(" ", "")
    try:
        return read_identifier(said) == coi
    except BadInput:
        if len(plain) == LENGTH + 1 and plain.isalnum() and plain.isascii():
            raise
        return False


def grouped(identifier: str) -> str:
    """In groups of four, as it is shown to people."""
    return "-".join(identifier[i : i + 4] for i in range(0, len(identifier), 4))


def differing(expected: Mapping[str, str], scans: Mapping[str, str]) -> tuple[str, ...]:
    """The things that were not scanned, or read otherwise than expected."""
    return tuple(thing for thing, text in expected.items() if scans.get(thing) != text)


def compare(expected: Mapping[str, str], scans: Mapping[str, str]) -> None:
    """Refuse unless every expected thing was scanned and reads as expected.

    Args:
        expected: thing -> text it must read as.
        scans: thing -> text that was read.

    Raises:
        Mismatch: naming every thing that is missing or differs.
    """
    wrong = [
        f"{thing}: scanned {scans.get(thing) or 'nothing'}, expected {expected[thing]}"
        for thing in differing(expected, scans)
    ]
    if wrong or not expected:
        raise Mismatch(
            "identity does not agree: " + ("; ".join(wrong) or "nothing to compare with"),
            rule="chain of identity: every scan compares batch, container and patient",
            remedy="put it down, do not use it; a deviation is open, call the supervisor",
        )
