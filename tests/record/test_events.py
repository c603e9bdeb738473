"""Every event type: JSON and back, nothing extra let in, old versions raised."""

from __future__ import annotations

import types as python_types
import typing
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onelot.record.chain import canonical
from onelot.record.errors import BadInput
from onelot.record.events import base, decode, encode, types, upcast
from onelot.record.life import TABLES

TEXT = st.text(alphabet=st.characters(codec="utf-8"), max_size=12)


def strategy(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a field's type, from its type hint."""
    plain = {
        str: TEXT,
        bool: st.booleans(),
        int: st.integers(-(2**53) + 1, 2**53 - 1),
        Decimal: st.decimals(allow_nan=False, allow_infinity=False),
        datetime: st.datetimes(timezones=st.just(UTC)),
        type(None): st.none(),
    }
    if hint in plain:
        return plain[hint]
    if is_dataclass(hint):
        hints = typing.get_type_hints(hint)
        return st.builds(hint, **{each.name: strategy(hints[each.name]) for each in fields(hint)})
    origin, given_to = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple and given_to[1:] == (...,):
        return st.lists(strategy(given_to[0]), max_size=3).map(tuple)
    if origin in (typing.Union, python_types.UnionType):
        return st.one_of([strategy(each) for each in given_to])
    raise TypeError(f"an event may not hold {hint}")


@pytest.mark.parametrize("name", sorted(types()))
def test_json_and_back(name: str) -> None:
    cls = types()[name]

    @settings(max_examples=15, deadline=None, derandomize=True)
    @given(strategy(cls))
    def round_trip(value: Any) -> None:
        data = encode(value)
        body = canonical(data)  # no floats, nothing without a canonical form
        again = decode(name, cls.event_version, orjson.loads(body))
        assert again == value
        assert canonical(encode(again)) == body

    round_trip()


def objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from objects(item)
    elif isinstance(value, list):
        for item in value:
            yield from objects(item)


@pytest.mark.parametrize("name", sorted(types()))
def test_an_extra_field_is_refused_at_every_depth(name: str) -> None:
    cls = types()[name]

    @settings(max_examples=8, deadline=None, derandomize=True)
    @given(strategy(cls))
    def refuse(value: Any) -> None:
        for number in range(len(list(objects(encode(value))))):
            data = encode(value)
            list(objects(data))[number]["smuggled"] = "in"
            with pytest.raises(BadInput) as refusal:
                decode(name, cls.event_version, data)
            assert name in refusal.value.what

    refuse()


@pytest.mark.parametrize("name", sorted(types()))
def test_a_missing_field_is_refused(name: str) -> None:
    cls = types()[name]
    required = [each.name for each in fields(cls) if each.default.__class__.__name__ == "_MISSING_TYPE"]
    value = strategy(cls)

    @settings(max_examples=3, deadline=None, derandomize=True)
    @given(value)
    def refuse(value: Any) -> None:
        for field in required:
            data = encode(value)
            del data[field]
            with pytest.raises(BadInput):
                decode(name, cls.event_version, data)

    refuse()


def test_unknown_events_and_versions_from_the_future() -> None:
    with pytest.raises(BadInput, match="not known here"):
        decode("NeverHappened", 1, {})
    with pytest.raises(BadInput, match="version 99"):
        decode("Released", 99, {})


def test_every_event_stands_in_its_life_table_and_every_step_is_an_event() -> None:
    listed = {
        subject: {name for row in table.values() for name in row} | set(anywhere)
        for subject, (table, anywhere) in TABLES.items()
    }
    for name, cls in types().items():
        for subject in cls.subjects:
            assert name in listed[subject], f"{name} can never happen to a {subject}"
    for subject, names in listed.items():
        for name in names:
            assert subject in types()[name].subjects


def test_old_versions_are_raised_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "_TYPES", dict(base._TYPES))
    monkeypatch.setattr(base, "_UPCASTS", {})

    @dataclass(frozen=True)
    class Weighed(base.Event):
        grams: str
        by: str

    base.event("batch", 3)(Weighed)
    upcast("Weighed", 1)(lambda data: {"grams": f"{Decimal(data['kg']) * 1000:f}"})
    upcast("Weighed", 2)(lambda data: {**data, "by": "unknown"})
    assert decode("Weighed", 1, {"kg": "1.5"}) == Weighed("1500.0", "unknown")
    assert decode("Weighed", 2, {"grams": "7"}) == Weighed("7", "unknown")
    assert decode("Weighed", 3, {"grams": "7", "by": "me"}) == Weighed("7", "me")


def test_a_name_is_registered_once() -> None:
    @dataclass(frozen=True)
    class Released(base.Event):
        pass

    with pytest.raises(TypeError, match="name of its own"):
        base.event("batch")(Released)


def test_filled_of_before_is_read_without_its_second_person() -> None:
    data = {
        "containers": [], "labels_printed": 1, "labels_used": 0, "labels_destroyed": 1,
        "expires_at": "2026-11-29T12:00:00Z", "contents": [], "contents_unit": "",
    }  # fmt: skip
    old = decode("Filled", 1, data)
    assert (old.verified_by, old.verified_how) == ("", "")  # type: ignore[attr-defined]
    new = decode("Filled", 2, {**data, "verified_by": "person/b", "verified_how": "badge and PIN"})
    assert new.verified_how == "badge and PIN"  # type: ignore[attr-defined]
