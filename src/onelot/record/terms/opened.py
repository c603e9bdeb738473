"""Values as rooms see them: opened by `app.loop` from their seals, never written to a chain like this."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

Value = Decimal | str | bool


@dataclass(frozen=True, slots=True)
class OpenFact:
    """A fact about a patient with its value in the clear.

    value: a number in `unit` (UCUM, the recipe's), a text, or yes/no; original: as it stood in the source, with its
    unit; source: SHA-256 of the document; place: FHIR path, VCF line or person. valid_until: past it the fact blocks.
    """

    name: str
    value: Value
    unit: str
    observed_at: datetime | None
    valid_until: datetime | None
    source: str
    place: str
    original: str = ""
    synthetic: bool = False


@dataclass(frozen=True, slots=True)
class OpenParameter:
    """A tailored parameter with its value in the clear (a number; a text for a guide), and the facts it used."""

    name: str
    value: Value
    unit: str
    basis: str
    formula: str
    rule: str
    rule_source: str
    inputs: tuple[str, ...]

    @property
    def shown(self) -> str:
        """The value as people read it."""
        return f"{self.value:f}" if isinstance(self.value, Decimal) else str(self.value)


def numbers_of(parameters: Mapping[str, OpenParameter]) -> dict[str, Decimal]:
    """The parameters that are numbers: what formulas, charges and phases may read."""
    return {name: found.value for name, found in parameters.items() if isinstance(found.value, Decimal)}
