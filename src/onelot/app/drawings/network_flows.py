"""Who goes where: a schematic of a network with its flows."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from onelot.app.drawings.svg import Drawing, Link, element, frame, number, opened, short, text, titled
from onelot.plan.network import Answer, Ledger, Network

MOST_ENDS = 24
OTHERS = "{} others"
WIDTH = 960.0


@dataclass(frozen=True)
class _Band:
    """Patients from one node to another."""

    source: str
    target: str
    patients: float


def draw_schematic(network: Network, answer: Answer, link: Link | None = None) -> Drawing:
    """Sites on the left, plants in the middle, hospitals on the right; widths are patients, expected over scenarios.

    Only the busiest sites and hospitals are drawn by name; the rest stand together as "n others".
    """
    ledger = Ledger(network, answer)
    hospital = {site.id: site.hospital for site in network.sites}
    left: dict[tuple[str, str], float] = defaultdict(float)
    right: dict[tuple[str, str], float] = defaultdict(float)
    for flow in answer.flows:
        patients = flow.count * ledger.weight(flow)
        left[flow.site, flow.plant] += patients
        right[flow.plant, hospital[flow.site]] += patients
    ins = _gathered({(a, b): n for (a, b), n in left.items()}, 0)
    outs = _gathered(right, 1)
    plants = _order([(b.target, b.source, b.patients) for b in ins])
    sites = _order([(b.source, str(plants.index(b.target)).zfill(6), b.patients) for b in ins])
    hospitals = _order([(b.target, str(plants.index(b.source)).zfill(6), b.patients) for b in outs])
    total = sum(band.patients for band in ins) or 1.0
    rows = max(len(sites), len(plants), len(hospitals), 1)
    gap = 12.0
    height = max(240.0, rows * 30.0)
    scale = max(height - gap * rows, 60.0) / total
    top = 48.0
    pointers = {plant.id: f"/plants/{index}/patients" for index, plant in enumerate(answer.plants)}
    x_left, x_plant, x_right = 190.0, 474.0, 758.0
    y_left, y_plant, y_right = (
        _stack(names, sizes, scale, top, height)
        for names, sizes in (
            (sites, _sizes(ins, source=True)),
            (plants, _sizes(ins, source=False)),
            (hospitals, _sizes(outs, source=False)),
        )
    )
    body = [
        text(x_left + 12, 24, "collection sites", "heading", "end"),
        text(x_plant + 6, 24, "plants", "heading", "middle"),
        text(x_right, 24, "hospitals", "heading"),
        _bands(ins, sites, plants, y_left, y_plant, x_left + 12, x_plant, scale, "band"),
        _bands(outs, plants, hospitals, y_plant, y_right, x_plant + 12, x_right, scale, "band-out"),
    ]
    for name, patients in _sizes(ins, source=True).items():
        body.append(_node(name, patients, x_left, y_left[name], scale, "node-end", "end"))
    for name, patients in _sizes(outs, source=False).items():
        body.append(_node(name, patients, x_right, y_right[name], scale, "node-end", "start"))
    for name, patients in _sizes(ins, source=False).items():
        body.append(
            opened(_node(name, patients, x_plant, y_plant[name], scale, "node", "middle"), pointers[name], link)
        )
    closed = sorted({plant.id for plant in network.plants} - {plant.id for plant in answer.plants})
    bottom = top + height + 24
    if closed:
        named = ", ".join(closed[:12]) + (f" and {len(closed) - 12} more" if len(closed) > 12 else "")
        body.append(text(WIDTH / 2, bottom, f"not opened: {named}", "quiet", "middle"))
    data = {
        "sites": _sizes(ins, source=True),
        "plants": _sizes(ins, source=False),
        "hospitals": _sizes(outs, source=False),
        "in": [[band.source, band.target, band.patients] for band in ins],
        "out": [[band.source, band.target, band.patients] for band in outs],
        "not_opened": closed,
        "pointers": pointers,
    }
    title = f"{short(total)} patients from {len(hospital)} sites through {len(answer.plants)} plants"
    return Drawing(frame(WIDTH, bottom + 16, "".join(body), title, "network-schematic"), data)


def _gathered(flows: dict[tuple[str, str], float], end: int) -> list[_Band]:
    """Bands with the small outer ends put together."""
    sizes: dict[str, float] = defaultdict(float)
    for key, patients in flows.items():
        sizes[key[end]] += patients
    ranked = sorted(sizes, key=lambda name: (-sizes[name], name))
    kept = set(ranked if len(ranked) <= MOST_ENDS else ranked[: MOST_ENDS - 1])
    others = OTHERS.format(len(ranked) - len(kept))
    merged: dict[tuple[str, str], float] = defaultdict(float)
    for (a, b), patients in flows.items():
        a, b = (a if end or a in kept else others), (b if not end or b in kept else others)
        merged[a, b] += patients
    return [_Band(a, b, patients) for (a, b), patients in merged.items() if patients > 0]


def _order(triples: list[tuple[str, str, float]]) -> list[str]:
    """Names by their main partner, then by size, so that bands cross little; those gathered stand last."""
    partners: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for name, partner, patients in triples:
        partners[name][partner] += patients
    main = {name: max(known, key=lambda p: (known[p], p)) for name, known in partners.items()}
    gathered = OTHERS.format("")
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


def _bands(
    bands: list[_Band],
    sources: list[str],
    targets: list[str],
    y_source: dict[str, float],
    y_target: dict[str, float],
    x1: float,
    x2: float,
    scale: float,
    class_: str,
) -> str:
    """Curved bands, stacked at both ends in the order of the nodes they go to."""
    start, end = dict(y_source), dict(y_target)
    left: dict[_Band, float] = {}
    for band in sorted(bands, key=lambda b: (sources.index(b.source), targets.index(b.target))):
        left[band] = start[band.source]
        start[band.source] += band.patients * scale
    drawn = []
    middle = (x1 + x2) / 2
    for band in sorted(bands, key=lambda b: (targets.index(b.target), sources.index(b.source))):
        a, b, thick = left[band], end[band.target], max(band.patients * scale, 0.75)
        end[band.target] += band.patients * scale
        points = [number(v) for v in (x1, a, middle, a, middle, b, x2, b, x2, b + thick, middle, b + thick, middle)]
        path = "M{} {} C{} {} {} {} {} {} L{} {} C{} {} {} ".format(*points)
        path += f"{number(a + thick)} {number(x1)} {number(a + thick)} Z"
        what = f"{band.source} to {band.target}: {band.patients:g} patients"
        drawn.append(titled(element("path", d=path, class_=class_), what))
    return "".join(drawn)


def _node(name: str, patients: float, x: float, y: float, scale: float, class_: str, side: str) -> str:
    """A bar as high as its patients, with its name and number."""
    high = max(patients * scale, 1.5)
    bar = element("rect", x=x, y=y, width=12.0, height=high, class_=class_)
    middle = y + high / 2 + 4
    shown = name if len(name) <= 18 else name[:17] + "…"
    label = f"{shown} · {short(patients)}"
    if side == "middle":
        words = text(x + 18, middle, label, "strong")
    elif side == "end":
        words = text(x - 6, middle, label, "label", "end")
    else:
        words = text(x + 18, middle, label)
    return titled(bar + words, f"{name}: {patients:g} patients")
