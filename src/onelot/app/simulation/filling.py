"""What the simulated operator fills: bags of the patient's cells, vials of a kit, of stock, or for one patient."""

from __future__ import annotations

from decimal import Decimal

from onelot.app.commands.gate import Work
from onelot.record.subjects import Batch

# A filling run of the simulated stock: vials of each size.
STOCK_VIALS = 40
STUDY_VIALS = 6
STUDY_MG = Decimal("1.000")


def contents(work: Work, cells: Decimal) -> tuple[dict[str, Decimal], dict[str, str], str]:
    """Container -> amount, container -> kind, and the unit. cells: what stands in a bag of the patient's cells."""
    batch = work.batch
    match work.recipe.kind:
        case "autologous":
            name = f"{batch.batch}-1"
            return {name: cells.quantize(Decimal(1))}, {name: "bag"}, "{cells}"
        case "kit":
            return _kit(batch)
        case "individual":
            return _individual(batch, cells)
        case "stock":
            names = {
                f"{batch.batch}-{kind}-{n:02d}": kind
                for kind in work.recipe.stock_items
                for n in range(1, STOCK_VIALS + 1)
            }
            return {name: vial_ml(kind) for name, kind in names.items()}, names, "mL"


def _individual(batch: Batch, milligrams: Decimal) -> tuple[dict[str, Decimal], dict[str, str], str]:
    """One vial for the patient; for a study, as many of the same as its animals need (our assumption)."""
    count = STUDY_VIALS if batch.for_study else 1
    names = [f"{batch.batch}-{n:02d}" for n in range(1, count + 1)]
    return dict.fromkeys(names, milligrams), dict.fromkeys(names, "vial"), "mg"


def _kit(batch: Batch) -> tuple[dict[str, Decimal], dict[str, str], str]:
    """The vials that were picked, each under this patient's label."""
    amounts: dict[str, Decimal] = {}
    kinds: dict[str, str] = {}
    for charged in batch.charged:
        kind = charged.lot.stream.rsplit("--", 1)[-1]
        for _ in range(int(charged.amount)):
            name = f"{batch.batch}-{len(amounts) + 1:02d}"
            amounts[name], kinds[name] = vial_ml(kind), kind
    return amounts, kinds, "mL"


def vial_ml(kind: str) -> Decimal:
    """The volume of a vial; its kind's name ends in it, `…-5.5ml`."""
    return Decimal(kind.rsplit("-", 1)[-1].removesuffix("ml"))
