"""From JSON to a Network, refusing nonsense with the JSON path at which it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from onelot.plan.network.faults import Faults
from onelot.plan.network.terms import Demand, Network

POINT_OF_CARE_PREFIX = "site:"
_FAULTS = Faults("network", "network.schema.json", "Correct the value at this place and ask again.")
_bad, _unique, _known = _FAULTS.bad, _FAULTS.unique, _FAULTS.known


def read_network(data: Mapping[str, Any]) -> Network:
    """Check a network question and return it as a frozen Network.

    Args:
        data: the parsed JSON object (see data/schemas/network.schema.json).

    Raises:
        BadInput: `place` is the JSON path of the first fault, e.g. `$.plants[2].daily_cost`.
    """
    network = _FAULTS.read(Network, data)
    _check_names(network)
    _check_lanes(network)
    _check_demand(network, network.demand, "$.demand")
    _check_forecast(network)
    _check_options(network)
    _check_scenarios(network)
    return network


def read_variant(data: Mapping[str, Any], changes: Mapping[str, Any]) -> Network:
    """A what-if: the question with some fields changed, checked like any other.

    Args:
        data: the question, parsed JSON.
        changes: a JSON merge patch (RFC 7396): objects merge, null removes, everything else replaces; lists as a whole.

    Raises:
        BadInput: the changed question is nonsense; `place` is the JSON path in it.
    """
    return read_network(_merged(data, changes))


def _merged(target: Any, patch: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merged(merged.get(key), value) if isinstance(value, Mapping) else value
    return merged


def _check_names(network: Network) -> None:
    _unique((plant.id for plant in network.plants), "$.plants", "plant")
    _unique((site.id for site in network.sites), "$.sites", "site")
    _unique((mode.id for mode in network.modes), "$.modes", "mode")
    _unique((urgency.id for urgency in network.classes), "$.classes", "class")
    _unique((scenario.id for scenario in network.scenarios), "$.scenarios", "scenario")
    _unique((poc.site for poc in network.point_of_care), "$.point_of_care", "point-of-care site")
    sites = {site.id for site in network.sites}
    for index, poc in enumerate(network.point_of_care):
        _known(poc.site, sites, f"$.point_of_care[{index}].site", "site")
    for index, plant in enumerate(network.plants):
        if plant.id.startswith(POINT_OF_CARE_PREFIX):
            raise _bad(f"$.plants[{index}].id", f"A plant's id may not begin with {POINT_OF_CARE_PREFIX!r}")


def _check_lanes(network: Network) -> None:
    plants, modes = {p.id for p in network.plants}, {m.id for m in network.modes}
    sites, hospitals = {s.id for s in network.sites}, {s.hospital for s in network.sites}
    for index, lane in enumerate(network.cost_in):
        at = f"$.cost_in[{index}]"
        _known(lane.site, sites, f"{at}.site", "site")
        _known(lane.plant, plants, f"{at}.plant", "plant")
        _known(lane.mode, modes, f"{at}.mode", "mode")
    for index, back in enumerate(network.cost_out):
        at = f"$.cost_out[{index}]"
        _known(back.hospital, hospitals, f"{at}.hospital", "hospital")
        _known(back.plant, plants, f"{at}.plant", "plant")
        _known(back.mode, modes, f"{at}.mode", "mode")
    _unique(((n.site, n.plant, n.mode) for n in network.cost_in), "$.cost_in", "route")
    _unique(((n.plant, n.hospital, n.mode) for n in network.cost_out), "$.cost_out", "route")


def _check_class(network: Network, urgency: str | None, path: str) -> None:
    if urgency is not None:
        _known(urgency, {known.id for known in network.classes}, path, "class")


def _check_demand(network: Network, demand: Sequence[Demand], path: str) -> None:
    sites = {site.id for site in network.sites}
    for index, row in enumerate(demand):
        _known(row.site, sites, f"{path}[{index}].site", "site")
        if row.day >= network.horizon_days:
            raise _bad(f"{path}[{index}].day", f"Day {row.day} lies outside the horizon of {network.horizon_days} days")
        _check_class(network, row.urgency, f"{path}[{index}].class")


def _check_forecast(network: Network) -> None:
    sites = {site.id for site in network.sites}
    for index, row in enumerate(network.forecast):
        at = f"$.forecast[{index}]"
        _known(row.site, sites, f"{at}.site", "site")
        _check_class(network, row.urgency, f"{at}.class")
        if row.from_day >= row.to_day:
            raise _bad(f"{at}.to_day", "A forecast must end after it begins")
        if row.to_day > network.horizon_days:
            raise _bad(f"{at}.to_day", f"Day {row.to_day} lies outside the horizon of {network.horizon_days} days")
    if not network.demand and not network.forecast and not network.scenarios:
        raise _bad("$.demand", "No patients: the list of demand is empty", "Give demand, a forecast or scenarios.")


def _check_options(network: Network) -> None:
    plants = {plant.id for plant in network.plants} | {POINT_OF_CARE_PREFIX + p.site for p in network.point_of_care}
    scenarios = {scenario.id for scenario in network.scenarios}
    for index, outage in enumerate(network.outages):
        at = f"$.outages[{index}]"
        _known(outage.plant, plants, f"{at}.plant", "plant")
        if outage.from_day >= outage.to_day:
            raise _bad(f"{at}.to_day", "An outage must end after it begins")
        if outage.scenario is not None:
            _known(outage.scenario, scenarios, f"{at}.scenario", "scenario")
    for key, makers in (("plants", network.plants), ("point_of_care", network.point_of_care)):
        for index, maker in enumerate(makers):
            at = f"$.{key}[{index}]"
            _unique(maker.opening_days, f"{at}.opening_days", "opening day")
            for place, day in enumerate(maker.opening_days):
                if day >= network.horizon_days:
                    raise _bad(f"{at}.opening_days[{place}]", f"Day {day} lies outside the horizon")
            if maker.staff_hours is not None and network.staff is None:
                raise _bad(f"{at}.staff_hours", "Staff hours are limited but `staff` does not say what a patient needs")
            if maker.failure_rate is not None and network.failure is None:
                raise _bad(f"{at}.failure_rate", "A failure rate stands here but `failure` does not say what follows")


def _check_scenarios(network: Network) -> None:
    if not network.scenarios:
        return
    if network.demand or network.forecast:
        given = "demand" if network.demand else "forecast"
        raise _bad(f"$.{given}", f"Give either {given} or scenarios, not both: each scenario has its own demand")
    total = sum(scenario.probability for scenario in network.scenarios)
    if abs(total - 1) > 1e-6:
        raise _bad("$.scenarios", f"The probabilities sum to {total:g}, not to 1")
    for index, scenario in enumerate(network.scenarios):
        _check_demand(network, scenario.demand, f"$.scenarios[{index}].demand")
    if network.scenario_objective == "worst" and network.minimise != "cost":
        raise _bad("$.scenario_objective", "The worst case is defined for cost only")
