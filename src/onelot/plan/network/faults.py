"""How a document of this room is read: by its nouns, and refused with the JSON path of the first fault."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from onelot.plan.network.terms import Term
from onelot.record.errors import BadInput

T = TypeVar("T", bound=Term)


@dataclass(frozen=True)
class Faults:
    """One kind of document: what it is called, the schema it follows, and what to do about a fault in it."""

    noun: str
    rule: str
    remedy: str

    def read(self, model: type[T], data: Mapping[str, Any]) -> T:
        """The document as its frozen noun.

        Raises:
            BadInput: `place` is the JSON path of the first fault.
        """
        try:
            return model.model_validate(data)
        except ValidationError as fault:
            first = fault.errors(include_url=False, include_input=False)[0]
            raise self.bad(_path(first["loc"]), f"The {self.noun} cannot be read: {first['msg']}") from None

    def bad(self, path: str, what: str, remedy: str = "") -> BadInput:
        """The refusal of what stands at a path."""
        return BadInput(what, rule=self.rule, remedy=remedy or self.remedy, place=path)

    def unique(self, keys: Iterable[Hashable], path: str, noun: str) -> None:
        """Refuse the second of two equal keys in a list."""
        seen: dict[Hashable, int] = {}
        for index, key in enumerate(keys):
            if key in seen:
                what = f"Duplicate {noun} {key!r}: it already stands at {path}[{seen[key]}]"
                raise self.bad(f"{path}[{index}]", what)
            seen[key] = index

    def known(self, name: str, names: set[str], path: str, noun: str) -> None:
        """Refuse a name that is none of these."""
        if name not in names:
            raise self.bad(path, f"Unknown {noun} {name!r}")


def _path(parts: Sequence[int | str]) -> str:
    """A JSON path, `$.plants[0].lines`, from the parts of a location."""
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
