"""An independent check: cost, capacity, turnaround and demand counted again from the flows alone.

It shares nothing with the search but the nouns: days, calendars, loads and costs are worked out here a second time,
patient group by patient group and day by day.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from onelot.plan.network.answer import Answer, Flow
from onelot.plan.network.demand import spread
from onelot.plan.network.terms import LaneIn, LaneOut, Maker, Network

TOLERANCE = 1e-6
LoadKey = tuple[str | None, str, str]


@dataclass
class Verdict:
    """What the flows say; without faults the answer holds. `loads`: (scenario, plant, resource) -> day -> load."""

    faults: list[str] = field(default_factory=list)
    cost: float = 0.0
    worst_cost: float = 0.0
    patient_days: float = 0.0
    turnaround: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    loads: dict[LoadKey, dict[int, float]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(float)))

    @property
    def holds(self) -> bool:
        """Whether the answer is what it says."""
        return not self.faults


@dataclass(frozen=True)
class Journey:
    """One flow followed through the days of the calendar; loads are (resource, day, amount a patient)."""

    days: int
    last_days: int
    cost: float
    loads: tuple[tuple[str, int, float], ...]
    received: int


class _Atlas:
    """The network by name."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.makers: dict[str, Maker] = {plant.id: plant for plant in network.plants}
        self.makers |= {f"site:{poc.site}": poc for poc in network.point_of_care}
        self.hospital = {site.id: site.hospital for site in network.sites}
        self.modes = {mode.id: mode for mode in network.modes}
        self.ins = {(lane.site, lane.plant, lane.mode): lane for lane in network.cost_in}
        self.outs = {(lane.plant, lane.hospital, lane.mode): lane for lane in network.cost_out}

    def moved(self, ready: int, lane: LaneIn | LaneOut | None, days: int) -> int:
        """Calendar day on which a shipment ready on a calendar day is taken in."""
        if lane is None:
            return ready
        day = self._open(ready, lane)
        return self._open(day + days + lane.customs_days, lane)

    def _open(self, day: int, lane: LaneIn | LaneOut) -> int:
        return next(d for d in range(day, day + 7) if (self.network.first_weekday + d) % 7 not in lane.closed_weekdays)


def check_network(network: Network, answer: Answer) -> Verdict:
    """Count an answer up again from its flows and compare.

    Args:
        network: the question.
        answer: any answer with flows; an infeasible one has nothing to check.

    Returns:
        The verdict, with every fault in words.
    """
    verdict = Verdict()
    if answer.objective is None:
        return verdict
    atlas = _Atlas(network)
    opened = {plant.id: plant.open_day for plant in answer.plants}
    _check_opened(network, atlas, opened, verdict)
    fixed = sum(_fixed(network, atlas.makers[name], day) for name, day in opened.items() if name in atlas.makers)
    chance = {scenario.id: scenario.probability for scenario in network.scenarios}
    each: dict[str | None, float] = defaultdict(float)
    for flow in answer.flows:
        journey = _follow(atlas, flow, opened, verdict)
        if journey is not None:
            weight = chance.get(flow.scenario, 1.0) if flow.scenario is not None else 1.0
            each[flow.scenario] += journey.cost * flow.count
            verdict.cost += journey.cost * flow.count * weight
            verdict.turnaround[journey.days] += flow.count * weight
            verdict.patient_days += journey.days * flow.count * weight
            for resource, day, amount in journey.loads:
                verdict.loads[flow.scenario, flow.plant, resource][day] += amount * flow.count
    verdict.cost += fixed
    verdict.worst_cost = fixed + max(each.values(), default=0.0)
    _check_demand(network, answer, verdict)
    _check_loads(network, atlas, verdict)
    _check_figures(network, answer, verdict)
    return verdict


def _fixed(network: Network, maker: Maker, day: int) -> float:
    return maker.daily_cost * (network.horizon_days - day) + maker.opening_cost


def _check_opened(network: Network, atlas: _Atlas, opened: dict[str, int], verdict: Verdict) -> None:
    central = {plant.id for plant in network.plants}
    if sum(name in central for name in opened) > network.max_plants:
        verdict.faults.append(f"{len(opened)} plants are opened; at most {network.max_plants} may be")
    for name, day in opened.items():
        if name not in atlas.makers:
            verdict.faults.append(f"{name} is opened but is no plant of the network")
        elif day not in atlas.makers[name].opening_days:
            verdict.faults.append(f"{name} opens on day {day}, which is none of its opening days")


