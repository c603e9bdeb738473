"""A guideline table as a document of the house: one drug, its lines, its source; registered, approved and signed.

The text stands whole in the registration, as a recipe's does, so that a record shows by which words it was weighed. A
site replaces a table by registering a new version; what was weighed by the older one is then for review.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from onelot.record.errors import BadInput
from onelot.record.quantity import Strict
from onelot.tailor.pharmacogenomics import Guidance, GuidanceLine

FORMAT = "onelot-guideline/1"


@dataclass(frozen=True)
class Line(Strict):
    """One recommendation. as_usual: it changes nothing against the label, as read by whoever approved the table."""

    when: Mapping[str, str]
    population: str | None
    strength: str | None
    text: str
    implications: tuple[str, ...] = ()
    as_usual: bool = False


@dataclass(frozen=True)
class Guideline(Strict):
    """The guidance on one drug. none: what to do instead where no genetic guidance exists; then there are no lines."""

    schema: Literal["onelot-guideline/1"]
    drug: str
    table: str
    version: str
    source: str
    licence: str
    lines: tuple[Line, ...] = ()
    none: str = ""

    @property
    def genes(self) -> tuple[str, ...]:
        """What the table asks about, sorted."""
        return tuple(sorted({gene for line in self.lines for gene in line.when}))


@cache
def _adapter() -> TypeAdapter[Guideline]:
    return TypeAdapter(Guideline)


def read_guideline(data: Any, *, place: str = "guideline") -> Guideline:
    """A guideline from its JSON value.

    Raises:
        BadInput: with the path of the first thing that does not fit, or neither lines nor a word on what to do instead.
    """
    try:
        found = _adapter().validate_python(data)
    except ValidationError as cause:
        first = cause.errors()[0]
        path = "/".join(str(part) for part in first["loc"])
        raise _bad(f"the guideline does not fit the format: {first['msg']}", f"{place}#/{path}") from cause
    if bool(found.lines) == bool(found.none.strip()):
        raise _bad("a guideline has either lines or a word on what to do instead", f"{place}#/lines")
    if any(not line.when for line in found.lines):
        raise _bad("a line says for no gene when it applies", f"{place}#/lines")
    return found


def write_guideline(guideline: Guideline) -> dict[str, Any]:
    """The guideline as JSON values."""
    value: dict[str, Any] = _adapter().dump_python(guideline, mode="json")
    return value


def guidance_of(guidelines: Iterable[Guideline]) -> Guidance:
    """What the gate weighs by."""
    found = tuple(guidelines)
    return Guidance(
        {each.drug: _lines(each) for each in found if each.lines},
        {each.drug: each.none for each in found if not each.lines},
    )


def _lines(guideline: Guideline) -> tuple[GuidanceLine, ...]:
    return tuple(
        GuidanceLine(
            guideline.drug,
            line.when,
            line.population,
            line.strength,
            line.text,
            line.implications,
            guideline.table,
            guideline.version,
            line.as_usual,
        )
        for line in guideline.lines
    )


def _bad(what: str, place: str) -> BadInput:
    return BadInput(
        what, rule=FORMAT, remedy="mend the file at this place; `onelot tailor guideline` writes ours", place=place
    )
