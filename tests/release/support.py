"""A batch and its therapy from real entries: appended, linked and folded as everywhere else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from onelot.record import recipe as recipes
from onelot.record.chain import start
from onelot.record.events import Event, batch, therapy
from onelot.record.identity import make_identifier
from onelot.record.journal import Draft, Entry, Head, Part, link_part
from onelot.record.signature import Signed, Signing
from onelot.record.subjects import Batch, Therapy, fold_batch, fold_therapy
from onelot.record.terms.values import Cite, Container, Fact, Input, Parameter, Sealed
from onelot.release import Basis, judge

T0 = datetime(2026, 11, 1, 9, tzinfo=UTC)
NOW = T0 + timedelta(days=20)
COI = make_identifier(20261122)
OPERATOR, QC, QC2, QP, NURSE, NURSE2 = (f"person/{name}" for name in ("op", "qc", "qc2", "qp", "nurse", "nurse2"))
RECIPE_CITE = Cite("document/cd19-per-kg", 2, "ab" * 32)
BASES = {"kg": Basis(Decimal(68), "kg")}
_DATA = Path(__file__).resolve().parents[2] / "src" / "onelot" / "data" / "recipes"


def shipped(name: str = "cd19-per-kg") -> recipes.MasterRecipe:
    return recipes.read_recipe(json.loads((_DATA / f"{name}.json").read_text()))


def assumption(text: str = "test") -> recipes.Source:
    return recipes.Source("assumption", text)


def quantity(value: str, unit: str, basis: str = "") -> recipes.Quantity:
    return recipes.Quantity(Decimal(value), unit, basis, assumption())


def _sealed(name: str) -> Sealed:
    return Sealed(name.encode().hex().ljust(64, "0")[:64], "patient/p1")


@dataclass
class Stream:
    """A stream that grows by drafts; `skip` leaves events out as if they had never been written."""

    name: str
    drafts: list[tuple[Event, str, datetime, bool]] = field(default_factory=list)

    def add(self, event: Event, by: str = "system", at: datetime = T0, *, signed: bool = False) -> None:
        self.drafts.append((event, by, at, signed))

    def entries(self) -> list[Entry]:
        drafts = tuple(
            Draft(
                event, at, by, Signing(Signed(by, "Dr Łucja Żółć-Ramírez", "approves", "00" * 32), lambda _: b"\0" * 64)
            )
            if signed
            else Draft(event, at, by)
            for event, by, at, signed in self.drafts
        )
        return link_part(Head(0, start(self.name)), Part(self.name, 0, drafts))


def therapy_stream(recipe: recipes.MasterRecipe) -> Stream:
    stream = Stream(f"therapy/{COI}")
    weight = Fact("weight_kg", _sealed("weight"), "kg", T0, None, "cd" * 32, "Observation/1")
    stream.add(
        therapy.TherapyOrdered(
            COI, "patient/p1", recipe.product, RECIPE_CITE, "site/hospital", "ef" * 32, "ServiceRequest/1"
        ),
        "person/prescriber",
    )
    stream.add(therapy.ConsentRecorded(tuple(recipe.consent), None, "ef" * 32, "Consent/1"))
    stream.add(therapy.ProfileRecorded((weight,)))
    stream.add(therapy.InfectionMarkersRecorded((), "autologous use only", "21 CFR 1271.90"))
    stream.add(therapy.EligibilityConfirmed(("all",)))
    fact = stream.entries()[2].cite
    dose = Parameter(
        "dose",
        _sealed("dose"),
        "{cells}",
        "dose",
        "f",
        "dose",
        "test",
        (Input("weight_kg", weight.value.commitment, fact),),
    )
    stream.add(therapy.RecipeTailored(RECIPE_CITE, (dose,)))
    stream.add(therapy.TailoringApproved(stream.entries()[5].cite), "person/prescriber", signed=True)
    stream.add(therapy.SlotBooked("manufacture", "suite/1", T0, T0 + timedelta(days=9)))
    return stream


def good_value(test: recipes.Test) -> tuple[str, str]:
    if test.equals:
        return test.equals, ""
    limit = test.low or test.high
    assert limit is not None
    if test.low is not None and test.high is not None:
        return f"{(test.low.value + test.high.value) / 2:f}", test.unit
    return f"{limit.value:f}", limit.unit


def batch_stream(recipe: recipes.MasterRecipe, tailoring: Cite, tests: Sequence[recipes.Test] | None = None) -> Stream:
    stream = Stream("batch/B-1")
    stream.add(batch.BatchPlanned("B-1", (f"therapy/{COI}",), RECIPE_CITE, tailoring, "site/plant", "patient"))
    bag = Container("A-1", "bag", COI, Decimal(200), "mL", "autologous use only")
    stream.add(batch.MaterialReceived(bag, "A99992612345600", "cold", OPERATOR), OPERATOR)
    for number, phase in enumerate(recipe.phases):
        stream.add(batch.PhaseStarted(phase.name, 1, "equipment/e1"), OPERATOR)
        if number == 0:
            stream.add(batch.CommandRecorded("k1", phase.name, "equipment/e1", "move_to", "running"))
            stream.add(batch.CommandAnswered("k1", "done"), "equipment/e1")
        if number == len(recipe.phases) - 1:
            product = Container("B-1-1", "bag", COI, Decimal(68), "mL", "autologous use only")
            stream.add(batch.Filled((product,), 3, 2, 1, T0 + timedelta(days=300)), OPERATOR)
        stream.add(batch.PhaseCompleted(phase.name, 1, "done", NURSE), OPERATOR)
    stream.add(batch.ManufactureCompleted(Decimal("1.4e8"), "{cells}"), OPERATOR)
    for test in recipe.specification if tests is None else tests:
        add_result(stream, test, *good_value(test))
    return stream


def add_result(stream: Stream, test: recipes.Test, value: str, unit: str, at: datetime = T0) -> None:
    at = max(at, T0) + timedelta(days=10)
    stream.add(judge(test, value, unit, {}, sampled_at=at, verified_by=QC2), QC, at + timedelta(hours=1))


@dataclass
class World:
    recipe: recipes.MasterRecipe
    therapies: Stream
    batches: Stream

    @property
    def therapy(self) -> Therapy:
        return fold_therapy(self.therapies.entries())

    @property
    def batch(self) -> Batch:
        return fold_batch(self.batches.entries())

    def certify(self) -> None:
        cites = tuple(found.cite for found in self.batch.results)
        self.batches.add(batch.CertificateIssued("00" * 32, cites, "final"), QC2, NOW, signed=True)


def world(recipe: recipes.MasterRecipe | None = None, **changes: object) -> World:
    recipe = recipe or shipped()
    if changes:
        recipe = replace(recipe, **changes)  # type: ignore[arg-type]
    therapies = therapy_stream(recipe)
    return World(recipe, therapies, batch_stream(recipe, therapies.entries()[5].cite))


def test_named(recipe: recipes.MasterRecipe, name: str) -> recipes.Test:
    return next(test for test in recipe.specification if test.name == name)


test_named.__test__ = False  # type: ignore[attr-defined]