def _follow(atlas: _Atlas, flow: Flow, opened: dict[str, int], verdict: Verdict) -> Journey | None:
    """Follow one patient of a flow, or name why there is no such way."""
    name = f"flow {flow.site} day {flow.day} via {flow.plant}"
    if flow.plant not in opened or flow.plant not in atlas.makers or flow.site not in atlas.hospital:
        verdict.faults.append(f"{name}: unknown site, or the plant is not opened")
        return None
    lane_in = lane_out = None
    if flow.plant.startswith("site:"):
        if flow.plant != f"site:{flow.site}" or flow.mode_in is not None or flow.mode_out is not None:
            verdict.faults.append(f"{name}: a point of care makes for its own patients only, without transport")
            return None
    else:
        lane_in = atlas.ins.get((flow.site, flow.plant, flow.mode_in or ""))
        lane_out = atlas.outs.get((flow.plant, atlas.hospital[flow.site], flow.mode_out or ""))
        if lane_in is None or lane_out is None:
            verdict.faults.append(f"{name}: there is no lane in by {flow.mode_in} or back by {flow.mode_out}")
            return None
    storage = atlas.network.storage
    if flow.wait_days < 0 or flow.wait_days > (storage.max_days if storage else 0):
        verdict.faults.append(f"{name}: waits {flow.wait_days} days, more than storage allows")
    journey = _journey(atlas, flow, lane_in, lane_out)
    limit = next((c.limit_days for c in atlas.network.classes if c.id == flow.urgency), atlas.network.limit_days)
    if journey.days > limit:
        verdict.faults.append(f"{name}: takes {journey.days} days; the limit is {limit}")
    failure = atlas.network.failure
    if failure and failure.limit_days is not None and journey.last_days > failure.limit_days:
        verdict.faults.append(f"{name}: its last attempt ends after {journey.last_days} days")
    if journey.received < opened[flow.plant]:
        verdict.faults.append(f"{name}: arrives on day {journey.received}, before the plant opens")
    return journey


def _runs(atlas: _Atlas, flow: Flow, lane: LaneIn | None, start: int, steps: int) -> Iterator[tuple[int, float, bool]]:
    """(start day, expected share of patients, newly collected) of every run, the first included."""
    failure, maker = atlas.network.failure, atlas.makers[flow.plant]
    yield start, 1.0, False
    if failure is None:
        return
    rate = failure.rate if maker.failure_rate is None else maker.failure_rate
    before = [(start, 1.0)]
    for _ in range(failure.max_attempts - 1):
        after = []
        for begun, share in before:
            known = begun + steps + failure.delay_days
            kept, anew = share * rate * (1 - failure.recollect_share), share * rate * failure.recollect_share
            if kept:
                after.append((known, kept))
                yield known, kept, False
            if anew:
                days_in = atlas.modes[lane.mode].days_in if lane else 0
                again = atlas.moved(known + atlas.network.durations.collection, lane, days_in)
                after.append((again, anew))
                yield again, anew, True
        before = after


def _journey(atlas: _Atlas, flow: Flow, lane_in: LaneIn | None, lane_out: LaneOut | None) -> Journey:
    network, maker = atlas.network, atlas.makers[flow.plant]
    made = maker.manufacture if maker.manufacture is not None else network.durations.manufacture
    tested = maker.qc if maker.qc is not None else network.durations.qc
    days_in = atlas.modes[lane_in.mode].days_in if lane_in else 0
    days_out = atlas.modes[lane_out.mode].days_out if lane_out else 0
    arrival = atlas.moved(flow.day + network.durations.collection, lane_in, days_in)
    start = arrival + flow.wait_days
    runs = list(_runs(atlas, flow, lane_in, start, made + tested))
    home = [atlas.moved(begun + made + tested, lane_out, days_out) - flow.day for begun, _, _ in runs]
    failure, storage, staff = network.failure, network.storage, network.staff
    rate = 0.0 if failure is None else (failure.rate if maker.failure_rate is None else maker.failure_rate)
    lost = rate**failure.max_attempts if failure else 0.0
    therapy = network.cost_per_therapy if maker.cost_per_therapy is None else maker.cost_per_therapy
    anew = sum(share for _, share, again in runs if again)
    cost = therapy * sum(share for _, share, _ in runs)
    cost += (lane_in.cost if lane_in else 0.0) * (1 + anew) + (lane_out.cost if lane_out else 0.0) * (1 - lost)
    if storage and flow.wait_days:
        cost += storage.freeze_cost + storage.cost_per_day * flow.wait_days
    if failure:
        cost += failure.recollection_cost * anew + failure.loss_cost * lost
    loads = [("storage", day, 1.0) for day in range(arrival, start)]
    for begun, share, _ in runs:
        making, testing = range(begun, begun + made), range(begun + made, begun + made + tested)
        release = begun + made + tested
        loads += [("lines", day, share) for day in making] + [("qc", day, share) for day in testing]
        loads.append(("release", release, share * (1 - rate)))
        if staff:
            loads += [("staff", day, share * staff.manufacture_hours) for day in making]
            loads += [("staff", day, share * staff.qc_hours) for day in testing]
            loads.append(("staff", release, share * (1 - rate) * staff.release_hours))
    return Journey(home[0], max(home), cost, tuple(loads), arrival)


