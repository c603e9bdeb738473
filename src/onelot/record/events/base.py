"""What makes a frozen dataclass an event: a registered name and version, JSON in and out, its JSON Schema.

Field types are those of `record.terms` plus str, int, bool, Decimal, aware datetime, tuples and None.
Decimals and times are strings in JSON; there are no floats in a record.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, is_dataclass
from functools import cache
from typing import Any, ClassVar, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from onelot.record.errors import BadInput

E = TypeVar("E", bound="Event")


@dataclass(frozen=True)
class Event:
    """Base of every event. `subjects` are the kinds of stream it may stand in, `subject` the first of them;
    `event_version` is that of its fields."""

    subject: ClassVar[str]
    subjects: ClassVar[tuple[str, ...]]
    event_version: ClassVar[int] = 1
    __pydantic_config__ = ConfigDict(extra="forbid", strict=False)


_TYPES: dict[str, type[Event]] = {}
_UPCASTS: dict[tuple[str, int], Callable[[dict[str, Any]], dict[str, Any]]] = {}


def event(subject: str, version: int = 1, *, also: str = "") -> Callable[[type[E]], type[E]]:
    """Register a frozen dataclass as an event of this kind of stream. also: another kind it may stand in."""

    def register(cls: type[E]) -> type[E]:
        if not is_dataclass(cls) or cls.__name__ in _TYPES:
            raise TypeError(f"{cls.__name__} must be a dataclass with a name of its own")
        cls.subject, cls.event_version = subject, version
        cls.subjects = (subject, also) if also else (subject,)
        _TYPES[cls.__name__] = cls
        return cls

    return register


def upcast(name: str, version: int) -> Callable[[Callable[[dict[str, Any]], dict[str, Any]]], None]:
    """Register how the data of this version of an event becomes that of the next version."""

    def register(change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        _UPCASTS[(name, version)] = change

    return register


@cache
def _adapter(name: str) -> TypeAdapter[Any]:
    return TypeAdapter(_TYPES[name])


def types() -> dict[str, type[Event]]:
    """Every event type by name."""
    return dict(_TYPES)


def encode(value: Event) -> dict[str, Any]:
    """The event's data as JSON values."""
    dumped: dict[str, Any] = _adapter(type(value).__name__).dump_python(value, mode="json")
    return dumped


def decode(name: str, version: int, data: dict[str, Any]) -> Event:
    """The event of this name and version from its JSON data, raised to today's version.

    Raises:
        BadInput: unknown event, a version from the future, or data that do not fit.
    """
    cls = _TYPES.get(name)
    if cls is None or version > cls.event_version:
        raise BadInput(
            f"event {name} version {version} is not known here",
            rule="event types are versioned and never removed",
            remedy="read it with the onelot version that wrote it, or a later one",
        )
    while version < cls.event_version:
        data = _UPCASTS[(name, version)](data)
        version += 1
    try:
        found: Event = _adapter(name).validate_python(data)
    except ValidationError as cause:
        raise BadInput(
            f"the data of {name} do not fit its schema: {cause.errors()[0]['loc']} {cause.errors()[0]['msg']}",
            rule=f"event schema {name}/{cls.event_version}",
            remedy="verify the export or the journal; an event is never edited",
        ) from cause
    return found


def schema(name: str) -> dict[str, Any]:
    """JSON Schema (2020-12) of the event's data."""
    found = _adapter(name).json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"onelot:event:{name}", **found}
