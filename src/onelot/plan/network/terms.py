"""The nouns of a network question, as they stand in its JSON. Days and durations are whole days; money is one currency.

A patient collected on day t travels in, may wait in cryo-storage, holds one line on [start, start + manufacture), is
tested for `qc` days, and travels back. Fields with a default are optional: without them the problem is exactly the base
problem.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Identifier = Annotated[str, Field(min_length=1, max_length=200)]
Money = Annotated[float, Field(ge=0, allow_inf_nan=False, le=1e15)]
Hours = Annotated[float, Field(ge=0, allow_inf_nan=False, le=1e9)]
Share = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]
Days = Annotated[int, Field(ge=0, le=100_000)]
Count = Annotated[int, Field(ge=0, le=10_000_000)]
Weekday = Annotated[int, Field(ge=0, le=6)]


class Term(BaseModel):
    """A frozen noun that refuses fields it does not know and never turns text into numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Durations(Term):
    """Days of the three steps every patient goes through."""

    collection: Days
    manufacture: Annotated[int, Field(ge=1, le=100_000)]
    qc: Days


class Maker(Term):
    """What a place needs to make therapies: a central plant or a point-of-care site."""

    daily_cost: Money
    lines: Count
    manufacture: Annotated[int, Field(ge=1, le=100_000)] | None = Field(None, description="own days; else durations")
    qc: Days | None = Field(None, description="own days; else durations")
    cost_per_therapy: Money | None = Field(None, description="own cost; else the network's")
    opening_cost: Money = Field(0.0, description="paid once if opened")
    opening_days: list[Days] = Field([0], min_length=1, description="days on which it may open; it then stays open")
    storage_capacity: Count | None = Field(None, description="patients waiting frozen on any day; none = unlimited")
    qc_capacity: Count | None = Field(None, description="patients in QC on any day")
    release_per_day: Count | None = Field(None, description="batches released on any day")
    staff_hours: Hours | None = Field(None, description="staff hours on any day; needs `staff`")
    failure_rate: Share | None = Field(None, description="own share of failed runs; needs `failure`")


class Plant(Maker):
    """A candidate plant that serves any site it has lanes with."""

    id: Identifier


class PointOfCare(Maker):
    """A collection site that may manufacture for its own patients, without transport; not counted in max_plants."""

    site: Identifier


class Site(Term):
    """A collection site and the hospital to which its patients' therapies return."""

    id: Identifier
    hospital: Identifier


class Mode(Term):
    """A way of transport and its days door to door."""

    id: Identifier
    days_in: Days
    days_out: Days


class Lane(Term):
    """Cost and calendar of one lane; on a closed weekday it neither departs nor arrives."""

    plant: Identifier
    mode: Identifier
    cost: Money
    customs_days: Days = 0
    closed_weekdays: list[Weekday] = Field([], max_length=6, description="0 = Monday")


class LaneIn(Lane):
    """From a collection site to a plant."""

    site: Identifier


class LaneOut(Lane):
    """From a plant back to a hospital."""

    hospital: Identifier


class Demand(Term):
    """So many patients collected at a site on a day."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)

    site: Identifier
    day: Days
    count: Count
    urgency: Identifier | None = Field(None, alias="class")


class Forecast(Term):
    """A rate in patients a day on [from_day, to_day), spread over days as evenly as whole patients allow."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)

    site: Identifier
    from_day: Days
    to_day: Days
    per_day: Annotated[float, Field(ge=0, le=1e5, allow_inf_nan=False)]
    urgency: Identifier | None = Field(None, alias="class")


class Urgency(Term):
    """A clinical urgency class with its own turnaround limit."""

    id: Identifier
    limit_days: Days


class Storage(Term):
    """Cryo-storage before manufacture: freezing once, then a cost per patient and day."""

    max_days: Annotated[int, Field(ge=0, le=365)]
    cost_per_day: Money = 0.0
    freeze_cost: Money = 0.0


class Staff(Term):
    """Staff hours one patient needs: per day of manufacture, per day of QC, and once at release."""

    manufacture_hours: Hours = 0.0
    qc_hours: Hours = 0.0
    release_hours: Hours = 0.0


class Failure(Term):
    """Runs that fail at the end of QC and are made again, from retained or from newly collected material.

    Loads and costs are expected values. The limit binds the first attempt; `limit_days` here, if given, binds the last.
    """

    rate: Share
    max_attempts: Annotated[int, Field(ge=1, le=4)] = 2
    delay_days: Days = 0
    recollect_share: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 0.0
    recollection_cost: Money = 0.0
    loss_cost: Money = 0.0
    limit_days: Days | None = None


class Outage(Term):
    """A plant holds at most `lines` patients on [from_day, to_day); in one scenario, or in all."""

    plant: Identifier
    from_day: Days
    to_day: Days
    lines: Count = 0
    scenario: Identifier | None = None


class Scenario(Term):
    """One future of demand. Its demand replaces the network's; the plants are chosen before it is known."""

    id: Identifier
    probability: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
    demand: list[Demand] = Field(min_length=1)


class Network(Term):
    """A question of network design: what may be opened, what it costs, who must be served, and by when."""

    horizon_days: Annotated[int, Field(ge=1, le=36_500)]
    limit_days: Days
    max_plants: Annotated[int, Field(ge=1, le=100_000)]
    durations: Durations
    plants: list[Plant] = Field(min_length=1)
    sites: list[Site] = Field(min_length=1)
    modes: list[Mode] = Field(min_length=1)
    cost_in: list[LaneIn] = Field(min_length=1)
    cost_out: list[LaneOut] = Field(min_length=1)
    cost_per_therapy: Money
    demand: list[Demand] = []
    forecast: list[Forecast] = []
    minimise: Literal["cost", "time", "both"] = "cost"
    front_points: Annotated[int, Field(ge=2, le=200)] = 7
    first_weekday: Weekday = Field(0, description="weekday of day 0; 0 = Monday")
    storage: Storage | None = None
    staff: Staff | None = None
    failure: Failure | None = None
    classes: list[Urgency] = []
    outages: list[Outage] = []
    scenarios: list[Scenario] = []
    scenario_objective: Literal["expected", "worst"] = "expected"
    point_of_care: list[PointOfCare] = []
