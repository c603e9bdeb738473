"""A chosen network as master data: what site scheduling reads, ready for the canonical form and a signature.

Its bytes depend on the question and the answer alone: no clock, no search effort, nothing that differs between two
runs that chose the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from onelot.plan.network.answer import Answer
from onelot.plan.network.demand import has_calendar
from onelot.plan.network.makers import Place, places_of
from onelot.plan.network.signed import KIND, read_signed_network
from onelot.plan.network.terms import Lane, Network
from onelot.record.errors import Held


def network_document(
    answer: Answer, network: Network, *, recipes: Sequence[str] = (), starts_on: date | None = None
) -> dict[str, Any]:
    """Sites, lanes, plants and durations of a chosen network, with what it promised and how far that was proved.

    Args:
        answer: an answer with flows.
        network: the question it answers.
        recipes: names of the master recipes it is for; none means all.
        starts_on: the date of day 0; needed where a plant opens later than that.

    Returns:
        A JSON object without floats (amounts are text), lists in a fixed order, as `SignedNetwork` reads it.

    Raises:
        Held: there is no answer to store.
        BadInput: what was asked for does not make a network document; `place` is its JSON path.
    """
    if answer.objective is None:
        raise Held(
            f"There is no network to store: the answer is {answer.status}.",
            rule="only an answer with flows becomes master data",
            remedy="Change the question until it has an answer.",
        )
    opened = {plant.id: plant for plant in answer.plants}
    places = [place for place in places_of(network) if place.id in opened]
    document = {
        "kind": KIND,
        "recipes": sorted(recipes),
        "starts_on": starts_on.isoformat() if starts_on else None,
        "limit_days": network.limit_days,
        "classes": [{"id": known.id, "limit_days": known.limit_days} for known in network.classes],
        "durations": network.durations.model_dump(),
        "first_weekday": network.first_weekday if has_calendar(network) else None,
        "sites": [site.model_dump() for site in sorted(network.sites, key=lambda site: site.id)],
        "plants": [_plant(place, opened[place.id].open_day) for place in sorted(places, key=lambda place: place.id)],
        **_lanes(answer, network),
        "storage_days_max": network.storage.max_days if network.storage else 0,
        "closed": [],
        "promise": {
            "minimise": answer.minimise,
            "status": answer.status,
            "objective": _text(answer.objective),
            "lower_bound": None if answer.lower_bound is None else _text(answer.lower_bound),
            "turnaround": {str(days): _text(count) for days, count in sorted(answer.turnaround.items())},
        },
    }
    read_signed_network(document)
    return document


def _lanes(answer: Answer, network: Network) -> dict[str, list[dict[str, Any]]]:
    """The lanes of the opened plants; `served` where patients of the site go to the plant."""
    opened = {plant.id for plant in answer.plants}
    used = {(flow.site, flow.plant) for flow in answer.flows}
    modes = {mode.id: mode for mode in network.modes}
    ins = sorted(network.cost_in, key=lambda lane: (lane.site, lane.plant, lane.mode))
    outs = sorted(network.cost_out, key=lambda lane: (lane.hospital, lane.plant, lane.mode))
    return {
        "lanes_in": [
            {"site": n.site, "days": modes[n.mode].days_in, **_lane(n), "served": (n.site, n.plant) in used}
            for n in ins
            if n.plant in opened
        ],
        "lanes_out": [
            {"hospital": n.hospital, "days": modes[n.mode].days_out, **_lane(n)} for n in outs if n.plant in opened
        ],
    }


def _text(amount: float) -> str:
    """At most six decimals, as text: a record holds no floats."""
    return f"{max(amount, 0.0):.6f}".rstrip("0").rstrip(".")


def _plant(place: Place, open_day: int) -> dict[str, Any]:
    return {
        "id": place.id,
        "point_of_care_site": place.site,
        "open_day": open_day,
        "lines": place.terms.lines,
        "manufacture_days": place.manufacture,
        "qc_days": place.qc,
        "storage_capacity": place.terms.storage_capacity,
        "qc_capacity": place.terms.qc_capacity,
        "release_per_day": place.terms.release_per_day,
    }


def _lane(lane: Lane) -> dict[str, Any]:
    return {
        "plant": lane.plant,
        "mode": lane.mode,
        "customs_days": lane.customs_days,
        "closed_weekdays": sorted(lane.closed_weekdays),
    }
