"""The audit trail: events of all records somebody may see, searched, newest first; nothing personal in the clear."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from heapq import nlargest
from typing import Any

from onelot.app.context import Actor
from onelot.app.house import House
from onelot.record.journal import Entry

# What one search gives at most; an older event is found by narrowing the search.
MOST = 10_000
# Free text that a person typed or a long text: it stands in the record itself, which opens for its roles only.
_LONG = {"text", "html"}


@dataclass(frozen=True)
class Search:
    """What is looked for; empty means any. since is inclusive, until exclusive (UTC)."""

    stream: str = ""
    person: str = ""
    kind: str = ""
    site: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def fits(self, entry: Entry) -> bool:
        """Whether an event is one of those looked for."""
        return (
            self.kind in ("", entry.envelope["type"])
            and (not self.person or self.person in (entry.by, entry.by.removeprefix("person/")))
            and (self.since is None or entry.at >= self.since)
            and (self.until is None or entry.at < self.until)
        )


def trail(house: House, actor: Actor, search: Search) -> list[Entry]:
    """The events that fit, newest first, MOST at most."""
    found = (entry for stream in streams(house, actor, search) for entry in house.journal.read(stream))
    return nlargest(MOST, filter(search.fits, found), key=lambda entry: (entry.at, entry.stream, entry.seq))


def streams(house: House, actor: Actor, search: Search) -> Iterator[str]:
    """The records this person may see that belong to the search."""
    rows = {view: house.journal.rows(view) for view in ("board", "therapies", "equipment", "people")}
    for stream in house.journal.heads():
        if search.stream and search.stream.upper() not in stream.upper():
            continue
        sites = _sites(stream, rows)
        if sites is not None and not actor.may_see(*sites):
            continue
        if search.site and search.site not in (sites or []) and stream != f"site/{search.site}":
            continue
        yield stream


def _sites(stream: str, rows: dict[str, dict[str, dict[str, Any]]]) -> list[str] | None:
    """The sites a record belongs to; None for what is everybody's: documents, lots, sites, the journal itself."""
    subject, _, name = stream.partition("/")
    match subject:
        case "batch":
            row = rows["board"].get(name)
            own = [row["site"]] if row else []
            return own + [site for coi in (row["therapies"] if row else ()) for site in _of(rows["therapies"], coi)]
        case "therapy":
            return _of(rows["therapies"], name)
        case "equipment":
            return [str(rows["equipment"].get(name, {}).get("site", ""))]
        case "person":
            return _of(rows["people"], name)
    return None


def _of(rows: dict[str, dict[str, Any]], key: str) -> list[str]:
    return [str(site) for site in rows.get(key, {}).get("sites", [])]


def fields(data: dict[str, Any]) -> list[tuple[str, str]]:
    """The plain fields of an event. What is sealed is named and not opened, and long texts are left out."""
    return [(name, text) for name, value in data.items() if name not in _LONG and (text := _plain(value))]


def _plain(value: Any) -> str:
    match value:
        case None | "" | False | []:
            return ""
        case True:
            return "✓"
        case {"commitment": _}:
            return "⊘"
        case {"stream": stream, "seq": seq, **rest} if rest.keys() == {"hash"}:
            return f"{stream}#{seq}"
        case {"name": name, **rest} if "value" in rest or "parameter" in rest:
            return str(name)
        case dict():
            return ", ".join(f"{name} {text}" for name, each in value.items() if (text := _plain(each)))
        case list():
            return ", ".join(filter(None, map(_plain, value)))
    return str(value)


def as_csv(entries: list[Entry]) -> bytes:
    """The events as CSV (UTF-8, RFC 4180): stream, number, time, type, by, signed as, fields, hash.

    A field that a spreadsheet would take for a formula gets an apostrophe before it (OWASP: CSV injection).
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["stream", "seq", "at", "type", "by", "signed_by", "meaning", "fields", "hash"])
    for entry in entries:
        signed = entry.signed
        said = "; ".join(f"{name}: {text}" for name, text in fields(entry.envelope["data"]))
        row = [
            entry.stream, str(entry.seq), entry.envelope["at"], entry.envelope["type"], entry.by,
            signed.printed_name if signed else "", signed.meaning if signed else "", said, entry.hash.hex(),
        ]  # fmt: skip
        writer.writerow([f"'{each}" if each[:1] in "=+-@\t\r" and each else each for each in row])
    return out.getvalue().encode()