def _check_demand(network: Network, answer: Answer, verdict: Verdict) -> None:
    """Every patient asked for is served once, and nobody else."""
    asked: Counter[tuple[str | None, str, int, str | None]] = Counter()
    if network.scenarios:
        for scenario in network.scenarios:
            for row in scenario.demand:
                asked[scenario.id, row.site, row.day, row.urgency] += row.count
    else:
        for row in network.demand:
            asked[None, row.site, row.day, row.urgency] += row.count
        for forecast in network.forecast:
            for day, count in spread(forecast):
                asked[None, forecast.site, day, forecast.urgency] += count
    served: Counter[tuple[str | None, str, int, str | None]] = Counter()
    for flow in answer.flows:
        if flow.count < 0:
            verdict.faults.append(f"flow {flow.site} day {flow.day} has a negative count")
        served[flow.scenario, flow.site, flow.day, flow.urgency] += flow.count
    for key in asked.keys() | served.keys():
        if asked[key] != served[key]:
            verdict.faults.append(f"{key}: {asked[key]} patients asked for, {served[key]} served")


def _check_loads(network: Network, atlas: _Atlas, verdict: Verdict) -> None:
    """No resource of any plant is exceeded on any day of any scenario."""
    for (scenario, plant, resource), by_day in verdict.loads.items():
        maker = atlas.makers[plant]
        limits = {
            "lines": maker.lines,
            "storage": maker.storage_capacity,
            "qc": maker.qc_capacity,
            "release": maker.release_per_day,
            "staff": maker.staff_hours,
        }
        for day, load in by_day.items():
            limit = limits[resource]
            if resource == "lines":
                limit = min([maker.lines, *_outages(network, scenario, plant, day)])
            if limit is not None and load > limit + TOLERANCE * max(1.0, limit):
                verdict.faults.append(f"{plant} day {day} {scenario or ''}: {resource} {load:g} of {limit:g}")


def _outages(network: Network, scenario: str | None, plant: str, day: int) -> list[int]:
    return [
        outage.lines
        for outage in network.outages
        if outage.plant == plant and outage.from_day <= day < outage.to_day and outage.scenario in (None, scenario)
    ]


def _check_figures(network: Network, answer: Answer, verdict: Verdict) -> None:
    """What the answer says of itself against what the flows say."""
    objective = {"cost": verdict.cost, "both": verdict.cost, "time": verdict.patient_days}[answer.minimise]
    if network.scenario_objective == "worst" and network.scenarios:
        objective = verdict.worst_cost
    pairs = [
        ("objective", answer.objective or 0.0, objective),
        ("cost.total", answer.cost["total"], verdict.cost),
        ("patient_days", answer.patient_days or 0.0, verdict.patient_days),
    ]
    pairs += [
        (f"turnaround.{days}", answer.turnaround.get(days, 0.0), verdict.turnaround.get(days, 0.0))
        for days in answer.turnaround.keys() | verdict.turnaround.keys()
    ]
    for name, said, counted in pairs:
        if abs(said - counted) > TOLERANCE * max(1.0, abs(counted)):
            verdict.faults.append(f"{name} says {said:g}; the flows say {counted:g}")
    if answer.lower_bound is not None and answer.lower_bound > objective + TOLERANCE * max(1.0, abs(objective)):
        verdict.faults.append(f"the lower bound {answer.lower_bound:g} lies above {objective:g}")
