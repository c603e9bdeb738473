"""Multiple-allele codes of HLA typings (`A*01:AB`), expanded by the table of the site. None is shipped, none fetched.

A generic code stands for second fields (`AB` = 01/02: `A*01:01`, `A*01:02`); an allele code for whole two-field names
(`01:01/02:05`), whatever the first field of the typing says; the typing's own first field must be among them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from onelot.record.errors import BadInput

RULE = "multiple-allele codes: tab-separated mark, code, alternatives joined by `/` (NMDP's alpha.v3.txt)"
_CODE = re.compile(r"^((?:HLA-)?[A-Z0-9]+\*)(\d+):([A-Z]{2,})$")
# Suffixes of expression stand alone; XX means any allele of the group and is no code of the table.
_LINE = re.compile(r"^\*?\t([A-Z]{2,})\t(\d[\d:/A-Z]*)$")


def read_codes(lines: Iterable[str], source: str) -> dict[str, tuple[str, ...]]:
    """Code -> alternatives.

    Raises:
        BadInput: a line of another form, a code that stands twice, or no code at all; place is source:line.
    """
    found: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(lines, 1):
        text = line.rstrip("\r\n")
        if not text.strip() or text.startswith(("LAST UPDATED", "*\tCODE", "#")):
            continue
        read = _LINE.match(text)
        if read is None or read[1] in found:
            what = "stands twice" if read else "is no line of the table"
            raise BadInput(f"{text[:60]!r} {what}.", rule=RULE, remedy="Supply the table as it was published.",
                           place=f"{source}:{number}")  # fmt: skip
        found[read[1]] = tuple(read[2].split("/"))
    if not found:
        raise BadInput("The table holds no code.", rule=RULE, remedy="Name the right file.", place=source)
    return found


def expand(text: str, codes: Mapping[str, tuple[str, ...]] | None, place: str | None = None) -> str:
    """A typing with its codes written out, to be read by `parse_typing`; one without a code as it is.

    Raises:
        BadInput: there is a code and the site has no table, the table lacks it, or none of its alleles fits.
    """
    return "/".join(_expanded(part.strip(), codes, place) for part in text.strip().split("/"))


def _expanded(part: str, codes: Mapping[str, tuple[str, ...]] | None, place: str | None) -> str:
    found = _CODE.match(part)
    if found is None:
        return part
    locus, first, code = found.groups()
    if codes is None or code not in codes:
        what = "no table of codes was named" if codes is None else "the site's table does not hold it"
        raise BadInput(f"{part[:40]!r} is a multiple-allele code, and {what}.", rule=RULE, place=place,
                       remedy="Put alpha.v3.txt beside the group files, or have the alleles named.")  # fmt: skip
    alternatives = [each if ":" in each else f"{first}:{each}" for each in codes[code]]
    if first not in {each.partition(":")[0] for each in alternatives}:
        raise BadInput(f"{part[:40]!r}: the code stands for no allele of group {first}.", rule=RULE, place=place,
                       remedy="Check the typing at the laboratory.")  # fmt: skip
    return "/".join(f"{locus}{each}" for each in alternatives)
