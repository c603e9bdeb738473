"""The shipped recipes, made in the simulated world: what goes right, and what goes wrong on purpose."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from onelot.make.engine import Finished, HeldFor, Stopped
from onelot.record.recipe import Test as SpecTest
from onelot.twin import World, read_faults
from tests.twin.plant import Plant, plant

RECIPES = ["cd19-per-kg", "cd19-flat", "cd34-edited", "aav9-weight-band", "aav9-stock"]


def world_with(seed: int = 7, /, **fault: object) -> World:
    return World(seed, read_faults({"patients": [{"patient": "p1", "faults": [fault] if fault else []}]}))


def out_of_limits(made: Plant) -> list[str]:
    """Tests of the specification whose final result does not comply, judged here by the printed limits."""
    sampled = made.now
    wrong = []
    for test in made.recipe.specification:
        value = made.world.test(made.key, test, made.world.result_at(made.key, test, sampled), sampled)
        if test.equals:
            bad = value != test.equals
        else:
            low = test.low is not None and Decimal(value) < test.low.value
            bad = low or (test.high is not None and Decimal(value) > test.high.value)
        if bad:
            wrong.append(f"{test.name}={value}")
    return wrong


def made(world: World, recipe: str, patient: str = "p1", restart: bool = False) -> Plant:
    found = plant(world, recipe, patient, restart=restart)
    assert found.collect()
    found.make()
    return found


def spec(run: Plant, name: str) -> SpecTest:
    return next(test for test in run.recipe.specification if test.name == name)


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("seed", [1, 7])
def test_without_a_fault_every_recipe_is_made_within_its_specification(recipe: str, seed: int) -> None:
    run = made(World(seed, {}), recipe)
    assert run.work() == Finished()
    assert [each.what for each in run.batch.open_deviations] == []
    assert out_of_limits(run) == []


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_world_told_again_before_every_step_gives_the_same_record(recipe: str) -> None:
    straight, halting = made(world_with(), recipe), made(world_with(), recipe, restart=True)
    assert [entry.hash for entry in straight.entries] == [entry.hash for entry in halting.entries]


def test_a_weak_collection_needs_a_second_one() -> None:
    for recipe, factor in (("cd19-per-kg", 0.25), ("cd34-edited", 0.45)):
        for seed in range(20):
            run = plant(world_with(seed, kind="weak_collection", factor=factor, collections=1), recipe, "p1")
            assert run.collect() and len(run.collections) == 2
            run = plant(World(seed, {}), recipe, "p1")
            assert run.collect() and len(run.collections) == 1


@pytest.mark.parametrize("how", [("factor", 0.05), ("from_day", 4)])
def test_stalled_growth_ends_the_batch_when_the_days_are_used_up(how: tuple[str, float]) -> None:
    run = made(world_with(7, kind="stalled_growth", **dict([how])), "cd19-per-kg")
    step = run.work()
    assert isinstance(step, Stopped) and step.reason.startswith("growth stalled")


def test_low_viability_shows_in_the_product_and_in_the_laboratory() -> None:
    run = made(world_with(kind="low_viability", to=0.61), "cd19-flat")
    assert run.work() == Finished()
    assert [each.severity for each in run.batch.open_deviations] == ["minor"]
    assert out_of_limits(run) == ["viability=61"]


@pytest.mark.parametrize(("when", "days"), [("before_dose", 8), ("after_dose", 14)])
def test_a_germ_shows_early_or_at_the_very_end(when: str, days: int) -> None:
    run = made(world_with(kind="late_sterility_failure", when=when), "cd19-flat")
    test, sampled = spec(run, "sterility"), run.now

    def at(day: float) -> datetime:
        return sampled + timedelta(days=day)

    assert run.world.test(run.key, test, at(7), sampled) == "negative to date"
    assert run.world.result_at(run.key, test, sampled) == at(days)
    assert run.world.test(run.key, test, at(days), sampled) == "growth"
    clean = made(world_with(), "cd19-flat")
    assert clean.world.test(clean.key, test, at(14), sampled) == "no growth"


def test_a_lost_answer_holds_the_phase_and_the_device_acts_once() -> None:
    run = made(world_with(kind="device_unknown", phase="expand"), "cd19-per-kg")
    step = run.work()
    assert isinstance(step, HeldFor) and step.phase is not None and step.phase.name == "expand"
    run.decide(step)
    assert run.work() == Finished()
    again = [each for each in run.memory.all() if each.sends > 1]
    assert [(each.key, each.sends, each.effects) for each in again] == [(f"{run.key}/expand/1/1", 2, 1)]


def test_a_late_courier_is_late_and_warm_on_the_way_back_only() -> None:
    world = world_with(kind="late_warm_courier", hours=60)
    back, there = world.travel("S1", "p1", "cryogenic"), world.travel("S1", "p1", "cryogenic", inbound=True)
    assert back.late == timedelta(hours=60) and back.lasts - there.lasts == timedelta(hours=60)
    assert back.warmest_cel > -130 > there.warmest_cel
    assert world.travel("S1", "p2", "refrigerated").warmest_cel < 8
    assert world_with(kind="late_warm_courier", hours=80).travel("S1", "p1", "refrigerated").warmest_cel > 8
    told = world_with(kind="late_warm_courier", hours=9, warmest=-40).travel("S1", "p1", "cryogenic")
    assert told.warmest_cel == -40


def test_a_wrong_bag_is_scanned_once() -> None:
    world = world_with(kind="wrong_bag", bag_of="p2")
    assert [world.scan("p1", "A", "B", attempt) for attempt in (1, 2)] == ["B", "A"]
    assert world.scan("p2", "A", "B") == "A"


@pytest.mark.long
@pytest.mark.parametrize("recipe", RECIPES)
def test_no_seed_of_a_hundred_breaks_an_unfaulted_batch(recipe: str) -> None:
    for seed in range(100):
        run = made(World(seed, {}), recipe)
        assert run.work() == Finished(), seed
        assert out_of_limits(run) == [], seed
