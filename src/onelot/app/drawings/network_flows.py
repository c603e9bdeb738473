"""Who goes where: a schematic of a network with its flows."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from onelot.app.drawings.svg import Drawing, Link, element, frame, number, opened, short, text, titled
from onelot.app.drawings.words import ENGLISH, Words
from onelot.plan.network import Answer, Ledger, Network

MOST_ENDS = 24
WIDTH = 960.0
TOP = 48.0


@dataclass(frozen=True)
class _Band:
    """Patients from one node to another."""

    source: str
    target: str
    patients: float


@dataclass(frozen=True)
class _Column:
    """One column of nodes: names from top to bottom, patients, where each begins."""

    names: list[str]
    patients: dict[str, float]
    top: dict[str, float]
    x: float


def draw_schematic(network: Network, answer: Answer, link: Link | None = None, words: Words = ENGLISH) -> Drawing:
    """Sites on the left, plants in the middle, hospitals on the right; widths are patients, expected over scenarios.

    Only the busiest sites and hospitals are drawn by name; the rest stand together as "n others".
    """
    ins, outs = _flows_between(network, answer, words)
    plants = _order([(b.target, b.source, b.patients) for b in ins], words)
    sites = _order([(b.source, str(plants.index(b.target)).zfill(6), b.patients) for b in ins], words)
    hospitals = _order([(b.target, str(plants.index(b.source)).zfill(6), b.patients) for b in outs], words)
    total = sum(band.patients for band in ins) or 1.0
    rows = max(len(sites), len(plants), len(hospitals), 1)
    height = max(240.0, rows * 30.0)
    scale = max(height - 12.0 * rows, 60.0) / total

    def column(names: list[str], patients: dict[str, float], x: float) -> _Column:
        return _Column(names, patients, _stack(names, patients, scale, TOP, height), x)

    left = column(sites, _sizes(ins, source=True), 190.0)
    middle = column(plants, _sizes(ins, source=False), 474.0)
    right = column(hospitals, _sizes(outs, source=False), 758.0)
    pointers = _pointers(network, answer)
    closed = sorted({plant.id for plant in network.plants} - {plant.id for plant in answer.plants})
    bottom = TOP + height + 24
    body = [
        text(left.x + 12, 24, words["sites"], "heading", "end"),
        text(middle.x + 6, 24, words["plants"], "heading", "middle"),
        text(right.x, 24, words["hospitals"], "heading"),
        _bands(ins, left, middle, scale, "band", words),
        _bands(outs, middle, right, scale, "band-out", words),
        _nodes(left, scale, "node-end", "end", pointers["sites"], link, words),
        _nodes(right, scale, "node-end", "start", pointers["hospitals"], link, words),
        _nodes(middle, scale, "node", "middle", pointers["plants"], link, words),
    ]
    if closed:
        named = ", ".join(closed[:12]) + (words["more"].format(n=len(closed) - 12) if len(closed) > 12 else "")
        body.append(text(WIDTH / 2, bottom, words["not_opened"].format(names=named), "quiet", "middle"))
    data = {
        "sites": left.patients,
        "plants": middle.patients,
        "hospitals": right.patients,
        "in": [[band.source, band.target, band.patients] for band in ins],
        "out": [[band.source, band.target, band.patients] for band in outs],
        "not_opened": closed,
        "pointers": pointers,
    }
    title = words["flows_title"].format(n=short(total), sites=len(network.sites), plants=len(answer.plants))
    return Drawing(frame(WIDTH, bottom + 16, "".join(body), title, "network-schematic"), data)


def _flows_between(network: Network, answer: Answer, words: Words) -> tuple[list[_Band], list[_Band]]:
    """Patients from sites to plants and from plants to hospitals."""
    ledger = Ledger(network, answer)
    hospital = {site.id: site.hospital for site in network.sites}
    left: dict[tuple[str, str], float] = defaultdict(float)
    right: dict[tuple[str, str], float] = defaultdict(float)
    for flow in answer.flows:
        patients = flow.count * ledger.weight(flow)
        left[flow.site, flow.plant] += patients
        right[flow.plant, hospital[flow.site]] += patients
    return _gathered(left, 0, words), _gathered(right, 1, words)


def _pointers(network: Network, answer: Answer) -> dict[str, dict[str, str]]:
    """What the ledger opens for the number beside each node; "n others" has none."""
    hospitals = sorted({site.hospital for site in network.sites})
    return {
        "sites": {site.id: f"/sites/{index}/patients" for index, site in enumerate(network.sites)},
        "plants": {plant.id: f"/plants/{index}/patients" for index, plant in enumerate(answer.plants)},
        "hospitals": {name: f"/hospitals/{index}/patients" for index, name in enumerate(hospitals)},
    }


def _gathered(flows: dict[tuple[str, str], float], end: int, words: Words) -> list[_Band]:
    """Bands with the small outer ends put together."""
    sizes: dict[str, float] = defaultdict(float)
    for key, patients in flows.items():
        sizes[key[end]] += patients
    ranked = sorted(sizes, key=lambda name: (-sizes[name], name))
    kept = set(ranked if len(ranked) <= MOST_ENDS else ranked[: MOST_ENDS - 1])
    others = words["others"].format(n=len(ranked) - len(kept))
    merged: dict[tuple[str, str], float] = defaultdict(float)
    for (a, b), patients in flows.items():
        a, b = (a if end or a in kept else others), (b if not end or b in kept else others)
        merged[a, b] += patients
    return [_Band(a, b, patients) for (a, b), patients in merged.items() if patients > 0]


def _order(triples: list[tuple[str, str, float]], words: Words) -> list[str]:
    """Names by their main partner, then by size, so that bands cross little; those gathered stand last."""
    partners: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for name, partner, patients in triples:
        partners[name][partner] += patients
    main = {name: max(known, key=lambda p: (known[p], p)) for name, known in partners.items()}
    gathered = words["others"].format(n="")
    return sorted(partners, key=lambda n: (n.endswith(gathered), main[n], -sum(partners[n].values()), n))


def _sizes(bands: list[_Band], *, source: bool) -> dict[str, float]:
    sizes: dict[str, float] = defaultdict(float)
    for band in bands:
        sizes[band.source if source else band.target] += band.patients
    return dict(sizes)


def _stack(names: list[str], sizes: dict[str, float], scale: float, top: float, height: float) -> dict[str, float]:
    """Upper edge of each node, spread over the height."""
    free = height - sum(sizes[name] for name in names) * scale
    gap = free / max(len(names), 1)
    at, edges = top + gap / 2, {}
    for name in names:
        edges[name] = at
        at += sizes[name] * scale + gap
    return edges


def _bands(bands: list[_Band], source: _Column, target: _Column, scale: float, class_: str, words: Words) -> str:
    """Curved bands, stacked at both ends in the order of the nodes they go to."""
    from_place = {name: index for index, name in enumerate(source.names)}
    to_place = {name: index for index, name in enumerate(target.names)}
    start, end, x1, x2 = dict(source.top), dict(target.top), source.x + 12, target.x
    left: dict[_Band, float] = {}
    for band in sorted(bands, key=lambda b: (from_place[b.source], to_place[b.target])):
        left[band] = start[band.source]
        start[band.source] += band.patients * scale
    drawn = []
    middle = (x1 + x2) / 2
    for band in sorted(bands, key=lambda b: (to_place[b.target], from_place[b.source])):
        a, b, thick = left[band], end[band.target], max(band.patients * scale, 0.75)
        end[band.target] += band.patients * scale
        points = [number(v) for v in (x1, a, middle, a, middle, b, x2, b, x2, b + thick, middle, b + thick, middle)]
        path = "M{} {} C{} {} {} {} {} {} L{} {} C{} {} {} ".format(*points)
        path += f"{number(a + thick)} {number(x1)} {number(a + thick)} Z"
        what = words["band"].format(start=band.source, end=band.target, n=f"{band.patients:g}")
        drawn.append(titled(element("path", d=path, class_=class_), what))
    return "".join(drawn)


def _nodes(
    column: _Column, scale: float, class_: str, side: str, pointers: dict[str, str], link: Link | None, words: Words
) -> str:
    """All nodes of a column; each named one leads to the flows behind its number."""
    drawn = []
    for name, patients in column.patients.items():
        node = _node(name, patients, column.x, column.top[name], scale, class_, side, words)
        drawn.append(opened(node, pointers[name], link) if name in pointers else node)
    return "".join(drawn)


def _node(name: str, patients: float, x: float, y: float, scale: float, class_: str, side: str, words: Words) -> str:
    """A bar as high as its patients, with its name and number."""
    high = max(patients * scale, 1.5)
    bar = element("rect", x=x, y=y, width=12.0, height=high, class_=class_)
    middle = y + high / 2 + 4
    shown = name if len(name) <= 18 else name[:17] + "…"
    label = f"{shown} · {short(patients)}"
    if side == "middle":
        told = text(x + 18, middle, label, "strong")
    elif side == "end":
        told = text(x - 6, middle, label, "label", "end")
    else:
        told = text(x + 18, middle, label)
    return titled(bar + told, words["node"].format(name=name, n=f"{patients:g}"))
