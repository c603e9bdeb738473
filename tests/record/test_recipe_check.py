"""A recipe with a fault is not approved: one fault at a time, put into a recipe that has none."""

from __future__ import annotations

import copy
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from onelot.adapters.recipes import shipped
from onelot.record.errors import Refused
from onelot.record.recipe import MasterRecipe, quantities, read_recipe, write_recipe
from onelot.record.recipe_check import check, diff, refuse_faulty, tally

Json = dict[str, Any]
ALL = shipped()


def changed(name: str, change: Callable[[Json], object]) -> MasterRecipe:
    data = copy.deepcopy(write_recipe(ALL[name]))
    change(data)
    return read_recipe(data)


def phase(data: Json, name: str) -> Json:
    return next(p for unit in data["procedure"] for op in unit["operations"] for p in op["phases"] if p["name"] == name)


def put(path: str, value: Any) -> Callable[[Json], object]:
    """Set one place; `phase:grow/repeat/until` begins at a phase, lists are entered by name or number."""

    def change(data: Json) -> None:
        at: Any = data
        *way, last = path.split("/")
        for step in way:
            if step.startswith("phase:"):
                at = phase(data, step[6:])
            elif isinstance(at, list):
                at = at[int(step)] if step.isdigit() else next(each for each in at if each["name"] == step)
            else:
                at = at[step]
        at[last] = value

    return change


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_shipped_recipe_has_no_errors(name: str) -> None:
    assert [each for each in check(ALL[name]) if each.level == "error"] == []
    refuse_faulty(ALL[name])


