"""What the pages of the network show: drawings with links, figures with what is behind them, documents on record."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import orjson
from markupsafe import Markup

from onelot.app.document_kinds import NETWORK
from onelot.app.drawings.network import draw_front, draw_loads, draw_schematic, draw_side_by_side
from onelot.app.drawings.svg import Drawing
from onelot.app.drawings.words import Words
from onelot.app.house import House
from onelot.app.network_study import Study
from onelot.app.networks import approved, in_force
from onelot.app.web.reading import names
from onelot.plan.network import Answer, Behind, Ledger, Share, SignedNetwork, read_signed_network
from onelot.plan.network.signed import Shipment
from onelot.record.errors import BadInput, Held
from onelot.record.subjects import Document

STUDY = "/screen/network/study"
ROWS = 200
_LINE = re.compile(r"\s*([^:]+):\s*(.*)")


@dataclass(frozen=True)
class Figure:
    """A number of an answer: its name among the page's words, as it is shown, and the address of what is behind it."""

    name: str
    shown: str
    address: str = ""


@dataclass(frozen=True)
class Shown:
    """An answer as a page shows it. drawings: name -> markup, ours and escaped."""

    answer: Answer
    point: int | None
    scenario: str
    figures: tuple[Figure, ...]
    parts: tuple[Figure, ...]
    turnaround: tuple[Figure, ...]
    plants: tuple[tuple[str, Figure, Figure, Figure], ...]
    drawings: Mapping[str, Markup]
    others: tuple[Study, ...]


def study_of(study: Study, point: int | None, scenario: str, others: Sequence[Study], words: Words) -> Shown:
    """The study, or one point of its front, with the studies that stand beside it. words: those of the drawings."""
    answer, network = study.answer(point), study.network
    names = [known.id for known in network.scenarios]
    if scenario and scenario not in names:
        raise BadInput(f"there is no scenario {scenario}", rule="$.scenarios", remedy=f"one of: {', '.join(names)}")
    scenario = scenario or (names[0] if names else "")

    def link(pointer: str) -> str:
        if pointer.startswith("/front/"):
            return f"{STUDY}/{study.key}?point={pointer.removeprefix('/front/')}"
        return _behind(study, pointer, point)

    drawings: dict[str, Drawing] = {}
    if answer.objective is not None:
        drawings["flows"] = draw_schematic(network, answer, link, words)
        drawings["loads"] = draw_loads(network, answer, scenario or None, link, words)
    if study.answer().front:
        drawings["front"] = draw_front(study.answer(), link, point, words)
    if others:
        compared = [study, *others]

        def among(pointer: str) -> str:
            number, _, rest = pointer.strip("/").partition("/")
            return _behind(compared[int(number)], f"/{rest}", point if number == "0" else None)

        rows = [(study.name, answer), *((each.name, each.answer()) for each in others)]
        drawings["beside"] = draw_side_by_side(rows, among, words)
    return Shown(
        answer, point, scenario, tuple(_figures(study, answer, point)), tuple(_parts(study, answer, point)),
        tuple(_turnaround(study, answer, point)), tuple(_plants(study, answer, point)),
        {name: Markup(each.svg) for name, each in drawings.items()},  # noqa: S704 - ours, escaped
        tuple(others),
    )  # fmt: skip


def _behind(study: Study, pointer: str, point: int | None) -> str:
    query = {"at": pointer} | ({} if point is None else {"point": str(point)})
    return f"{STUDY}/{study.key}/behind?{urlencode(query)}"


def _money(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.2f}"


def _figures(study: Study, answer: Answer, point: int | None) -> Iterator[Figure]:
    if answer.objective is None:
        return
    patients = sum(answer.turnaround.values())
    yield Figure("total", _money(answer.cost["total"]), _behind(study, "/cost/total", point))
    if answer.patient_days is not None and patients:
        yield Figure("mean_days", f"{answer.patient_days / patients:.2f}", _behind(study, "/patient_days", point))
    if answer.lower_bound is not None:
        yield Figure("bound", _money(answer.lower_bound))
        yield Figure("gap", f"{answer.gap or 0:.3%}")
    if answer.seconds is not None:
        yield Figure("seconds", f"{answer.seconds:.2f}")


def _parts(study: Study, answer: Answer, point: int | None) -> Iterator[Figure]:
    for name, cost in answer.cost.items():
        if cost or name == "total":
            yield Figure(name, _money(cost), _behind(study, f"/cost/{name}", point))


def _turnaround(study: Study, answer: Answer, point: int | None) -> Iterator[Figure]:
    for days, count in sorted(answer.turnaround.items()):
        yield Figure(str(days), f"{count:g}", _behind(study, f"/turnaround/{days}", point))


def _plants(study: Study, answer: Answer, point: int | None) -> Iterator[tuple[str, Figure, Figure, Figure]]:
    for index, plant in enumerate(answer.plants):
        at = f"/plants/{index}"
        yield (
            plant.id,
            Figure("patients", f"{plant.patients:g}", _behind(study, f"{at}/patients", point)),
            Figure("peak", f"{plant.peak_load:g} / {plant.lines}", _behind(study, f"{at}/peak_load", point)),
            Figure("cost", _money(plant.cost), _behind(study, f"{at}/cost", point)),
        )


@dataclass(frozen=True)
class Opening:
    """A number opened: what it is made of, a page of it at a time."""

    behind: Behind
    shown: str
    rows: tuple[Share, ...]
    count: int
    page: int
    last: int


