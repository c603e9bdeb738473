"""Times, numbers, units, names and states as people read them: the filters of the templates."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from jinja2 import pass_context
from jinja2.runtime import Context as Given
from markupsafe import Markup, escape

from onelot.app.advice import PGX
from onelot.app.tailoring import brief, number
from onelot.record.identity import grouped

# state -> (class of the tag, shape); the word itself is the state's.
_TAGS = {
    "released": ("done", "●"),
    "administered": ("done", "●"),
    "approved": ("done", "●"),
    "optimal": ("done", "●"),
    "infeasible": ("stopped", "■"),
    "withdrawn": ("stopped", "■"),
    "draft": ("risk", "▲"),
    "rejected": ("stopped", "■"),
    "terminated": ("stopped", "■"),
    "returned": ("stopped", "■"),
    "held": ("stopped", "■"),
    "quarantine": ("risk", "▲"),
    "exceptional_supply": ("risk", "▲"),
}
_NUMBER = re.compile(r"-?\d{1,40}(\.\d{1,40})?")
_HUMPS = re.compile(r"(?<=[a-z])(?=[A-Z])")
# A name of ours, as in `PhaseStarted` or `in_process`; what is none, such as a lot's number, is shown as it stands.
_NAME = re.compile(r"[A-Z]?[a-z0-9_ ()]*([A-Z][a-z0-9]+)*")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})")


@pass_context
def shown_time(given: Given, value: str | datetime | None) -> str:
    """`22 Nov 2026 09:12 UTC`, or nothing."""
    if not value:
        return ""
    at = (datetime.fromisoformat(value) if isinstance(value, str) else value).astimezone(UTC)
    month = given["t"]["common"]["months"].split()[at.month - 1]
    return f"{at:%d} {month} {at:%Y %H:%M} UTC"


@pass_context
def shown_span(given: Given, value: timedelta) -> str:
    """`2 d 4 h`, or `35 min` below an hour."""
    word, minutes = given["t"]["common"], max(int(value.total_seconds() // 60), 0)
    if minutes < 60:
        return f"{minutes} {word['minutes']}"
    days, hours = divmod(minutes // 60, 24)
    return " ".join(f"{n} {word[unit]}" for n, unit in ((days, "days"), (hours, "hours")) if n)


@pass_context
def shown_tick(given: Given, at: datetime, span: str) -> str:
    """A mark on a time axis: the hour of a day, else weekday and day, with the month where it is needed."""
    if span == "day":
        return f"{at:%H:%M}"
    word = given["t"]["common"]
    month = word["months"].split()[at.month - 1] if span == "month" or at.day == 1 else ""
    return f"{word['weekdays'].split()[at.weekday()]} {at.day} {month}".strip()


def digits(value: object) -> str:
    """A plain number with its large digits in groups of three; anything else as it is."""
    text = str(value)
    return number(Decimal(text)) if _NUMBER.fullmatch(text) else text


def shown_id(name: str) -> str:
    """A batch number or chain of identity with its number in groups of four."""
    head, dash, tail = name.rpartition("-")
    number = tail if dash else name
    if len(number) == 13 and number.isalnum():
        return f"{head} {grouped(number)}".strip()
    return name


def natural(name: str) -> tuple[str, int, str]:
    """What units are sorted by: `suite-2` before `suite-10`."""
    head, _, tail = name.partition("@")[0].rpartition("-")
    return (head or name, int(tail) if tail.isdigit() else 0, name)


def tag(state: str) -> tuple[str, str]:
    """Class and shape of a state."""
    return _TAGS.get(state, ("now", "◐"))


@pass_context
def words(given: Given, name: str) -> str:
    """`PhaseStarted` or `in_process` in plain words of the reader's language."""
    if name.startswith(PGX):
        return name.removeprefix(PGX)  # a gene is called by its symbol
    found = given["speaker"].word(name)
    if found:
        return str(found)
    if not _NAME.fullmatch(name):
        return name
    parts = _HUMPS.sub(" ", name).replace("_", " ").split(" ")
    return " ".join(each if len(each) > 1 and each.isupper() else each.lower() for each in parts).strip()


def shown_hour(at: datetime) -> str:
    """`09:12 UTC`."""
    return f"{at.astimezone(UTC):%H:%M} UTC"


def with_moments(given: Given, text: str) -> str:
    """A text in which each moment is one that people read, with its zone; everything else as it stands."""

    def read(found: re.Match[str]) -> str:
        try:
            return shown_time(given, found[0])
        except (ValueError, OverflowError):
            return found[0]  # it looks like a moment and is none: somebody typed the 30th of February

    return _MOMENT.sub(read, text)


def shown_number(value: Decimal | str) -> str:
    """A number as people read it: `92.3`, `4.1e8`; three digits from a million on."""
    value = Decimal(value)
    if abs(value) < 1_000_000:
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    digits, _, power = f"{value:.2e}".partition("e")
    return f"{digits.rstrip('0').rstrip('.')}e{int(power)}"


@pass_context
def shown_day(given: Given, at: datetime) -> str:
    """`22 Nov 2026`, of a moment in UTC."""
    at = at.astimezone(UTC)
    return f"{at:%d} {given['t']['common']['months'].split()[at.month - 1]} {at:%Y}"


def shown_unit(unit: str) -> str:
    """A UCUM unit as people read it: `{copies}/{cells}` is copies/cells. Braces hold UCUM's annotations (UCUM §12)."""
    return type(unit)(re.sub(r"\{([^{}]*)\}", r"\1", unit))  # marked-up text stays marked up


def fill(text: str, **values: object) -> str:
    """`{n} events` with its values; marked up where one of them is."""
    marked = any(isinstance(each, Markup) for each in values.values())
    return escape(text).format(**values) if marked else text.format(**values)


FILTERS = {
    "time": shown_time,
    "day": shown_day,
    "hour": shown_hour,
    "figure": shown_number,
    "span": shown_span,
    "tick": shown_tick,
    "ident": shown_id,
    "words": words,
    "tag": tag,
    "fill": fill,
    "brief": brief,
    "digits": digits,
    "units": shown_unit,
}
