"""What the profile's tests share: the facts of docs/facts.md as a recipe, units, a formula evaluator, real files."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import cel
import pytest
import ucumvert
from pydantic import TypeAdapter

from onelot.profile.document import Document, Resource
from onelot.record.errors import BadInput
from onelot.record.recipe import FactNeed, Logistics, MasterRecipe, Quantity, Rule, Source, read_recipe

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 9, 7, 8, tzinfo=UTC)
ASSUMED = Source("assumption", "a test's")


def shared(*parts: str) -> Path:
    """A path in ../shared/data; skipped where it is missing, failed in CI."""
    root = Path(os.environ.get("ONELOT_SHARED", ROOT.parent / "shared")) / "data"
    if not root.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"shared data missing at {root}")
        pytest.skip(f"shared data missing at {root}", allow_module_level=True)
    return root.joinpath(*parts)


@cache
def block() -> dict[str, Any]:
    """The data block of docs/facts.md."""
    found = re.search(r"```json\n(.*?)```", (ROOT / "docs/facts.md").read_text("utf-8"), re.DOTALL)
    if found is None:
        raise LookupError("docs/facts.md has no data block")
    value: dict[str, Any] = json.loads(found[1])
    return value


# Facts that only a recipe with a guide of the patient's own asks for.
OF_EDITING = frozenset({"causal_variant", "dose_step"})


def needs(part: str) -> tuple[FactNeed, ...]:
    """`facts` or `markers` of docs/facts.md."""
    return TypeAdapter(tuple[FactNeed, ...]).validate_python(block()[part])


def need(name: str) -> FactNeed:
    """One need of docs/facts.md."""
    return next(each for each in (*needs("facts"), *needs("markers")) if each.name == name)


@cache
def _registry() -> Any:
    return ucumvert.PintUcumRegistry()


@cache
def _factor(from_ucum: str, to_ucum: str) -> Decimal:
    try:
        one = 1 * _registry().from_ucum(from_ucum)
        return Decimal(str(one.to(_registry().from_ucum(to_ucum).units).magnitude))
    except Exception as cause:
        raise BadInput(f"{from_ucum} to {to_ucum}", rule="UCUM", remedy="write UCUM") from cause


def convert(value: Decimal, from_ucum: str, to_ucum: str) -> Decimal:
    """UCUM by the libraries alone."""
    return value if from_ucum == to_ucum else value * _factor(from_ucum, to_ucum)


def evaluate(formula: str, values: Mapping[str, Any]) -> bool | Decimal:
    """CEL by the library that is only a cross-check in production."""
    given = {name: float(value) if isinstance(value, Decimal) else value for name, value in values.items()}
    found = cel.evaluate(formula, given)
    return found if isinstance(found, bool) else Decimal(str(found))


def quantity(value: str, unit: str) -> Quantity:
    return Quantity(Decimal(value), unit, "test", ASSUMED)


def rule(name: str, formula: str, uses: tuple[str, ...], **constants: Quantity) -> Rule:
    return Rule(name, name, formula, uses, f"{name} is not met", "decide", ASSUMED, constants)


RULES = (
    rule("alive", "alive", ("alive",)),
    rule("adult", "age_a >= youngest", ("age_a", "youngest"), youngest=quantity("18", "a")),
    rule("lymphocytes", "lymphocytes_per_ul > least", ("lymphocytes_per_ul", "least"), least=quantity("300", "/uL")),
    rule("washout", 'now - steroid_stopped_at >= duration("72h")', ("steroid_stopped_at", "now")),
    rule("fit", "ecog <= most", ("ecog", "most"), most=quantity("2", "1")),
    rule("not_pregnant", "!pregnancy", ("pregnancy",)),
    rule("disease", 'indication == "large B-cell lymphoma"', ("indication",)),
)


def recipe(**changes: Any) -> MasterRecipe:
    """A recipe with the facts of docs/facts.md and an adult CAR-T's gates; only what the gates read is filled."""
    q = quantity("1", "h")
    given: dict[str, Any] = {
        "schema": "onelot-recipe/1",
        "name": "cd19-per-kg",
        "version": "1",
        "title": "test",
        "kind": "autologous",
        "product": "test",
        "indications": ("large B-cell lymphoma",),
        "jurisdiction": "test",
        "effective_from": date(2020, 1, 1),
        "effective_to": None,
        "consent": ("collection", "manufacture", "genome_use"),
        "facts": tuple(each for each in needs("facts") if each.name not in OF_EDITING),
        "markers": needs("markers"),
        "eligibility": RULES,
        "parameters": (),
        "procedure": (),
        "specification": (),
        "conditional_release": False,
        "notify_within": q,
        "dose_parameter": "dose",
        "dose_hit": "true",
        "logistics": Logistics("test", q, q, q),
    }
    return MasterRecipe(**{**given, **changes})


def document(*bodies: Mapping[str, Any], synthetic: bool = False) -> Document:
    """A document of these resources, in order, as if read from a bundle."""
    resources = tuple(
        Resource(str(body["resourceType"]), f"/entry/{number}/resource", "ab" * 32, body, synthetic)
        for number, body in enumerate(bodies)
    )
    return Document("test.json", "ab" * 32, "fhir", resources)


def days(count: float) -> datetime:
    """So many days before NOW."""
    return NOW - timedelta(days=count)


def shipped(name: str) -> MasterRecipe:
    """A recipe as it is shipped."""
    return read_recipe(json.loads((ROOT / f"src/onelot/data/recipes/{name}.json").read_text("utf-8")), place=name)
