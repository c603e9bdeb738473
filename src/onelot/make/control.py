"""What a forecast or a controller may do: propose a parameter inside its approved range, with its reason.

A model is frozen and named by digest; a person with the role the recipe names decides. Nothing here acts by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from onelot.make.engine import running_phase
from onelot.record.errors import Held, NotAllowed, OutOfOrder
from onelot.record.events.base import Event
from onelot.record.events.batch import ParameterAdjusted
from onelot.record.recipe import MasterRecipe, ParameterRule
from onelot.record.subjects.batch import Batch


@dataclass(frozen=True, slots=True)
class Proposal:
    """A value a model or a person proposes. model: SHA-256 of the frozen model, "" when a person proposes."""

    name: str
    value: Decimal
    unit: str
    reason: str
    model: str = ""


def effective(parameters: Mapping[str, Decimal], batch: Batch) -> dict[str, Decimal]:
    """The tailored parameters with every adjustment on the record, the newest last."""
    found = dict(parameters)
    for adjusted in batch.adjusted:
        found[adjusted.change.name] = adjusted.change.value
    return found


def _rule_of(recipe: MasterRecipe, name: str) -> ParameterRule:
    for rule in recipe.parameters:
        if rule.name == name:
            return rule
    raise OutOfOrder(
        f"the recipe has no parameter {name}",
        rule=f"recipe {recipe.identifier}: {', '.join(rule.name for rule in recipe.parameters)}",
        remedy="only parameters of the recipe can be adjusted",
    )


def adjust_parameter(
    recipe: MasterRecipe, batch: Batch, phase: str, proposal: Proposal, *, roles: Iterable[str]
) -> tuple[Event, ...]:
    """The parameter is changed for this batch, by a person whose roles are given.

    Raises:
        OutOfOrder: the phase is not running, or there is no such parameter.
        NotAllowed: the recipe lets nobody, or another role, change it; or no reason is given.
        Held: the value is outside the approved range, or the recipe has none.
    """
    running_phase(recipe, batch, phase)
    rule = _rule_of(recipe, proposal.name)
    source = f"recipe {recipe.identifier}, parameter {rule.name} ({rule.source.shown})"
    if not rule.changed_by or rule.changed_by not in set(roles) or not proposal.reason.strip():
        raise NotAllowed(
            f"{rule.name} may be changed by {rule.changed_by or 'nobody'}, with a reason",
            rule=source,
            remedy="ask that role to decide" if rule.changed_by else "change the master recipe by change control",
        )
    low, high = rule.low, rule.high
    inside = low is not None and high is not None and low.value <= proposal.value <= high.value
    if not inside or proposal.unit != rule.unit:
        span = f"{low.value} to {high.value} {rule.unit}" if low and high else "no approved range"
        raise Held(
            f"{proposal.value} {proposal.unit} is outside what is approved for {rule.name}: {span}",
            rule=source,
            remedy="propose a value inside the range, or open a deviation",
        )
    by_model = f" (model {proposal.model})" if proposal.model else ""
    return (ParameterAdjusted(phase, rule.name, proposal.value, rule.unit, proposal.reason + by_model),)
