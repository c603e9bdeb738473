"""What the simulated operator fills: bags of the patient's cells, vials of a kit, vials of stock."""

from __future__ import annotations

from decimal import Decimal

from onelot.app.commands.gate import Work
from onelot.record.errors import Held
from onelot.record.subjects import Batch

# A filling run of the simulated stock: vials of each size.
STOCK_VIALS = 40


def contents(work: Work) -> tuple[dict[str, Decimal], dict[str, str], str]:
    """Container -> amount, container -> kind, and the unit."""
    batch = work.batch
    match work.recipe.kind:
        case "autologous":
            return _bag(work)
        case "kit":
            return _kit(batch)
        case "stock":
            sizes = _sizes(work)
            amounts = {f"{batch.batch}-{kind}-{n:02d}": ml for kind, ml in sizes for n in range(1, STOCK_VIALS + 1)}
            kinds = {f"{batch.batch}-{kind}-{n:02d}": kind for kind, _ in sizes for n in range(1, STOCK_VIALS + 1)}
            return amounts, kinds, "mL"


def _bag(work: Work) -> tuple[dict[str, Decimal], dict[str, str], str]:
    """One bag with the dose aimed at, or with all there is when that is less."""
    batch, dose = work.batch, work.recipe.dose_parameter
    cells = _value(batch, "product_cells")
    fraction = batch.newest("product_car_fraction")
    if fraction is not None:
        cells = cells * fraction.measured.value / 100
    # A minimum dose is given whole; a target dose is filled to the target.
    whole = work.recipe.dose_hit.replace(" ", "") == f"dose_given>={dose}"
    amount = cells if whole else min(cells, work.parameters[dose])
    name = f"{batch.batch}-1"
    return {name: amount.quantize(Decimal(1))}, {name: "bag"}, "{cells}"


def _kit(batch: Batch) -> tuple[dict[str, Decimal], dict[str, str], str]:
    """The vials that were picked, each under this patient's label."""
    amounts: dict[str, Decimal] = {}
    kinds: dict[str, str] = {}
    for charged in batch.charged:
        kind = charged.lot.stream.rsplit("--", 1)[-1]
        for _ in range(int(charged.amount)):
            name = f"{batch.batch}-{len(amounts) + 1:02d}"
            amounts[name], kinds[name] = _ml(kind), kind
    return amounts, kinds, "mL"


def _sizes(work: Work) -> list[tuple[str, Decimal]]:
    """The vial sizes a stock batch is filled into; the item's name ends in its volume, `…-5.5ml`."""
    return [(kind, _ml(kind)) for kind in work.recipe.stock_items]


def _ml(kind: str) -> Decimal:
    return Decimal(kind.rsplit("-", 1)[-1].removesuffix("ml"))


def _value(batch: Batch, name: str) -> Decimal:
    found = batch.newest(name)
    if found is None:
        raise Held(f"{name} was not measured", rule="the fill follows the count", remedy="measure it first")
    return found.measured.value
