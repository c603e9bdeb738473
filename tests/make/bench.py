"""A small recipe, a batch stream that is folded again before every question, and what lies around."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from onelot.make import next_step
from onelot.make.engine import Step
from onelot.record.events.base import Event
from onelot.record.events.batch import BatchPlanned, MaterialReceived
from onelot.record.journal import Draft, Entry, Head, Part, link_part
from onelot.record.recipe import MasterRecipe, read_recipe
from onelot.record.subjects import Batch, Equipment, Lot, fold_batch
from onelot.record.terms.values import Cite, Container

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
COI = "ABCDEFGH1234X"
RECIPE_CITE = Cite("document/r", 1, "0" * 64)
SOURCE = {"kind": "assumption", "text": "a recipe made for the tests"}


def quantity(value: str, unit: str, basis: str = "batch") -> dict[str, Any]:
    return {"value": value, "unit": unit, "basis": basis, "source": SOURCE}


def measure(name: str, unit: str = "%", **more: Any) -> dict[str, Any]:
    return {"name": name, "title": name, "unit": unit, "method": "counter", **more}


def phase(name: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "title": name, "kind": kind, "instruction": f"do {name}", **more}


PHASES: list[dict[str, Any]] = [
    phase("identity", "scan", second_person=True),
    phase(
        "activate",
        "charge",
        charges=[{"item": "medium", "amount": quantity("2", "L")}, {"item": "vector", "amount": quantity("10", "mL")}],
    ),
    phase("incubate", "run", equipment_class="bioreactor", target="culture", duration=quantity("2", "d")),
    phase(
        "grow",
        "measure",
        measures=[
            measure("viable_cells", "1"),
            measure("viability", low=quantity("70", "%"), on_fail="hold"),
        ],
        repeat={
            "until": "viable_cells >= wanted",
            "every": quantity("1", "d"),
            "at_most": quantity("5", "1"),
            "otherwise": "terminate",
            "reason": "too few cells when the last day came",
        },
    ),
    phase("harvest", "measure", measures=[measure("purity", low=quantity("80", "%"), on_fail="deviation")]),
    phase("vials", "fill", second_person=True),
]


def recipe_with(phases: list[dict[str, Any]], kind: str = "autologous") -> MasterRecipe:
    return read_recipe(
        {
            "schema": "onelot-recipe/1",
            "name": "test",
            "version": "1",
            "title": "Test",
            "kind": kind,
            "product": "cells",
            "indications": ["none"],
            "jurisdiction": "EU",
            "effective_from": "2026-01-01",
            "effective_to": None,
            "consent": ["manufacture"],
            "facts": [],
            "markers": [],
            "eligibility": [],
            "parameters": [
                {
                    "name": "wanted",
                    "title": "cells wanted",
                    "unit": "1",
                    "basis": "batch",
                    "uses": [],
                    "source": SOURCE,
                    "low": quantity("100", "1"),
                    "high": quantity("500", "1"),
                    "changed_by": "supervisor",
                }
            ],
            "procedure": [{"name": "unit", "operations": [{"name": "all", "phases": phases}]}],
            "specification": [],
            "conditional_release": False,
            "notify_within": quantity("48", "h"),
            "dose_parameter": "wanted",
            "dose_hit": "true",
            "logistics": {
                "lane": "cryo",
                "shipper_hold": quantity("10", "d"),
                "warmest": quantity("-120", "Cel"),
                "shelf_life": quantity("365", "d"),
            },
        }
    )


PARAMETERS = {"wanted": Decimal(300)}


def device(**changes: Any) -> Equipment:
    fields: dict[str, Any] = {
        "state": "qualified",
        "equipment_class": "bioreactor",
        "site": "plant",
        "qualified_until": START + timedelta(days=100),
    }
    return Equipment(**{**fields, **changes})


def lot(item: str, unit: str, **changes: Any) -> Lot:
    fields: dict[str, Any] = {
        "state": "released",
        "item": item,
        "unit": unit,
        "expires_at": START + timedelta(days=100),
        "cite": Cite(f"lot/{item}", 1, "1" * 64),
    }
    return Lot(**{**fields, **changes})


def bag(identifier: str = "BAG1", coi: str = COI) -> Container:
    return Container(identifier, "bag", coi, Decimal(50), "mL")


class Bench:
    """One batch stream in memory. Every question is asked of a fresh fold, as after a crash."""

    def __init__(self, recipe: MasterRecipe | None = None) -> None:
        self.recipe = recipe or recipe_with(PHASES)
        self.entries: list[Entry] = []
        self.now = START
        self.write(BatchPlanned("B1", ("therapy/1",), RECIPE_CITE, None, "plant", "patient"))
        if self.recipe.kind == "autologous":
            self.write(MaterialReceived(bag("APH1"), "D1", "good", "person/b"))

    def write(self, *events: Event, by: str = "person/a") -> None:
        head = Head(self.entries[-1].seq, self.entries[-1].hash) if self.entries else Head(0, bytes(32))
        drafts = tuple(Draft(event, self.now, by) for event in events)
        self.entries.extend(link_part(head, Part("batch/B1", head.seq, drafts)))
        fold_batch(self.entries)

    @property
    def batch(self) -> Batch:
        return fold_batch(self.entries)

    @property
    def step(self) -> Step:
        return next_step(self.recipe, self.batch, PARAMETERS, self.now)

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)