def behind(study: Study, pointer: str, point: int | None, page: int) -> Opening:
    """The flows behind a number of an answer, the largest first.

    Raises:
        BadInput: the answer has no such number. Held: there is no answer yet.
    """
    found = Ledger(study.network, study.answer(point)).behind(pointer)
    rows = sorted(found.shares, key=lambda share: -abs(share.amount))
    last = max(1, -(-len(rows) // ROWS))
    page = min(max(page, 1), last)
    shown = _money(found.value) if found.unit == "currency" else f"{found.value:,g}"
    return Opening(found, shown, tuple(rows[(page - 1) * ROWS : page * ROWS]), len(rows), page, last)


def name_of(changes: Mapping[str, Any], closed: Sequence[str], words: Mapping[str, str]) -> str:
    """What a what-if is called: its changes, in the words of whoever asks; empty where there are none."""
    said = [words[f"changed_{name}"].format(n=words.get(f"minimise_{to}", to)) for name, to in changes.items()]
    return ", ".join([*said, *(f"− {name}" for name in sorted(closed))])[:80]


def closed_days(text: str) -> list[dict[str, Any]]:
    """`place: 2026-12-24, 2026-12-25`, a place a line, as the document holds it; whether it fits is checked there.

    Raises:
        BadInput: a line has no colon.
    """
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        parts = _LINE.fullmatch(line)
        if parts is None:
            raise BadInput(
                f"{line[:60]!r} does not name a place and its days",
                rule="closed days: one place a line, a colon, its days with commas between",
                remedy="write it like Leiden: 2026-12-24, 2026-12-25",
                place=f"line {number}",
            )
        days = [day.strip() for day in parts[2].split(",") if day.strip()]
        found.append({"place": parts[1].strip(), "days": days})
    return found


@dataclass(frozen=True)
class Leg:
    """All ways from one place to another. kind: 0 there, 1 back; 2 and 3 where nobody is served."""

    start: str
    end: str
    ways: tuple[Shipment, ...]
    kind: int


def _order(row: tuple[tuple[int, str, str], list[Shipment]]) -> tuple[int, str, str]:
    return row[0]


@dataclass(frozen=True)
class OnRecord:
    """A network document on record, read.

    in_force: for which master recipes bookings follow it now; strangers: its places that are no registered sites.
    """

    name: str
    document: Document
    network: SignedNetwork
    in_force: tuple[str, ...]
    registered_by: str
    approved_by: str
    strangers: tuple[str, ...]

    @property
    def legs(self) -> list[Leg]:
        """The lanes of the document, a row a pair of places: served ones, the ways back, the others."""
        rows: dict[tuple[int, str, str], list[Shipment]] = {}
        for lane in self.network.lanes_in:
            rows.setdefault((0 if lane.served else 2, lane.site, lane.plant), []).append(lane)
        used = {(plant.id, site.hospital) for site in self.network.sites for plant in self.network.serving(site.id)}
        for back in self.network.lanes_out:
            kind = 1 if (back.plant, back.hospital) in used else 3
            rows.setdefault((kind, back.plant, back.hospital), []).append(back)
        return [Leg(start, end, tuple(ways), kind) for (kind, start, end), ways in sorted(rows.items(), key=_order)]

    @property
    def base(self) -> str:
        """The name without the version."""
        return self.name.removesuffix(f"/{self.document.version}")


def on_record(house: House) -> list[OnRecord]:
    """Every network document on record that can be read, in force first."""
    found = []
    for name, row in house.journal.rows("documents").items():
        if row["kind"] == NETWORK:
            # One registered by an onelot that did not yet read networks cannot be approved, and is not shown.
            with suppress(BadInput):
                found.append(document(house, name))
    return sorted(found, key=lambda each: (not each.in_force, each.document.state == "withdrawn", each.name))


def document(house: House, name: str) -> OnRecord:
    """A network document on record.

    Raises:
        BadInput: there is none of this name, or it is no network.
    """
    found = house.loop.reader.document(name)
    if found.kind != NETWORK:
        raise BadInput(
            f"there is no network document {name[:80]}",
            rule="network documents are registered under a name and a version",
            remedy="choose one from the list",
            place=name[:80],
        )
    network = read_signed_network(orjson.loads(found.text))
    person = names(house)
    strangers = tuple(sorted(_places(network) - house.journal.rows("sites").keys()))
    used = tuple(recipe for recipe in _recipes(house, network) if _follows(house, recipe, house.clock()) == name)
    return OnRecord(name, found, network, used, person(found.registered_by), person(found.approved_by), strangers)


def _places(network: SignedNetwork) -> set[str]:
    ends = {each for site in network.sites for each in (site.id, site.hospital)}
    return ends | {plant.point_of_care_site or plant.id for plant in network.plants}


def _recipes(house: House, network: SignedNetwork) -> list[str]:
    return network.recipes or recipes_on_record(house)


def _follows(house: House, recipe: str, now: datetime) -> str:
    try:
        found = in_force(house.loop.reader, recipe, now)
    except Held:
        return ""
    return found.name if found else ""


def recipes_on_record(house: House) -> list[str]:
    """Names of the master recipes that patients are booked for, without versions."""
    reader, found = house.loop.reader, set()
    for name, row in house.journal.rows("documents").items():
        cite = reader.document(name).cite if row["kind"] == "recipe" else None
        if cite is not None and reader.recipe(cite).kind != "stock":
            found.add(reader.recipe(cite).name)
    return sorted(found)


def names_on_record(house: House) -> list[str]:
    """The networks' names, without versions."""
    return sorted({each.name.rsplit("/", 1)[0] for each in approved(house.loop.reader)})
