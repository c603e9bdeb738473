"""A chosen network as master data: what site scheduling reads, ready for the canonical form and a signature.

Its bytes depend on the question and the answer alone: no clock, no search effort, nothing that differs between two
runs that chose the same.
"""

from __future__ import annotations

from typing import Any

from onelot.plan.network.answer import Answer
from onelot.plan.network.demand import has_calendar
from onelot.plan.network.makers import Place, places_of
from onelot.plan.network.terms import Lane, Network
from onelot.record.errors import Held

KIND = "onelot.network/1"


def network_document(answer: Answer, network: Network) -> dict[str, Any]:
    """Sites, lanes, plants and durations of a chosen network, with what it promised and how far that was proved.

    Args:
        answer: an answer with flows.
        network: the question it answers.

    Returns:
        A JSON object without floats beyond six decimals; lists in a fixed order.

    Raises:
        Held: there is no answer to store.
    """
    if answer.objective is None:
        raise Held(
            f"There is no network to store: the answer is {answer.status}.",
            rule="only an answer with flows becomes master data",
            remedy="Change the question until it has an answer.",
        )
    opened = {plant.id: plant for plant in answer.plants}
    used: dict[tuple[str, str], float] = {}
    for flow in answer.flows:
        used[flow.site, flow.plant] = used.get((flow.site, flow.plant), 0) + flow.count
    modes = {mode.id: mode for mode in network.modes}
    places = [place for place in places_of(network) if place.id in opened]
    return {
        "kind": KIND,
        "limit_days": network.limit_days,
        "classes": [{"id": known.id, "limit_days": known.limit_days} for known in network.classes],
        "durations": network.durations.model_dump(),
        "first_weekday": network.first_weekday if has_calendar(network) else None,
        "sites": [site.model_dump() for site in sorted(network.sites, key=lambda site: site.id)],
        "plants": [_plant(place, opened[place.id].open_day) for place in sorted(places, key=lambda place: place.id)],
        "lanes_in": [
            {
                "site": lane.site,
                "days": modes[lane.mode].days_in,
                **_lane(lane),
                "served": (lane.site, lane.plant) in used,
            }
            for lane in sorted(network.cost_in, key=lambda lane: (lane.site, lane.plant, lane.mode))
            if lane.plant in opened
        ],
        "lanes_out": [
            {"hospital": lane.hospital, "days": modes[lane.mode].days_out, **_lane(lane)}
            for lane in sorted(network.cost_out, key=lambda lane: (lane.hospital, lane.plant, lane.mode))
            if lane.plant in opened
        ],
        "storage_days_max": network.storage.max_days if network.storage else 0,
        "promise": {
            "minimise": answer.minimise,
            "status": answer.status,
            "objective": round(answer.objective, 6),
            "lower_bound": None if answer.lower_bound is None else round(answer.lower_bound, 6),
            "turnaround": {str(days): round(count, 6) for days, count in sorted(answer.turnaround.items())},
        },
    }


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
