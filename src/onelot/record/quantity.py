"""A number of a recipe or rule: value, unit, basis and source, together or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pydantic import ConfigDict


@dataclass(frozen=True)
class Strict:
    """Base of the format's parts: a field nobody knows is refused."""

    __pydantic_config__ = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Source(Strict):
    """Where a number or rule comes from. text: the reference, or for an assumption the reason for it."""

    kind: Literal["cited", "unverified", "assumption"]
    text: str

    @property
    def shown(self) -> str:
        """As it stands beside the number."""
        return self.text if self.kind == "cited" else f"{self.kind}: {self.text}"


@dataclass(frozen=True)
class Quantity(Strict):
    """A number with unit (UCUM; "1" for a ratio or count), basis (per what) and source."""

    value: Decimal
    unit: str
    basis: str
    source: Source