KG, CD34, KIT, STOCK = "cd19-per-kg", "cd34-edited", "aav9-weight-band", "aav9-stock"
OWN = "lnp-base-editor"
FAULTS: list[tuple[str, str, Callable[[Json], object], str]] = [
    ("a name nobody declared", KG, put("parameters/dose/formula", "dose_per_kg * wait_kg"), "undeclared"),
    (
        "a number without a source",
        KG,
        put("parameters/dose/formula", "math.least(dose_per_kg * weight_kg, dose_cap) * 1.5"),
        "1.5",
    ),
    ("an integer literal", KG, put("parameters/dose/formula", "2 * weight_kg"), "overload"),
    ("a yes where a number belongs", KG, put("parameters/dose/formula", "weight_kg > dose_cap"), "wanted is a number"),
    ("uses says less", KG, put("parameters/dose/uses", []), "says it uses"),
    ("uses says more", KG, put("eligibility/adult/uses", ["age_a", "ecog"]), "says it uses"),
    ("a constant nobody reads", KG, put("parameters/dose/formula", "dose_per_kg * weight_kg"), "dose_cap is not used"),
    ("no upper limit", KG, put("parameters/dose/high", None), "no approved range"),
    ("an empty range", KG, put("parameters/dose/low/value", "3e8"), "low lies above high"),
    ("a limit of another dimension", KG, put("parameters/dose/high/unit", "kg"), "a limit in kg"),
    ("no UCUM code", KG, put("parameters/dose/unit", "cells"), "'cells' is not a UCUM code"),
    ("no basis", KG, put("specification/vcn_per_cell/high/basis", " "), "without basis"),
    ("no source", KG, put("specification/viability/source/text", ""), "without text"),
    ("neither formula nor band", KG, put("parameters/dose/formula", ""), "either a formula or a band"),
    ("a guide nobody tests", OWN, put("specification/guide_sequence/sequence", ""), "sequence is not tested"),
    ("a sequence that is no identity", OWN, put("specification/guide_sequence/identity", False), "no identity test"),
    ("a sequence of nothing", OWN, put("specification/guide_sequence/sequence", "dose_mg"), "no tailored sequence"),
    ("no lot of the patient's own", OWN, put("phase:charge_rna/charges/0/own", False), "no lot is made"),
    ("a guide in a recipe for many", OWN, put("kind", "kit"), "made for many"),
    ("no editor of the platform", OWN, put("editing/editors", []), "no editor"),
    ("a variant that is no fact", OWN, put("editing/fact", "weight_kg"), "no required fact of kind text"),
    ("a guide named as a dose", OWN, put("editing/parameter", "dose_mg"), "two things"),
    ("evidence twice", OWN, put("editing/evidence/natural_history/name", "toxicology"), "2 times"),
    ("evidence that asks nothing", OWN, put("editing/evidence/toxicology/asks", " "), "must show"),
    ("a number without its unit", OWN, put("editing/evidence/editability/unit", ""), "a number decides"),
    ("a limit in another unit", OWN, put("editing/evidence/editability/low/unit", "kg"), "a limit in kg"),
    ("no toxicology asked", OWN, put("editing/evidence/toxicology/concerns", "guide"), "toxicology lot"),
    ("an approval for ever and no time", OWN, put("editing/evidence/ethics_approval/valid/unit", "kg"), "no length of"),
    ("an empty specification", KG, put("specification", []), "releases nothing"),
    ("no identity test", KG, put("specification/identity/identity", False), "no identity test"),
    ("a test without limits", KG, put("specification/viability/low", None), "either limits or a text"),
    ("conditional release on nothing", KG, put("specification/sterility/to_date", False), "negative to date"),
    ("negative to date before release", KG, put("specification/mycoplasma/to_date", True), "final test"),
    (
        "a loop nothing can end",
        KG,
        put("phase:grow/repeat/until", "dose > dose_low"),
        "nothing that a repetition changes",
    ),
    ("a loop of half a run", KG, put("phase:grow/repeat/at_most/value", "0.5"), "no count of runs"),
    ("a loop every 20 mL", KG, put("phase:grow/repeat/every/unit", "mL"), "no length of time"),
    ("one name, two things", KG, put("phase:sample/measures/0/name", "dose"), "the name dose stands for"),
    ("a reserved name", KG, put("phase:sample/measures/0/name", "day"), "taken by the house"),
    ("one thing in two units", KG, put("phase:grow/measures/viability/unit", "1"), "measured in"),
    ("two phases of one name", KG, put("phase:store/name", "freeze"), "the name freeze"),
    ("a run without equipment", KG, put("phase:select/equipment_class", ""), "without equipment"),
    ("a charge phase without charges", KG, put("phase:activate/charges", []), "nothing to charge"),
    ("a charge in another dimension", KG, put("phase:charge_vector/charges/0/amount/unit", "g"), "scaled by vector_ml"),
    ("no dose parameter", KG, put("dose_parameter", "those"), "no parameter 'those'"),
    ("a dose hit on nothing", KG, put("dose_hit", "dose_got > dose"), "undeclared"),
    ("no intake", CD34, put("intake", None), "enough was collected"),
    ("no markers", CD34, put("markers", []), "no infection markers"),
    ("no consent", CD34, put("consent", []), "no consent"),
    ("no eligibility", CD34, put("eligibility", []), "nobody is ever refused"),
    ("an intake that reads the future", CD34, put("intake/adequate", "viable_cells > cd34_to_collect"), "undeclared"),
    ("a window that closes first", CD34, put("conditioning/infuse_before/value", "1"), "low lies above high"),
    ("bands that overlap", KIT, put("bands/rows/4/low", "4.5"), "inside the one before"),
    ("a gap between bands", KIT, put("bands/rows/4/low", "4.9"), "a gap after 4.5"),
    ("a row without vials", KIT, put("bands/rows/4/gives", {"dose_ml": "27.5"}), "the row gives"),
    ("a band finer than it is rounded", KIT, put("bands/rows/4/high", "4.95"), "printed finer"),
    ("a column that is not there", KIT, put("parameters/dose_ml/band", "dose"), "no column dose"),
    ("bands by an undeclared fact", KIT, put("bands/by", "height_cm"), "no such fact"),
    ("a kit from nowhere", KIT, put("stock_recipe", ""), "not from which stock"),
    ("stock of nothing", STOCK, put("stock_items", []), "no item"),
    ("no procedure", STOCK, put("procedure", []), "without phases"),
    ("ends before it begins", STOCK, put("effective_to", "2025-01-01"), "ends before"),
    ("set too late", KG, lambda data: data["parameters"].reverse(), "set later"),
]


