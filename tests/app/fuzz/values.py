"""Values nobody at work would send: what breaks parsers, arithmetic, clocks, files, pages and logs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

SCRIPT = "<script>alert(1)</script>"
TEXTS = (
    "", " ", "\t", "x" * 300, "y" * 2_001, "z" * 10_001, "\x00", "a\x00b", "\x07\x1b[31m", "line\r\nSet-Cookie: a=1",
    "\ud800", "\udcff", "\ufeff", "\ufffe", "\u202eevil", "\u2066x\u2069", "é" * 40, "e\u0301", "ß", "İ", "👩‍🔬", "𝟙𝟚",
    "１２", "٣", "²", "½", "Ⅷ", "1\u00a0000", "x\u2028y", SCRIPT, f'"><img src=x onerror={SCRIPT}>', "'\"`<>&",
    "{{7*7}}", "{0}{x.__class__}", "%s%n%(x)s", "${jndi:ldap://x}", "../../../../etc/passwd", "..\\..\\boot.ini",
    "/etc/passwd", "file:///etc/passwd", "~root", "C:\\", "a/b", "//", ".", "..", "%2e%2e%2f", "%00", "%", "%zz",
    "%ff%fe", "+", "&a=b", "=cmd|' /C calc'!A0", "' OR 1=1--", "null", "None", "undefined", "true", "[]", "{}", "$.a",
    "#/a", "person/", "person/nobody", "batch/", "system", "*", "root", "(21)X(10)Y(91)Z", "]d2\x1d21X", "(", "()",
    "(21)", "=A9999 26 000001 00", "a" * 30 + "!", "(a+)+$",
)  # fmt: skip
NUMBERS = (
    "NaN", "sNaN", "-NaN123", "Infinity", "-Infinity", "inf", "1e999999", "1E-999999", "-1e999999999999",
    "1e9999999999999999999", "0", "-0", "-1", "0.1", "1e3", "1e40", "1e41", "1e-41", "9" * 60, "9" * 61, "9" * 5_000,
    "0." + "1" * 400, "1_000", "1,5", "1,000.5", "0x10", "1.", ".5", "+1", "--1", "1e", "e1", "1 2", "१२",
    "2147483648", "9223372036854775808", "-9223372036854775809",
)  # fmt: skip
MOMENTS = (
    "0000-01-01T00:00:00Z", "0001-01-01", "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z", "1583-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999999-23:59", "9999-12-31", "10000-01-01T00:00:00Z",
    "-0001-01-01T00:00Z", "2026-02-30T00:00:00Z", "2026-02-29", "2026-13-01", "2026-09-10", "2026-09-10T12:00",
    "2026-09-10T12:00:00Z", "2026-W37-4", "20260910T120000Z", "2026-09-10T24:00:00Z", "2026-09-10T12:00:60Z",
    "2026-09-10T12:00:00+24:00", "2026-09-10T12:00:00+23:59", "2026-09-10T12:00:00.123456789Z", "2026-253", "now",
    "1e20", "-62135596800", "253402300800", "99999999999999999999", "12:00",
)  # fmt: skip
ODD = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, -(2**63) - 1, 10**40, 10**400, 0.1, -0.0, 1e308, 1e-308,
    float("nan"), float("inf"), float("-inf"), [], [[]], [None], {}, {"": None}, {"a": {"a": {"a": []}}},
    {"$ref": "#"},
)  # fmt: skip


def text(rng: Random) -> str:
    """A hostile text."""
    kind = rng.randrange(8)
    if kind == 0:
        return "".join(
            chr(rng.choice((rng.randrange(128), rng.randrange(0x3000), rng.randrange(0x110000)))) for _ in range(6)
        )
    return rng.choice(TEXTS if kind < 4 else NUMBERS if kind < 6 else MOMENTS)


@dataclass(frozen=True)
class Known:
    """Texts that stand for something in the house. by_field: those seen in a field of this name."""

    by_field: Mapping[str, tuple[str, ...]]
    all: tuple[str, ...]

    def string(self, rng: Random, field: str = "") -> str:
        """A text in a field: of its kind, of another, or hostile."""
        kind = rng.randrange(6)
        if kind < 3 and field in self.by_field:
            return rng.choice(self.by_field[field])
        return text(rng) if kind else rng.choice(self.all)

    def anything(self, rng: Random, field: str = "") -> Any:
        """A JSON value in a field."""
        return rng.choice(ODD) if not rng.randrange(4) else self.string(rng, field)


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value: keys and indexes from the root."""
    yield at
    if isinstance(value, dict):
        for key, each in value.items():
            yield from places(each, (*at, key))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from places(each, (*at, number))


def with_value(value: Any, at: tuple[Any, ...], new: Any) -> Any:
    """A copy with another value at a place."""
    if not at:
        return new
    head, rest = at[0], at[1:]
    if isinstance(value, dict):
        return {key: with_value(each, rest, new) if key == head else each for key, each in value.items()}
    return [with_value(each, rest, new) if number == head else each for number, each in enumerate(value)]


def without(value: Any, at: tuple[Any, ...]) -> Any:
    """A copy that lacks what stands at a place; of a list nothing is left."""
    if not at:
        return None
    head, rest = at[0], at[1:]
    if isinstance(value, dict):
        return {key: without(each, rest) if key == head else each for key, each in value.items() if rest or key != head}
    return [without(each, rest) if number == head else each for number, each in enumerate(value)] if rest else []


def spoilt(rng: Random, value: Any, known: Known) -> Any:
    """A JSON value with nothing, or one to three places of it, other than they were."""
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3))):
        at = rng.choice([each for each in places(value) if each] or [()])
        here = _at(value, at)
        match rng.randrange(10):
            case 0:
                value = without(value, at)
            case 1:
                value = with_value(value, at, [here] * rng.choice((0, 2, 3 if isinstance(here, dict | list) else 300)))
            case 2 if isinstance(here, dict):
                value = with_value(value, at, {**here, text(rng): text(rng)})
            case _:
                field = next((each for each in reversed(at) if isinstance(each, str)), "")
                value = with_value(value, at, known.anything(rng, field))
    return value


def _at(value: Any, at: tuple[Any, ...]) -> Any:
    for each in at:
        value = value[each]
    return value
