"""The audit trail: events of all records somebody may see, searched, newest first; nothing personal in the clear."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from onelot.app.context import Actor
from onelot.app.house import House
from onelot.record.journal import Entry

# What one request reads at most, or little more (a minute is read whole); what is older, the next request reads.
READS = 20_000
# Who may see little of what was written would read next to nothing by that measure: for them it is laid on so often.
_STRETCHES = 10
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


@dataclass(frozen=True)
class Found:
    """What a search found, newest first, and what it searched.

    until: searched from here back, exclusive; None: from now. older: what is older than this was not searched yet;
    None: everything that was asked for, from `until` back, was.
    """

    entries: list[Entry]
    until: datetime | None
    older: datetime | None

    @property
    def whole(self) -> bool:
        """Whether nothing that was asked for is left, newer or older."""
        return self.until is None and self.older is None


def trail(house: House, actor: Actor, search: Search, before: datetime | None = None, reads: int = READS) -> Found:
    """The events that fit, newest first, among the newest `reads` before a moment, or of all records that fit.

    before: where an earlier search ended (`Found.older`). Going on from there until it is None finds everything.
    """
    named = _named(house, search.stream) if search.stream else {}
    if search.stream and sum(named.values()) <= reads:
        entries, older = [entry for stream in named for entry in house.journal.read(stream)], None
    else:
        # What begins later than the search ends need not be read.
        bound = min((each for each in (before, search.until) if each), default=None)
        entries, older = _newest(house, bound, search.since, reads)
    fits = [
        entry for entry in entries
        if search.fits(entry) and (not search.stream or _is_named(entry.stream, search.stream))
        and (before is None or entry.at < before)
    ]  # fmt: skip
    seen = visible(house, actor, {entry.stream for entry in fits}, search.site)
    found = [entry for entry in fits if entry.stream in seen]
    return Found(sorted(found, key=lambda entry: (entry.at, entry.stream, entry.seq), reverse=True), before, older)


def _newest(
    house: House, before: datetime | None, since: datetime | None, reads: int
) -> tuple[list[Entry], datetime | None]:
    """Whole stretches of what may be seen, newest first, and where they end; None where nothing is left to read."""
    entries: list[Entry] = []
    for _ in range(_STRETCHES):
        stretch = house.journal.newest(before, reads)
        entries += stretch.entries
        before = stretch.since
        if before is None or (since is not None and before <= since):
            return entries, None
        if 2 * len(entries) >= reads:
            break
    return entries, before


def _named(house: House, name: str) -> dict[str, int]:
    """Number of events of every record whose name holds this."""
    return {stream: head.seq for stream, head in house.journal.heads().items() if _is_named(stream, name)}


def _is_named(stream: str, name: str) -> bool:
    return name.upper() in stream.upper()


def visible(house: House, actor: Actor, streams: Collection[str], site: str = "") -> set[str]:
    """Those of the records that this person may see, and, with a site, that belong to it."""
    rows = _rows(house, streams)
    found = set()
    for stream in streams:
        sites = _sites(stream, rows)
        if sites is not None and not actor.may_see(*sites):
            continue
        if site and site not in (sites or []) and stream != f"site/{site}":
            continue
        found.add(stream)
    return found


def _rows(house: House, streams: Collection[str]) -> dict[str, dict[str, dict[str, Any]]]:
    """The rows by which sites are told, of these records only."""
    keys: dict[str, list[str]] = {"batch": [], "therapy": [], "equipment": [], "person": []}
    for stream in streams:
        subject, _, name = stream.partition("/")
        keys.get(subject, []).append(name)
    board = house.journal.rows("board", keys["batch"])
    of_batches = [coi for row in board.values() for coi in row["therapies"]]
    return {
        "board": board,
        "therapies": house.journal.rows("therapies", keys["therapy"] + of_batches),
        "equipment": house.journal.rows("equipment", keys["equipment"]),
        "people": house.journal.rows("people", keys["person"]),
    }


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


def as_csv(found: Found) -> bytes:
    """The events as CSV (UTF-8, RFC 4180): stream, number, time, type, by, signed as, fields, hash.

    The last line is no event: it says what was searched. A field that a spreadsheet would take for a formula gets an
    apostrophe before it (OWASP: CSV injection).
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["stream", "seq", "at", "type", "by", "signed_by", "meaning", "fields", "hash"])
    for entry in found.entries:
        signed = entry.signed
        said = "; ".join(f"{name}: {text}" for name, text in fields(entry.envelope["data"]))
        row = [
            entry.stream, str(entry.seq), entry.envelope["at"], entry.envelope["type"], entry.by,
            signed.printed_name if signed else "", signed.meaning if signed else "", said, entry.hash.hex(),
        ]  # fmt: skip
        writer.writerow([f"'{each}" if each[:1] in "=+-@\t\r" and each else each for each in row])
    writer.writerow(["searched", "", "", "", "", "", "", bounds(found), ""])
    return out.getvalue().encode()


def bounds(found: Found) -> str:
    """What was searched, in the language of the record."""
    since, until = (f"{each:%Y-%m-%dT%H:%M:%SZ}" if each else "" for each in (found.older, found.until))
    newer = f"newer than {until} was not searched" if until else ""
    older = f"older than {since} was not searched" if since else ""
    left = "; ".join(filter(None, (newer, older)))
    return f"ONLY A PART: what is {left}" if left else "all that this search asks for"
