"""The simulated site's networks: committed questions, answered here, and signed like those of a real site."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any

import orjson

from onelot.plan.network import network_document, plan_network, read_network


@dataclass(frozen=True)
class SimulatedNetwork:
    """A question of network design, and the document that its answer becomes. Its numbers are our assumption."""

    name: str
    version: str
    title: str
    recipes: tuple[str, ...]
    question: dict[str, Any]

    def document(self, starts_on: date) -> dict[str, Any]:
        """The chosen network as master data; the same for every run."""
        network = read_network(self.question)
        return network_document(plan_network(network), network, recipes=self.recipes, starts_on=starts_on)


def simulated_networks() -> Iterator[SimulatedNetwork]:
    """The networks of our own cohort, from data/cohort/network.json."""
    raw = orjson.loads(files("onelot").joinpath("data/cohort/network.json").read_bytes())
    for each in raw["networks"]:
        yield SimulatedNetwork(each["name"], each["version"], each["title"], tuple(each["recipes"]), each["question"])