@pytest.mark.parametrize(("name", "change", "words"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS])
def test_one_fault_is_found_and_bars_approval(name: str, change: Callable[[Json], object], words: str) -> None:
    recipe = changed(name, change)
    errors = [each for each in check(recipe) if each.level == "error"]
    assert any(words in each.what for each in errors), errors
    assert all(each.path.startswith("/") and each.remedy for each in errors)
    with pytest.raises(Refused):
        refuse_faulty(recipe)


def test_numbers_are_counted_by_where_they_come_from() -> None:
    for recipe in ALL.values():
        counted = tally(recipe)
        assert counted.numbers == counted.cited + counted.unverified + counted.assumptions
        stated = [each.source.kind for _, each in quantities(recipe)]
        assert counted.assumptions == stated.count("assumption")
    kit = tally(ALL["aav9-weight-band"])
    stated = [each.source.kind for _, each in quantities(ALL["aav9-weight-band"])]
    # 37 rows of volume and vials; the vials of the six bands above 18.0 kg were extrapolated.
    assert kit.unverified == stated.count("unverified") + 6
    assert kit.cited == stated.count("cited") + 2 * 37 - 6


def test_diff_names_the_place_and_both_values() -> None:
    old = ALL["cd19-per-kg"]
    new = changed("cd19-per-kg", put("phase:grow/repeat/at_most/value", "6"))
    (change,) = diff(old, new)
    assert change.path == "/procedure/culture/operations/expand/phases/grow/repeat/at_most/value"
    assert (change.old, change.new) == ("8", "6")
    assert diff(old, old) == []


def test_a_phase_put_in_the_middle_is_one_change() -> None:
    def insert(data: Json) -> None:
        phases = data["procedure"][0]["operations"][0]["phases"]
        phases.insert(
            1, {**copy.deepcopy(phases[1]), "name": "look", "measures": [{**phases[1]["measures"][0], "name": "haze"}]}
        )

    (change,) = diff(ALL["cd19-per-kg"], changed("cd19-per-kg", insert))
    assert change.path.endswith("/phases/look") and change.old is None


def test_a_new_order_is_one_change() -> None:
    turned = changed("cd19-per-kg", lambda d: d["eligibility"].reverse())
    (change,) = diff(ALL["cd19-per-kg"], turned)
    assert change.path == "/eligibility (order)"
    assert change.old == list(reversed(change.new))


def test_every_change_of_one_number_is_seen() -> None:
    """No number of a recipe can change without the diff naming it."""
    data = write_recipe(ALL["cd34-edited"])
    seen = 0

    def walk(value: Any) -> None:
        nonlocal seen
        if isinstance(value, dict) and set(value) == {"value", "unit", "basis", "source"}:
            kept = value["value"]
            value["value"] = str(Decimal(kept) + 1)
            (change,) = diff(ALL["cd34-edited"], read_recipe(data))
            assert change.path.endswith("/value") and change.old == kept
            value["value"] = kept
            seen += 1
        elif isinstance(value, dict):
            for each in value.values():
                walk(each)
        elif isinstance(value, list):
            for each in value:
                walk(each)

    walk(data)
    assert seen == len(list(quantities(ALL["cd34-edited"])))


def test_an_amount_that_shows_a_health_value_is_noticed() -> None:
    told = [each.path for each in check(ALL[KIT]) if "stands in clear" in each.what]
    assert told == ["/procedure/pick/aav9-vial-5.5ml", "/procedure/pick/aav9-vial-8.3ml"]  # by band, not by weight
    for name in (KG, "cd19-flat", CD34, STOCK):
        assert not [each for each in check(ALL[name]) if "stands in clear" in each.what]
    by_weight = changed(KG, put("parameters/vector_ml/formula", "dose * moi / titre"))
    assert any("follows weight_kg" in each.what for each in check(by_weight))
