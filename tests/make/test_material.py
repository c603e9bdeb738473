from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from onelot import make
from onelot.make.engine import Continue
from onelot.record.errors import Held, Mismatch, NotAllowed, OutOfOrder
from onelot.record.events.base import Event
from onelot.record.subjects import Lot
from tests.make.bench import COI, PARAMETERS, PHASES, START, Bench, bag, lot, phase, quantity, recipe_with
from tests.make.worker import do, good, work


def charging() -> Bench:
    bench = Bench()
    work(bench, good, until="activate")
    do(bench, bench.step, good)  # type: ignore[arg-type]
    return bench


def charge(bench: Bench, found: Lot, amount: str, available: str = "100", **more: Any) -> tuple[Event, ...]:
    return make.charge(
        bench.recipe,
        bench.batch,
        "activate",
        found,
        Decimal(amount),
        Decimal(available),
        bench.now,
        parameters=PARAMETERS,
        by="person/a",
        **more,
    )


@pytest.mark.parametrize(
    ("changes", "amount", "available", "refusal", "says"),
    [
        ({"item": "vector", "unit": "mL"}, "2", "100", Mismatch, "vector"),
        ({"unit": "mL"}, "2", "100", Mismatch, "medium in mL"),
        ({"state": "quarantine"}, "2", "100", Held, "quarantine"),
        ({"state": "blocked"}, "2", "100", Held, "blocked"),
        ({"expires_at": START}, "2", "100", Held, "expired"),
        ({"expires_at": None}, "2", "100", Held, "no expiry"),
        ({}, "3", "100", Mismatch, "3"),
        ({}, "0", "100", Mismatch, "0"),
        ({}, "2", "1.5", Held, "1.5"),
        ({"cite": None}, "2", "100", Held, "no record"),
    ],
)
def test_a_lot_must_be_right_released_in_date_and_enough(
    changes: dict[str, Any], amount: str, available: str, refusal: type, says: str
) -> None:
    bench = charging()
    with pytest.raises(refusal, match=says):
        charge(bench, replace(lot("medium", "L"), **changes), amount, available)


def test_two_lots_may_give_what_one_has_not() -> None:
    bench = charging()
    bench.write(*charge(bench, lot("medium", "L"), "1.5"))
    step = bench.step
    assert isinstance(step, Continue)
    assert [(need.name, need.amount) for need in step.needs] == [("medium", Decimal("0.5")), ("vector", Decimal(10))]
    bench.write(*charge(bench, lot("medium", "L"), "0.5"))
    bench.write(*charge(bench, lot("vector", "mL"), "10"))
    with pytest.raises(OutOfOrder, match="no more material"):
        charge(bench, lot("medium", "L"), "1")


def test_an_amount_scales_with_the_parameter_its_basis_names() -> None:
    each = phase("feed", "charge", charges=[{"item": "medium", "amount": quantity("0.5", "L", "wanted")}])
    bench = Bench(recipe_with([each]))
    do(bench, bench.step, good)  # type: ignore[arg-type]
    step = bench.step
    assert isinstance(step, Continue) and step.needs[0].amount == Decimal("150.0")


def test_the_second_person_of_a_charge_is_somebody_else() -> None:
    bench = Bench(recipe_with([{**PHASES[1], "second_person": True}]))
    do(bench, bench.step, good)  # type: ignore[arg-type]
    with pytest.raises(NotAllowed):
        charge(bench, lot("medium", "L"), "2", verified_by="person/a")
    assert charge(bench, lot("medium", "L"), "2", verified_by="person/b")


def filling() -> Bench:
    bench = Bench()
    work(bench, good, until="vials")
    do(bench, bench.step, good)  # type: ignore[arg-type]
    return bench


def fill(bench: Bench, **changes: Any) -> tuple[Event, ...]:
    values: dict[str, Any] = {
        "coi": COI,
        "labels_printed": 3,
        "labels_destroyed": 1,
        "expires_at": bench.now + timedelta(days=100),
        "now": bench.now,
        "by": "person/a",
        "verified_by": "person/b",
    }
    containers = changes.pop("containers", [bag("DP1"), bag("DP2")])
    return make.fill(bench.recipe, bench.batch, "vials", containers, **{**values, **changes})


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"containers": []}, Mismatch),
        ({"containers": [bag("DP1"), bag("DP1")]}, Mismatch),
        ({"containers": [bag("DP1"), bag("DP2", coi="OTHER")]}, Mismatch),
        ({"containers": [bag("DP1"), bag("APH1")]}, Mismatch),
        ({"containers": [bag("DP1"), bag("")]}, Mismatch),
        ({"containers": [bag("DP1"), replace(bag("DP2"), amount=Decimal(0))]}, Mismatch),
        ({"labels_printed": 4}, Mismatch),
        ({"labels_printed": 1, "labels_destroyed": -1}, Mismatch),
        ({"verified_by": ""}, NotAllowed),
        ({"verified_by": "person/a"}, NotAllowed),
        ({"expires_at": START}, Mismatch),
    ],
)
def test_containers_and_labels_must_reconcile(changes: dict[str, Any], refusal: type) -> None:
    bench = filling()
    with pytest.raises(refusal):
        fill(bench, **changes)
    assert fill(bench)


def test_a_batch_is_filled_once_and_only_in_its_fill_phase() -> None:
    bench = filling()
    bench.write(*fill(bench))
    with pytest.raises(OutOfOrder):
        fill(bench)
    early = charging()
    with pytest.raises(OutOfOrder):
        fill(early)


def complete(bench: Bench) -> tuple[Event, ...]:
    return make.complete_manufacture(
        bench.recipe, bench.batch, bench.now, parameters=PARAMETERS, yield_amount=Decimal(1), yield_unit="1"
    )


def test_manufacture_is_complete_only_once_and_at_the_end() -> None:
    bench = filling()
    with pytest.raises(OutOfOrder):
        complete(bench)
    work(bench, good)
    bench.write(*complete(bench))
    with pytest.raises(OutOfOrder):
        complete(bench)


def test_starting_material_is_compared_and_verified() -> None:
    bench = Bench()
    expected = {"container": "APH2", "patient": COI}

    def receive(scans: dict[str, str], identifier: str = "APH2", second: str = "person/b") -> tuple[Event, ...]:
        return make.receive_material(
            bench.batch,
            bag(identifier),
            "D2",
            "good",
            expected=expected,
            scans=scans,
            by="person/a",
            verified_by=second,
        )

    with pytest.raises(Mismatch, match="APH3"):
        receive({**expected, "container": "APH3"})
    with pytest.raises(Mismatch, match="received before"):
        receive(expected, "APH1")
    with pytest.raises(NotAllowed):
        receive(expected, second="person/a")
    bench.write(*receive(expected))
    work(bench, good)
    bench.write(*complete(bench))
    with pytest.raises(OutOfOrder):
        receive(expected, "APH4")


def test_every_run_of_a_repeated_phase_takes_its_own_charge() -> None:
    repeat = {**PHASES[3]["repeat"], "until": "run >= 3.0"}
    feed = phase("feed", "charge", charges=[{"item": "medium", "amount": quantity("2", "L")}], repeat=repeat)
    bench = Bench(recipe_with([feed]))
    work(bench, good)
    assert [each.amount for each in bench.batch.charged] == [Decimal(2)] * 3
    assert [run.outcome for run in bench.batch.runs] == ["repeat", "repeat", "done"]
