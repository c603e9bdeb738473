"""The smallest parts of a recipe: where a number comes from, and the number itself."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pydantic import ConfigDict


@dataclass(frozen=True)
class Strict:
    """Base of every part of a recipe: what the format does not name is refused."""

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
